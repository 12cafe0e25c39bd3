"""What a contract says about its month: targets, fee, credits and cap."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from sla import fields
from sla.commitment import Money, read_money
from sla.document import Findings, Path, Value


@dataclass(frozen=True, slots=True)
class CreditBand:
    """Below this compliance in a month, this share of the month's fee; shares are of 1."""

    commitment: str
    below: Fraction
    credit: Fraction


@dataclass(frozen=True, slots=True)
class Reporting:
    """Targets by commitment (shares of 1), the month's fee, the credit bands and their cap."""

    target: Mapping[str, Fraction] = field(default_factory=dict)
    month_fee: Money | None = None
    credits: tuple[CreditBand, ...] = ()
    cap: Fraction | None = None


def read_reporting(value: Value, path: Path, findings: Findings, commitments: Collection[str]) -> Reporting:
    """The `reporting` part; every commitment it names must be there."""
    if value is None:
        return Reporting()
    row = fields.mapping(value, path, findings, ("target", "month_fee", "credits", "cap"))
    fee = row.get("month_fee")
    return Reporting(
        target=_targets(row.get("target"), (*path, "target"), findings, commitments),
        month_fee=_fee(fee, (*path, "month_fee"), findings) if fee is not None else None,
        credits=_bands(row.get("credits"), (*path, "credits"), findings, commitments),
        cap=percent(row["cap"], (*path, "cap"), findings, most=100) if row.get("cap") is not None else None,
    )


def percent(value: Value, path: Path, findings: Findings, most: int) -> Fraction:
    """A share written as `95%`, of 1."""
    try:
        if isinstance(value, str) and value.endswith("%") and len(value) < 20:
            number = Decimal(value[:-1])
            if 0 <= number <= most:
                return Fraction(number) / 100
    except InvalidOperation:
        pass
    findings.add(path, f"{fields.shown(value)} is not a percentage; write it as 95%, at most {most}%", "bad_percent")
    return Fraction(0)


def _targets(value: Value, path: Path, findings: Findings, commitments: Collection[str]) -> Mapping[str, Fraction]:
    if value is None:
        return {}
    targets = fields.mapping(value, path, findings)
    for name in targets:
        _check_name(name, (*path, name), findings, commitments)
    return {name: percent(share, (*path, name), findings, most=100) for name, share in targets.items()}


def _fee(value: Value, path: Path, findings: Findings) -> Money:
    return read_money(fields.mapping(value, path, findings, ("amount", "currency")), path, findings)


def _bands(value: Value, path: Path, findings: Findings, commitments: Collection[str]) -> tuple[CreditBand, ...]:
    if value is None:
        return ()
    bands = []
    for index, item in enumerate(fields.items(value, path, findings)):
        place = (*path, index)
        row = fields.mapping(item, place, findings, ("commitment", "below", "credit"))
        if fields.required(row, ["commitment", "below", "credit"], place, findings):
            name = fields.text(row["commitment"], (*place, "commitment"), findings)
            _check_name(name, (*place, "commitment"), findings, commitments)
            below = percent(row["below"], (*place, "below"), findings, most=100)
            bands.append(CreditBand(name, below, percent(row["credit"], (*place, "credit"), findings, most=100)))
    return tuple(bands)


def _check_name(name: str, path: Path, findings: Findings, commitments: Collection[str]) -> None:
    if name and name not in commitments:
        findings.unknown(path, "the commitment", name, commitments, "unknown_commitment")
