"""One pass over the clocks that are due: claim, assess, judge, save; a plain function of `now`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

import msgspec
import structlog

from alerts.duty import Roster
from alerts.policy import Outcome, PastAlert, StoredClock, judge
from alerts.ports import Batch, Book, Due, Matter, Unsavable
from sla.clock import Clock, assess_commitment
from sla.interval import micros

# What fell due within this time is taken before any backlog, so that an outage does not delay the present.
FRESH = timedelta(seconds=10)
# A clock found this long after it was due was missed: what it has to tell is told together with others like it.
LATE = timedelta(seconds=60)
# A clock that cannot be judged is looked at again after this long; it needs a person.
SET_ASIDE = timedelta(minutes=5)

log = structlog.get_logger("alerts.engine")


class PassResult(msgspec.Struct, frozen=True):
    """What a pass did; `more`: it stopped before everything was done.

    `lag` is how long the most overdue clock had waited, 0 when none was due.
    """

    clocks: int = 0
    alerts: int = 0
    failed: int = 0
    batches: int = 0
    lag: timedelta = timedelta(0)
    more: bool = False


# Around a pass that has something to judge; what it gives is told what came of it.
Around = Callable[[], AbstractContextManager[Callable[[PassResult], None]]]


@contextmanager
def unwatched() -> Iterator[Callable[[PassResult], None]]:
    """Nobody looks on."""
    yield lambda _: None


async def look(
    book: Book, now: datetime, limit: int = 500, around: Around = unwatched
) -> tuple[PassResult, datetime | None]:
    """The first batch of what is due at `now` is judged; returns what that did, and the instant of the next due clock.

    A pass that ended with a full batch does not know that it was the last: the look that finds nothing due says so.
    """
    due = await book.next_wake(now)
    if due is None or due > now:
        await book.caught_up(now)
        return PassResult(), due
    with around() as note:
        result = await run_pass(book, now, limit, batches=1)
        note(result)
    return result, await book.next_wake(now)


async def run_pass(book: Book, now: datetime, limit: int = 500, batches: int | None = None) -> PassResult:
    """Every clock due at `now` has been judged and its alerts are in the outbox; one transaction a batch of `limit`.

    With `batches` the pass ends after so many, for another with a later `now`: what has fallen due since goes first.
    """
    total, done = PassResult(), False
    while not done and total.batches != batches:
        async with book.batch() as batch:
            due, done = await batch.claim(now, now - FRESH, limit)
            alerts, failed = await _work(batch, due, now) if due else (0, 0)
        total = PassResult(
            clocks=total.clocks + len(due),
            alerts=total.alerts + alerts,
            failed=total.failed + failed,
            batches=total.batches + 1,
            lag=max([total.lag, *(now - one.wake_at for one in due)]),
        )
        done = done or not due  # a full batch of rows whose tickets others hold: they judge them
    if done:
        await book.caught_up(now)
    return msgspec.structs.replace(total, more=not done)


async def _work(batch: Batch, due: Sequence[Due], now: datetime) -> tuple[int, int]:
    """Judges and saves what was claimed; returns how many alerts were new and how many clocks were set aside."""
    by_ticket: dict[int, list[StoredClock]] = {}
    for one in due:
        by_ticket.setdefault(one.ticket, []).append(one.clock)
    matters = await batch.matters(by_ticket)
    past = await batch.alerts_of(one.clock.id for one in due)
    roster = await batch.roster(now)
    outcomes: dict[int, Sequence[Outcome]] = {}
    aside: list[int] = []
    for ticket, claimed in by_ticket.items():
        matter = matters[ticket]
        try:
            if isinstance(matter, Exception):
                raise matter
            outcomes[ticket] = judge_due(matter, claimed, past, now, roster)
        except Exception as error:  # one ticket that cannot be read must not stop everybody else's alerts
            aside.append(ticket)
            log.error("clock_not_judged", ticket=ticket, error=repr(error), again_after_s=SET_ASIDE.total_seconds())
    raised, unsaved = await _save(batch, outcomes, now)
    clocks = [clock.id for ticket in (*aside, *unsaved) for clock in by_ticket[ticket]]
    if clocks:
        await batch.postpone(clocks, now + SET_ASIDE)
    return raised, len(clocks)


async def _save(batch: Batch, outcomes: Mapping[int, Sequence[Outcome]], now: datetime) -> tuple[int, list[int]]:
    """Saves all at once, or ticket by ticket where the store refuses; returns new alerts and the tickets refused."""
    if not outcomes:
        return 0, []
    try:
        return await batch.save(outcomes, now), []
    except Unsavable as error:
        if len(outcomes) == 1:
            ticket = next(iter(outcomes))
            log.error("clock_not_saved", ticket=ticket, error=str(error), again_after_s=SET_ASIDE.total_seconds())
            return 0, [ticket]
    parts = [await _save(batch, {ticket: those}, now) for ticket, those in outcomes.items()]
    return sum(raised for raised, _ in parts), [ticket for _, unsaved in parts for ticket in unsaved]


def judge_due(
    matter: Matter,
    claimed: Sequence[StoredClock],
    past: Mapping[int, Sequence[PastAlert]],
    now: datetime,
    roster: Roster | None = None,
) -> list[Outcome]:
    """The outcomes of a ticket's claimed clocks, and of clocks that have begun since and have no row yet."""
    rows = {(row.commitment, row.cycle): row for row in matter.clocks}
    # whatever happens to a ticket, each of its promises has a row that asks to be looked at for it
    fresh = _assess(matter, {row.commitment for row in claimed}, now)
    outcomes = [
        judge(
            matter.contract,
            matter.timeline,
            row,
            fresh.get((row.commitment, row.cycle)),
            past.get(row.id, ()),
            now,
            row.ladder_from,
            roster,
        )
        for row in claimed
    ]
    ladder_from = min(row.ladder_from for row in claimed)
    outcomes += [
        judge(matter.contract, matter.timeline, None, clock, (), now, ladder_from, roster)
        for key, clock in fresh.items()
        if key not in rows
    ]
    return outcomes


def _assess(matter: Matter, named: set[str], now: datetime) -> dict[tuple[str, int], Clock]:
    at = micros(now)
    return {
        (clock.commitment, clock.cycle): clock
        for commitment in matter.contract.commitments
        if commitment.name in named
        for clock in assess_commitment(matter.contract, commitment, matter.timeline, at)
    }
