"""One line of `sla evaluate`: a timeline and an instant in, its clocks with their reasons out, a refusal as `error`."""

import marshal
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sla.clock import Clock, assess
from sla.contract import Contract, ContractError, read_data
from sla.entry import Refused, read_entry
from sla.explain import Segment, why
from sla.interval import read_instant
from sla.timeline import Timeline, check

Answer = dict[str, Any]

_SHOWN = (
    *("commitment", "cycle", "clause", "owner", "state", "severity", "region", "promised", "promised_s"),
    *("started_at", "due_at", "stopped_at", "breached_at", "paused_s", "used_s", "remaining_s"),
    *("provisional", "calendar"),
)


def evaluate_line(line: object, default: Contract | None = None) -> Answer:
    """`{"id", "clocks"}` for `{"id", "now", "events"}`, by the line's own `contract` or else the default one."""
    if not isinstance(line, Mapping):
        return {"id": None, "error": {"code": "bad_line", "message": "the line is not a JSON object"}}
    try:
        return {"id": line.get("id"), "clocks": _clocks(line, default)}
    except Refused as refused:
        return {"id": line.get("id"), "error": {"code": refused.code, "message": refused.message}}
    except ValueError as error:
        return {"id": line.get("id"), "error": {"code": "out_of_range", "message": str(error)}}


def _clocks(line: Mapping[str, Any], default: Contract | None) -> list[Answer]:
    contract = _contract(line, default)
    now = _now(line.get("now"))
    timeline = _timeline(line.get("events"), contract, now)
    return [shown(clock, why(contract, timeline, clock, now)) for clock in assess(contract, timeline, now)]


def shown(clock: Clock, segments: list[Segment]) -> Answer:
    """The clock as JSON-like data, with the segments of its derivation."""
    answer: Answer = {name: _plain(getattr(clock, name)) for name in _SHOWN}
    answer["why"] = [
        {
            "from": _plain(one.start),
            "to": _plain(one.end),
            "kind": one.kind,
            "seconds": one.seconds,
            "because": one.because,
        }
        for one in segments
    ]
    return answer


def _plain(value: object) -> object:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _timeline(events: object, contract: Contract, now: int) -> Timeline:
    if not isinstance(events, list):
        raise Refused("bad_line", "`events` must be a list of entries")
    entries = [read_entry(event, default_at=None, seq=position) for position, event in enumerate(events)]
    return check(entries, contract, now)


def _now(given: object) -> int:
    if not isinstance(given, str):
        raise Refused("bad_line", "`now` must be an instant such as 2026-03-02T10:00:00+08:00")
    try:
        return read_instant(given)
    except ValueError as error:
        raise Refused("bad_line", f"now: {error}") from error


def _contract(line: Mapping[str, Any], default: Contract | None) -> Contract:
    if "contract" in line:
        try:
            # A key to look the contract up by; marshal makes one from JSON-like data faster than json does.
            return _read(marshal.dumps(line["contract"], 2))
        except ContractError as error:
            raise Refused("bad_contract", str(error)) from error
    if default is None:
        raise Refused("no_contract", "the line has no contract and none was given for all lines")
    return default


@lru_cache(maxsize=256)
def _read(key: bytes) -> Contract:
    """The contract with this key; lines repeat their contracts, so the last ones are kept."""
    return read_data(marshal.loads(key))  # noqa: S302 our own bytes of a moment ago
