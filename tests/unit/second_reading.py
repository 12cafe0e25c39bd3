"""The pages on clocks and contracts read a second time, slowly and literally: an oracle to hold `sla/` against.

Only the calendar, the duration and the instants are shared with what is held. The pages are quoted where they act.
`second_comparison.py` compares, `second_cases.py` makes the cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from second_deadline import UNKNOWN, Span, calendar_of, deadline, figure_of, is_paused, pauses, same, union
from second_timeline import as_it_stands, fits, refused, while_not_cancelled

from sla.duration import Duration
from sla.interval import SECOND, read_instant, write_instant

Data = dict[str, Any]
# "the last cycle was stopped by `resolved`, `restored`, `signed` or `closed`"
DONE = {"resolved", "restored", "signed", "closed"}


@dataclass
class Cycle:
    """One cycle as the replay has left it."""

    start: int
    figure: object
    base: int
    force: int  # when the deadline last came into force after the start
    end: int | None = None
    how: str = ""  # stop, cancel or ticket
    by: str = ""  # the type of the entry that ended it
    excluded: list[Span] = field(default_factory=list)
    kept: list[tuple[int, str, object]] = field(default_factory=list)


def second_reading(case: Data) -> list[Data] | None:
    """The clocks of the case as the pages have them, or None where it is refused."""
    contract, now = case["contract"], read_instant(case["now"])
    entries = as_it_stands(case["events"], None)
    if entries is None or refused(entries, contract, now):
        return None
    # "Entries after `now` do not count yet."
    counted = [one for one in as_it_stands(case["events"], now) or [] if one["at"] <= now]
    return [
        row
        for terms in contract["commitments"]
        if fits(terms, entries, counted)
        for row in rows(terms, contract, counted, now)
    ]


def rows(terms: Data, contract: Data, entries: list[Data], now: int) -> Iterator[Data]:
    """What each cycle of the commitment says; of none, one idle row."""
    # "`requires: visit_requested`: no clock until that entry, then it dates back to the start."
    # "While a ticket is cancelled its entries start and stop no clock".
    waiting = "requires" in terms and terms["requires"] not in while_not_cancelled(entries)
    cycles = [] if waiting else Replay(terms, contract, entries, now).cycles
    if not cycles:
        yield row(terms, 1, "idle")
    for number, cycle in enumerate(cycles, 1):
        yield judged(terms, contract, entries, now, number, cycle)


class Replay:
    """The timeline played entry by entry for one commitment; its cycles are the outcome."""

    def __init__(self, terms: Data, contract: Data, entries: list[Data], now: int) -> None:
        self.terms, self.contract, self.entries, self.now = terms, contract, entries, now
        self.starts, self.stops = names(terms, "starts"), names(terms, "stops")
        self.cancels, self.renews = names(terms, "cancels"), names(terms, "renews")
        self.cycles: list[Cycle] = []
        self.cancelled = False
        self.awaiting = True  # "the first `starts` entry"
        grades = [one["severity"] for one in entries if one["type"] == "graded"]
        # "The first grade dates back to the start, even when it comes after the stop."
        self.severity = str(grades[0]) if grades else None
        self.region: str | None = None
        self.category = entries[0].get("category") if entries else None
        self.until: str | None = None
        for one in entries:
            self.play(one["type"], one["at"], one)

    def play(self, kind: str, at: int, one: Data) -> None:
        self.learn(kind, at, one)
        last = self.cycles[-1] if self.cycles else None
        running = last is not None and last.end is None
        if kind == "cancelled":
            self.cancelled = True
            self.end("ticket", kind, at)
        elif kind == "reopened" and self.reopen(at):
            pass
        elif self.cancelled:
            pass  # "While a ticket is cancelled its entries start and stop no clock"
        elif running and kind in self.renews:
            # "a `renews` entry stops an open cycle and starts the next one"
            self.end("stop", kind, at)
            self.begin(at)
        elif running and kind in self.stops:
            self.end("stop", kind, at)
        elif running and kind in self.cancels:
            self.end("cancel", kind, at)
        elif self.awaiting and kind in self.starts:
            self.begin(at)

    def learn(self, kind: str, at: int, one: Data) -> None:
        """ "from severity, region and category as graded and moved so far"."""
        if kind == "graded":
            self.severity = str(one["severity"])
        elif kind in ("reported", "moved") and one.get("region") is not None:
            self.region = one["region"]
        elif kind in ("promised", "appointment") and self.terms["name"] in (one.get("commitment"), one.get("what")):
            self.until = one["until"]
        else:
            return
        if not self.cycles:
            return
        cycle = self.cycles[-1]
        if cycle.end is None:
            self.change(cycle, at, kind, self.figure())
        else:
            cycle.kept.append((at, kind, self.figure()))

    def change(self, cycle: Cycle, at: int, kind: str, figure: object) -> None:
        if same(figure, cycle.figure):
            return  # "if it leaves the figure as it was ... it changes nothing"
        regraded = kind == "graded" and self.terms.get("on_regrade") == "from_regrade"
        afresh = regraded or kind in ("promised", "appointment")
        cycle.figure, cycle.force, cycle.base = figure, at, at if afresh else cycle.start

    def figure(self) -> object:
        found = figure_of(self.terms["within"], self.severity, self.region, self.category, self.contract)
        if found == "agreed":
            return UNKNOWN if self.until is None else ("agreed", read_instant(self.until))
        return found

    def begin(self, at: int) -> None:
        self.cycles.append(Cycle(at, self.figure(), at, 0))
        self.awaiting = False

    def end(self, how: str, by: str, at: int) -> None:
        if self.cycles and self.cycles[-1].end is None:
            cycle = self.cycles[-1]
            cycle.end, cycle.how, cycle.by, cycle.kept = at, how, by, []

    def reopen(self, at: int) -> bool:
        """ "Reopened, the first of these that fits"; False where none of them does."""
        last = self.cycles[-1] if self.cycles else None
        if self.cancelled:
            # "that is taken back; the cycle it ended goes on and the cancelled span does not count"
            self.cancelled = False
            if last is not None and last.end is not None and last.how == "ticket":
                self.go_on(last, at, excluded=True)
        elif last is not None and last.end is not None and last.how == "stop" and last.by in DONE:
            mode = self.terms.get("on_reopen", "continue")
            if mode == "restart":
                self.begin(at)  # "the old cycle keeps its result, a new one starts at the reopening"
            else:
                in_time = ended_in_time(self.terms, self.contract, self.entries, last)
                self.go_on(last, at, excluded=mode == "resume")
                if mode == "continue" and in_time:
                    # "the moment it came into force: ... a reopening under `continue` of a cycle ... stopped in time"
                    last.force = at
        elif set(self.starts) <= DONE:
            self.end("cancel", "reopened", at)  # "an open cycle is cancelled; the next `starts` entry starts a new one"
            self.awaiting = True
        elif last is not None and last.how == "cancel" and last.end is not None:
            self.begin(at)  # "the last cycle was ended by a `cancels` entry: a new cycle starts at the reopening"
        else:
            return False
        return True

    def go_on(self, cycle: Cycle, at: int, *, excluded: bool) -> None:
        """The cycle is open "as if never stopped"."""
        if excluded and cycle.end is not None:
            cycle.excluded.append((cycle.end, at))
        cycle.end, cycle.how, cycle.by = None, "", ""
        for when, kind, figure in cycle.kept:
            self.change(cycle, when, kind, figure)
        cycle.kept = []


def names(terms: Data, key: str) -> list[str]:
    value = terms.get(key, [])
    return [value] if isinstance(value, str) else list(value)


def ended_in_time(terms: Data, contract: Data, entries: list[Data], cycle: Cycle) -> bool:
    """Whether the ended cycle had a deadline and ended by it."""
    if not isinstance(cycle.figure, Duration | tuple) or cycle.end is None:
        return False
    calendar, zone = calendar_of(terms, contract), ZoneInfo(contract["timezone"])
    spans = union(pauses(terms, entries, cycle.start, cycle.end) + cycle.excluded, cycle.base)
    return cycle.end <= deadline(cycle.figure, calendar, zone, cycle.base, spans)[0]


def row(terms: Data, number: int, state: str, **values: int | None) -> Data:
    shown: Data = {"commitment": terms["name"], "cycle": number, "state": state}
    for name in ("started_at", "due_at", "stopped_at", "breached_at"):
        at = values.get(name)
        shown[name] = None if at is None else write_instant(at)
    for name in ("promised_s", "used_s", "remaining_s", "paused_s"):
        at = values.get(name, 0 if name == "paused_s" else None)
        shown[name] = None if at is None else at // SECOND
    return shown


def judged(terms: Data, contract: Data, entries: list[Data], now: int, number: int, cycle: Cycle) -> Data:
    """The state of one cycle and its instants."""
    figure, end = cycle.figure, cycle.end
    calendar, zone = calendar_of(terms, contract), ZoneInfo(contract["timezone"])
    until = now if end is None else end
    own = pauses(terms, entries, cycle.start, until)
    if figure == "none":
        return row(terms, number, "none")  # "started, but the figure is `none`; it stays so even when cancelled"
    paused_s = sum(stop - start for start, stop in own)
    if figure == "measure":
        # "`started_at`, `stopped_at` and `used_s` are given and reported"
        used = calendar.open_micros(cycle.start, until) - sum(
            calendar.open_micros(*span) for span in union(own + cycle.excluded, cycle.start)
        )
        return row(terms, number, "none", started_at=cycle.start, stopped_at=end, used_s=used, paused_s=paused_s)
    if figure == UNKNOWN:
        if cycle.how in ("cancel", "ticket"):  # "cancelled if at or before the deadline (or none is known)"
            return row(terms, number, "cancelled", started_at=cycle.start, stopped_at=end, paused_s=paused_s)
        return row(terms, number, "idle", started_at=cycle.start, paused_s=paused_s)
    due, moving = deadline(figure, calendar, zone, cycle.base, union(own + cycle.excluded, cycle.base))
    paused = end is None and is_paused(terms, entries) and bool(moving) and moving[-1][1] == now
    overdue = until > due
    if not paused:
        # "A pause that begins at or after the deadline changes nothing."
        paused_s = sum(stop - start for start, stop in own if start < due)
    if paused:
        state = "paused"  # "Paused now, since before the deadline"
    elif end is None:
        state = "breached" if overdue else "running"
    elif overdue:
        state = "breached"
    else:
        state = "met" if cycle.how == "stop" else "cancelled"
    known = row(
        terms,
        number,
        state,
        started_at=cycle.start,
        due_at=None if paused else due,
        stopped_at=end,
        # "`breached_at` is the deadline, or, if later, the moment it came into force"
        breached_at=max(due, cycle.force) if state == "breached" else None,
        paused_s=paused_s,
    )
    if isinstance(figure, Duration) and figure.kind == "open":
        used = calendar.open_micros(cycle.base, until) - sum(calendar.open_micros(*span) for span in moving)
        known.update(promised_s=figure.micros // SECOND, used_s=used // SECOND)
        known["remaining_s"] = (figure.micros - used) // SECOND if end is None else None
    return known
