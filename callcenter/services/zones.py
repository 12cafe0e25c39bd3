"""Which zone wall-clock times are told in: the contract's, else that of the country the hotline is in."""

from functools import lru_cache
from importlib.resources import files

from sla.contract import Contract


def zone_of(terms: Contract | None, country: str) -> str:
    """The contract's zone; without a contract the first zone of the country (ISO 3166), UTC where it has none."""
    return terms.timezone if terms is not None else _home(country)


@lru_cache(maxsize=8)
def _home(country: str) -> str:
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return next((row[2] for row in rows if row[0] == country), "UTC")
