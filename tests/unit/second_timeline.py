"""The timeline half of the second reading: entries as mended, what is refused, which commitments fit."""

from __future__ import annotations

from typing import Any

from sla.interval import SECOND, read_instant

Data = dict[str, Any]
TYPES = frozenset(
    (
        *("reported", "registered", "noted", "assigned", "accepted", "graded", "moved", "responded", "updated"),
        *("diagnosed", "visit_requested", "appointment", "dispatched", "departed", "arrived", "visited", "escalated"),
        *("vendor_reported", "plan_accepted", "not_repairable", "taken_away", "returned", "replaced"),
        *("loaner_provided", "loaner_returned", "restored", "resolved", "signed", "closed", "inspected", "answered"),
        *("reopened", "cancelled", "paused", "resumed", "promised", "kept", "followed_up", "corrected"),
    )
)


def as_it_stands(events: list[Data], now: int | None) -> list[Data] | None:
    """The entries as mended, "in order (occurred_at, recorded order)"; None where a correction names no entry."""
    entries = [{**one, "at": read_instant(one["occurred_at"]), "seq": seq} for seq, one in enumerate(events)]
    # "mends an earlier entry: clocks see the corrected one". Corrections are mended first; of several, the last acts.
    corrections = {one.get("id") for one in entries if one["type"] == "corrected"} - {None}
    mends = [one for one in entries if one["type"] == "corrected"]
    for mend in sorted(mends, key=lambda one: (one["entry"] in corrections, one["at"], one["seq"]), reverse=True):
        found = [one for one in entries if one.get("id") == mend["entry"]]
        if not found:
            return None
        if mend.get("gone") or (now is not None and mend["at"] > now):
            continue
        if found[0].get("mended"):
            continue
        found[0]["mended"] = True
        if mend.get("void"):
            found[0]["gone"] = True
        else:
            found[0]["at"] = read_instant(mend["to"])
    return sorted((one for one in entries if not one.get("gone")), key=lambda one: (one["at"], one["seq"]))


def refused(entries: list[Data], contract: Data, now: int) -> bool:
    """Whether the sentence that begins "Refused with 422" refuses the timeline."""
    reasons = {reason for terms in contract["commitments"] for reason in terms.get("pauses", [])}
    cancelled = paused = False
    for place, one in enumerate(entries):
        kind = one["type"]
        bad = (
            (place == 0 and kind != "reported")  # "an entry before `reported`"
            or one["at"] > now + 120 * SECOND  # "one more than 2 minutes in the future"
            or (kind == "resumed" and not paused)
            or (kind == "paused" and (paused or one.get("reason") not in reasons))
            or (kind == "resolved" and cancelled)
            or kind not in TYPES | set(contract.get("events", {}))
            or (kind == "graded" and str(one["severity"]) not in contract["severities"])
            or (kind in ("reported", "moved") and "region" in one and one["region"] not in contract.get("regions", {}))
            or ("phase" in one and "phases" in contract and one["phase"] not in contract["phases"])
        )
        if bad:
            return True
        paused = kind == "paused" or (paused and kind != "resumed")
        cancelled = kind == "cancelled" or (cancelled and kind != "reopened")
    return not entries


def fits(terms: Data, entries: list[Data], counted: list[Data]) -> bool:
    """ "One per commitment whose `kinds`, `phases` and `categories` fit (the phase being the latest)"."""
    report = entries[0]  # What the ticket is, even while its report lies a moment ahead.
    stated = [report, *(one for one in counted if one["type"] == "moved")]
    phases = [one["phase"] for one in stated if one.get("phase") is not None]
    phase = phases[-1] if phases else None
    return (
        report.get("kind", "fault") in terms.get("kinds", ["fault"])
        and ("phases" not in terms or phase in terms["phases"])
        and ("categories" not in terms or report.get("category") in terms["categories"])
    )


def while_not_cancelled(entries: list[Data]) -> set[str]:
    """The types of the entries made while the ticket was not cancelled."""
    found, cancelled = set(), False
    for one in entries:
        cancelled = one["type"] == "cancelled" or (cancelled and one["type"] != "reopened")
        found |= set() if cancelled else {one["type"]}
    return found
