"""What a month's report says of people: their effort, words given, pauses, late entries, what customers said."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from callcenter.reports import counted
from callcenter.services.context import Context
from callcenter.services.fault_days import Faults
from callcenter.store import reports, tickets
from callcenter.store.reports import LISTED, Span
from callcenter.store.types import Row
from sla.clock import assess
from sla.compliance import rate
from sla.interval import micros
from sla.timeline import Timeline

# A pause set this shortly before a deadline is marked.
NEAR = timedelta(minutes=30)
_EXAMINED, _FEW = 300, 20


async def people(span: Span, context: Context, faults: Faults) -> dict[str, Any]:
    """The sections of a report, by their names in it."""
    return {
        "effort": await _effort(span, faults),
        "spoken": await _spoken(span),
        "pauses": await _pauses(span, context),
        "late_entries": await _late(span),
        "follow_ups": await _followed(span),
        "complaints": await _complaints(span),
        "units": await _units(span),
        "repeats": await _repeats(span, faults),
    }


async def _effort(span: Span, found: Faults) -> counted.Effort:
    rows = await reports.laborious(span.conn, [ticket for _, ticket in found.worst]) if found.worst else []
    known = {row["ticket"]: row for row in rows}
    return counted.Effort(
        faults=found.faults,
        contacts=found.contacts,
        contacts_a_fault=round(found.contacts / found.faults, 2) if found.faults else None,
        most_contacts=found.most,
        laborious=found.laborious,
        ring_to_human_s=round(found.ring_us / found.rung / 1_000_000, 1) if found.rung else None,
        worst=[counted.Laborious(**dict(known[ticket]), contacts=contacts) for contacts, ticket in found.worst],
    )


async def _spoken(span: Span) -> counted.SpokenPromises:
    counts = {row["state"]: row["n"] for row in await span.rows("spoken")}
    made = sum(counts.values())
    kept, late, broken = (counts.get(state, 0) for state in ("kept", "late", "broken"))
    rows = await span.rows("spoken_open", limit=LISTED) if late or broken else []
    return counted.SpokenPromises(
        made=made,
        kept=kept,
        late=late,
        broken=broken,
        open=counts.get("open", 0),
        kept_rate=rate(kept, kept + late + broken),
        not_kept=[
            counted.Spoken(
                ticket=row["ticket"], at=row["occurred_at"], by=row["by"], what=row["what"], until=row["until"],
                kept_at=row["kept_at"],
            )
            for row in rows
        ],
    )  # fmt: skip


async def _pauses(span: Span, context: Context) -> counted.Pauses:
    reasons = [
        counted.PauseReason(reason=row["reason"], pauses=row["n"]) for row in await span.rows("pauses_by_reason")
    ]
    rows = await span.rows("pauses", limit=_EXAMINED) if reasons else []
    near = await _near(span, context, rows)
    total = sum(one.pauses for one in reasons)
    return counted.Pauses(pauses=total, by_reason=reasons, examined=len(rows), near_deadline=near)


async def _near(span: Span, context: Context, rows: Sequence[Row]) -> list[counted.PauseNear]:
    """The pauses that stopped a clock within half an hour of its deadline, as it stood just before the pause."""
    loaded = await tickets.load_many(span.conn, context.terms, [row["ticket"] for row in rows]) if rows else {}
    found = []
    for row in rows:
        one = loaded[row["ticket"]]
        if one.terms is None:
            continue
        pausing = {each.name for each in one.terms.commitments if row["reason"] in each.pauses}
        for clock in assess(one.terms, Timeline(one.entries), micros(row["occurred_at"]) - 1):
            left = None if clock.due_at is None else clock.due_at - row["occurred_at"]
            if clock.state == "running" and clock.commitment in pausing and left is not None and left <= NEAR:
                place = {"ticket": row["ticket"], "at": row["occurred_at"], "by": row["by"], "reason": row["reason"]}
                due = {"commitment": clock.commitment, "due_at": clock.due_at, "left_s": left.total_seconds()}
                found.append(counted.PauseNear(**place, **due))
    return found


async def _late(span: Span) -> counted.LateEntries:
    counts = await span.one("late")
    own = counts["n"] - counts["imported"]
    rows = await span.rows("latest", limit=LISTED) if own else []
    worst = [counted.LateEntry(entry=row["seq"], **{name: row[name] for name in _LATE}) for row in rows]
    return counted.LateEntries(entries=own, imported=counts["imported"], worst=worst)


_LATE = ("ticket", "type", "by", "occurred_at", "recorded_at", "late_s")


async def _followed(span: Span) -> counted.FollowUps:
    row = await span.one("followed")
    score = None if row["score"] is None else round(row["score"], 2)
    counts = {name: row[name] for name in ("attempted", "reached", "solved", "unsolved", "scored")}
    return counted.FollowUps(score=score, reached_rate=rate(row["reached"], row["attempted"]), **counts)


async def _complaints(span: Span) -> list[counted.ComplaintsOf]:
    return [
        counted.ComplaintsOf(person=row["assignee"], complaints=row["n"], upheld=row["upheld"], open=row["open"])
        for row in await span.rows("complaints")
    ]


async def _units(span: Span) -> counted.Units:
    counts = {row["type"]: row["n"] for row in await span.rows("told_counts")}
    return counted.Units(
        inspections=counts.get("inspected", 0),
        loaners_provided=counts.get("loaner_provided", 0),
        loaners_returned=counts.get("loaner_returned", 0),
        loaners_out=await span.one("loaners_out"),
    )


async def _repeats(span: Span, found: Faults) -> counted.Repeats:
    rows = await span.rows("repeated_assets", limit=_FEW) if found.repeated else []
    return counted.Repeats(
        faults=found.on_assets,
        repeated=found.repeated,
        repeat_rate=rate(found.repeated, found.on_assets),
        assets=[counted.RepeatedAsset(serial=one["serial"], model=one["model"], faults=one["n"]) for one in rows],
        visited=found.visited,
        fixed_first_time=found.fixed,
        first_time_fix=rate(found.fixed, found.visited),
    )
