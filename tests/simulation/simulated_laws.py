"""What must hold of a day that has passed, read from the database's own history of it."""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from simulated_day import Day, verified
from simulated_duty import reached
from simulated_letters import deliveries
from simulated_model import Change, Key, Known, Sight, Told, clocks, holder, look, overlooked, timeline_of
from simulated_outbox import Channel, Reach, outbox
from simulated_pace import paces
from simulated_people import AGENT
from simulated_terms import CONTRACTS

from sla.explain import why
from sla.interval import instant, micros, write_instant
from sla.timeline import Entry, Timeline

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from second_reading import second_reading

Row = dict[str, Any]
_APART = timedelta(seconds=2)  # what clocks of hosts may be apart
_ASIDE = timedelta(minutes=6)  # a clock that cannot be judged is looked at again after five
_READ = ("state", "started_at", "due_at", "stopped_at", "breached_at", "promised_s")


@dataclass(slots=True)
class Write:
    """What one transaction wrote for one ticket, in order."""

    place: int
    rows: list[tuple[str, Row]] = field(default_factory=list)

    def of(self, relation: str) -> list[Row]:
        return [row for name, row in self.rows if name == relation]


async def violations(day: Day) -> list[str]:
    """Everything that must not be, as sentences; empty for a good day."""
    monitor = day.world.monitor
    history = [
        (row["place"], row["tx"], row["relation"], _instants(row["row"]))
        for row in await monitor.fetch("select place, tx, relation, row from history order by place")
    ]
    codes = {
        row["number"]: row["code"]
        for row in await monitor.fetch("select number, k.code from tickets t join contracts k on k.id = t.contract")
    }
    found = [*day.world.violations]
    reach: dict[int, Reach] = {}
    put_off = 0
    for number, writes in sorted(_by_ticket(history).items()):
        ledger = Ledger(number, codes[number], writes, day.marks, reach, day.people.unreadable.get(number))
        found += [f"ticket {number}: {text}" for text in ledger.violations(day.end)]
        put_off += ledger.put_off
    aside = sum(host.passes_failed for host in day.hosts)
    if aside > (put_off if day.people.unreadable else 0):
        found.append(f"{aside} clocks were set aside, and {put_off} are looked at later for it")
    found += _kept_promises(day, history)
    found += outbox(history, reach, await _channels(monitor))
    found += deliveries(day, history)
    found += paces(history, await _limits(monitor))
    found += await verified(day.server.clerk, day.end)
    return found


def _instants(row: Row) -> Row:
    return {
        name: datetime.fromisoformat(value)
        if isinstance(value, str) and name.endswith(("_at", "_from", "_until"))
        else value
        for name, value in row.items()
    }


def _by_ticket(history: Sequence[tuple[int, int, str, Row]]) -> dict[int, list[Write]]:
    """The writes of each ticket in the order in which they held its lock."""
    found: dict[int, dict[int, Write]] = defaultdict(dict)
    for place, tx, relation, row in history:
        if "ticket" in row:
            found[row["ticket"]].setdefault(tx, Write(place)).rows.append((relation, row))
    return {number: list(writes.values()) for number, writes in found.items()}


class Ledger:
    """One ticket's day: every look that was taken at it, beside what the look should have come to."""

    def __init__(
        self,
        number: int,
        code: str,
        writes: list[Write],
        marks: Sequence[tuple[int, datetime]],
        reach: dict[int, Reach],
        unreadable: tuple[datetime, datetime] | None,
    ) -> None:
        self._unreadable = unreadable
        self.number, self.code = number, code
        self._reach = reach
        self._written_at: datetime | None = None
        self._last_read: tuple[int, datetime] | None = None
        self._writes = writes
        self._marks = list(marks)
        self.entries: list[Entry] = []
        self.timeline = timeline_of(())
        self.known: dict[Key, Known] = {}
        self._keys: dict[int, Key] = {}
        self._alerts: dict[int, tuple[Key, Told]] = {}
        self._assessed: dict[int, datetime] = {}
        self._wakes: dict[int, datetime | None] = {}
        self.put_off = 0  # clocks that could not be judged and wait

    def violations(self, end: datetime) -> Iterator[str]:
        """What went wrong, in order; after the first wrong look there is no sense in going on."""
        for write in self._writes:
            while self._marks and self._marks[0][0] < write.place:
                yield from self._marked(self._marks.pop(0)[1])
            wrong = list(self._follow(write))
            yield from wrong
            if wrong:
                return
        for _, now in self._marks:
            yield from self._marked(now)
        yield from self._laws(end)

    def _marked(self, now: datetime) -> Iterator[str]:
        if self._unreadable is not None and self._unreadable[0] <= now <= self._unreadable[1] + _ASIDE:
            return  # nobody could look
        if self.entries and self.timeline.as_of(micros(now) - 1).next_change == micros(now):
            return  # an entry begins to count at this very instant: clocks are looked at just after what changes them
        if self.entries:
            found = overlooked(Sight(self.code, self.timeline, now), self.known)
            yield from (f"at {now}, after a whole pass, {text}" for text in found)

    def _follow(self, write: Write) -> Iterator[str]:
        added = write.of("entries")
        if added:
            self.entries += [_entry(row) for row in added]
            self.timeline = timeline_of(self.entries)
            self._written_at = added[-1]["recorded_at"]
            judged = max(self._assessed.values(), default=self._written_at)
            if timedelta(0) < judged - self._written_at <= _APART:
                yield f"written at {self._written_at}, {judged - self._written_at} before what was judged already"
        acknowledged = [
            row for row in write.of("alerts") if row["state"] == "acknowledged" and row["id"] in self._alerts
        ]
        yield from self._acknowledged(acknowledged)
        raised, settled = self._alerts_of(write)
        yield from self._safe(write)
        for row in write.of("clocks"):
            if row["assessed_at"] == self._assessed.get(row["id"]) and not (added or raised or settled):
                yield from self._woken(row, self._wakes.get(row["id"]), acknowledged=bool(acknowledged))
            elif not acknowledged or row["assessed_at"] != self._assessed.get(row["id"]):
                yield from self._looked(row, raised, settled)
            self._assessed[row["id"]] = row["assessed_at"]
            self._wakes[row["id"]] = row["wake_at"]
        for (key, *rest), row in [*raised.items(), *settled.items()]:
            yield f"{key} {rest} was written and not called for: {_short(row)}"

    def _woken(self, row: Row, wake: datetime | None, *, acknowledged: bool) -> Iterator[str]:
        """A row that was written without a look: acknowledged, woken early, or its ticket cannot be read for now."""
        if acknowledged or (wake is not None and row["wake_at"] is not None and row["wake_at"] < wake):
            return
        self.put_off += 1
        if self._unreadable is None:
            yield f"{_key(row)} was put off until {row['wake_at']}, and nothing was wrong with it"
        elif row["wake_at"] is None or row["wake_at"] > self._unreadable[1] + _ASIDE:
            yield f"{_key(row)} cannot be read for now, and is not looked at before {row['wake_at']}"

    def _acknowledged(self, rows: list[Row]) -> Iterator[str]:
        for row in rows:
            key, told = self._alerts[row["id"]]
            if told.state == "acknowledged":
                continue  # written again
            if told.state != "firing":
                yield f"{key} step {told.step} was {told.state} and acknowledged"
            if row["acknowledged_by"] != AGENT.name or row["acknowledged_at"] is None:
                yield f"{key} step {told.step}: {row['acknowledged_by']} acknowledged it at {row['acknowledged_at']}"
            told.state = "acknowledged"

    def _alerts_of(self, write: Write) -> tuple[dict[Any, Row], dict[Any, Row]]:
        """The alerts the write added and those it settled, by key, step, repeat and version."""
        keys = {**self._keys, **{row["id"]: _key(row) for row in write.of("clocks")}}
        raised: dict[Any, Row] = {}
        settled: dict[Any, Row] = {}
        for row in write.of("alerts"):
            name = (keys[row["clock"]], row["step"], row["repeat"], row["deadline_version"])
            if row["id"] not in self._alerts:
                raised[name] = row  # the last one: it may be written twice
            elif row["settled_at"] is not None:
                settled[name] = row
        return raised, settled

    def _safe(self, write: Write) -> Iterator[str]:
        """Whatever the fine print: nothing is called broken that the entries known show kept, nor told twice."""
        known = {(key, told.step, told.repeat, told.version) for key, told in self._alerts.values()}
        new = {row["id"]: row for row in write.of("alerts") if row["id"] not in self._alerts}
        keys = {**self._keys, **{row["id"]: _key(row) for row in write.of("clocks")}}
        for row in new.values():
            name = (keys[row["clock"]], row["step"], row["repeat"], row["deadline_version"])
            if name in known:
                yield f"{name} was told before"
            known.add(name)
            clock = clocks(self.code, self.timeline, row["recorded_at"]).get(keys[row["clock"]])
            state = clock.state if clock is not None else "gone"
            if row["kind"] != "warning" and state != "breached":
                yield f"{keys[row['clock']]} told as {row['kind']} at {row['recorded_at']} while {state}"
            if row["fires_at"] > row["recorded_at"]:
                yield f"{keys[row['clock']]} told {row['fires_at'] - row['recorded_at']} before its time"

    def _looked(self, row: Row, raised: dict[Any, Row], settled: dict[Any, Row]) -> Iterator[str]:
        """The look that stored this clock row, held against the model's."""
        key, now = _key(row), row["assessed_at"]
        yield from self._silent_before(row)
        known = self.known.setdefault(key, Known(row["ladder_from"]))
        self._keys[row["id"]] = key
        sight = Sight(self.code, self.timeline, now)
        opening = len(self.entries) == 3 and row["wake_at"] == now and not raised
        yield from self._read_again(sight)
        change = Change((), ()) if opening else look(sight, key, known)
        if opening:
            known.due_at = sight.clocks[key].due_at
        yield from self._stored(row, sight, known)
        if row["wake_at"] is not None and row["wake_at"] <= now and not opening:
            yield f"{key} at {now}: is to be looked at again at {row['wake_at']}, as if it had not been"
        for told in change.raised:
            written = raised.pop((key, told.step, told.repeat, told.version), None)
            if written is None:
                yield f"{key} at {now}: step {told.step} repeat {told.repeat} version {told.version} was not raised"
            else:
                self._alerts[written["id"]] = (key, told)
                yield from _unlike(written, told)
                yield from self._reaches(written, sight, key, told)
        for told, how, because in change.settled:
            written = settled.pop((key, told.step, told.repeat, told.version), None)
            if written is None or (written["state"], written["settled_because"]) != (how, because):
                yield f"{key} at {now}: step {told.step} repeat {told.repeat} should be {how}: {because}"
            elif written["settled_at"] != now:
                yield f"{key} at {now}: step {told.step} is said to have ended at {written['settled_at']}"

    def _silent_before(self, row: Row) -> Iterator[str]:
        """Rungs before the report are silent, and nothing else: a later cycle's as little as the first one's."""
        if _key(row) in self.known:
            return
        reported = instant(self.timeline.as_of(micros(row["assessed_at"])).entries[0].at)
        earliest = min((known.ladder_from for known in self.known.values()), default=reported)
        if row["ladder_from"] not in (earliest, max(earliest, reported)):
            yield f"{_key(row)} is silent before {row['ladder_from']}, and was reported at {reported}"

    def _read_again(self, sight: Sight) -> Iterator[str]:
        """The clocks are what a second, literal reading of the pages says, once for each look."""
        if self._last_read == (len(self.entries), sight.now):
            return
        self._last_read = len(self.entries), sight.now
        events = [
            {**one.data, "type": one.type, "occurred_at": write_instant(one.at), "id": one.id} for one in self.entries
        ]
        case = {"contract": _plain(self.code), "now": sight.now.isoformat(), "events": events}
        said = {(one["commitment"], one["cycle"]): one for one in second_reading(case) or ()}
        for key in sorted(said.keys() | sight.clocks.keys()):
            clock = sight.clocks.get(key)
            mine = None if clock is None else tuple(_text(getattr(clock, name)) for name in _READ)
            again = tuple(said[key][name] for name in _READ) if key in said else None
            if mine != again:
                yield f"{key} at {sight.now}: is {mine}, and read again {again}"

    def _reaches(self, row: Row, sight: Sight, key: Key, told: Told) -> Iterator[str]:
        """Whom the alert has to reach is left for the outbox; who has the ticket may have been read a moment before."""
        clock, ladder = sight.clocks[key], CONTRACTS[self.code].ladder
        rungs = [rung.notify for rung in ladder[told.step :]]
        assert self._written_at is not None
        holders = {sight.holder, holder(self.timeline, self._written_at)}
        answers = [reached(rungs, sight.now, clock.region, one) for one in sorted(holders, key=str)]
        answer = next((one for one in answers if one[1] == row["nobody_for"]), None)
        if answer is None:
            yield f"{key} step {told.step}: nobody is there for {row['nobody_for']}, and it is {answers[0][1]}"
            return
        if row["grave"] != (clock.severity == 1):
            yield f"{key} step {told.step}: grave {row['grave']}, of severity {clock.severity}"
        people = [found for found, nobody_for in answers if nobody_for == row["nobody_for"]]
        self._reach[row["id"]] = Reach(people, clock.severity == 1)

    def _stored(self, row: Row, sight: Sight, known: Known) -> Iterator[str]:
        key = _key(row)
        clock = sight.clocks.get(key)
        if row["void"] or clock is None:
            if not row["void"] or clock is not None:
                yield f"{key} at {sight.now}: void {row['void']}, and it is {clock and clock.state}"
            return
        for name, right in (("state", clock.state), ("due_at", clock.due_at), ("stopped_at", clock.stopped_at),
                            ("breached_at", clock.breached_at), ("started_at", clock.started_at),
                            ("severity", clock.severity), ("region", clock.region),
                            ("deadline_version", known.version)):  # fmt: skip
            if row[name] != right:
                yield f"{key} at {sight.now}: {name} is stored as {row[name]} and is {right}"
        if (
            row["state"] == "breached"
            and row["due_at"] is not None
            and (row["stopped_at"] or sight.now) <= row["due_at"]
        ):
            yield f"{key} at {sight.now}: called broken, and its deadline {row['due_at']} is not over"
        if row["state"] == "met" and row["stopped_at"] > row["due_at"]:
            yield f"{key} at {sight.now}: called kept, {row['stopped_at'] - row['due_at']} after its deadline"

    # The laws of the clocks

    def _laws(self, end: datetime) -> Iterator[str]:
        now = micros(end)
        fresh = clocks(self.code, timeline_of(self.entries), end)
        if clocks(self.code, self.timeline, end) != fresh:
            yield "law 1: looking again says something else"
        shuffled = [*self.entries]
        random.Random(self.number).shuffle(shuffled)
        if clocks(self.code, timeline_of(shuffled), end) != fresh:
            yield "law 5: the order of arrival matters"
        contract = CONTRACTS[self.code].contract()
        for key, clock in fresh.items():
            stretches = why(contract, self.timeline, clock, now)
            counted = sum(one.seconds for one in stretches if one.kind == "counted")
            if clock.due_at is not None and clock.promised_s is not None and abs(counted - clock.promised_s) > 1e-6:
                yield f"law 4: {key} counts {counted} s of {clock.promised_s}"
        yield from self._unpaused(fresh, end)

    def _unpaused(self, fresh: dict[Key, Any], end: datetime) -> Iterator[str]:
        """Law 6; left out where entries were corrected: a correction may name a pause."""
        if any(entry.type == "corrected" for entry in self.entries):
            return
        plain = Timeline([entry for entry in self.entries if entry.type not in ("paused", "resumed")])
        for key, clock in clocks(self.code, plain, end).items():
            paused = fresh.get(key)
            if paused is not None and None not in (clock.due_at, paused.due_at) and paused.due_at < clock.due_at:
                yield f"law 6: a pause made the deadline of {key} earlier"


@cache
def _plain(code: str) -> dict[str, Any]:
    """The contract's file as JSON has it: keys are text."""
    plain: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(CONTRACTS[code].text()), default=str))
    return plain


def _text(value: object) -> object:
    return write_instant(micros(value)) if isinstance(value, datetime) else value


def _short(row: Row) -> str:
    return ", ".join(
        f"{name} {row[name]}" for name in ("kind", "state", "fires_at", "recorded_at", "settled_at", "settled_because")
    )


def _key(row: Row) -> Key:
    return row["commitment"], row["cycle"]


def _entry(row: Row) -> Entry:
    return Entry(
        type=row["type"],
        at=micros(row["occurred_at"]),
        seq=row["seq"],
        recorded_at=micros(row["recorded_at"]),
        by=row["by"],
        data=row["data"],
        id=str(row["seq"]),
    )


def _unlike(row: Row, told: Told) -> Iterator[str]:
    for name in ("kind", "fires_at", "planned_at", "due_at", "recorded_at", "state"):
        if row[name] != getattr(told, name):
            yield f"step {told.step} repeat {told.repeat}: {name} is {row[name]} and should be {getattr(told, name)}"


def _kept_promises(day: Day, history: Sequence[tuple[int, int, str, Row]]) -> Iterator[str]:
    """What a client was told is stored is stored; what it was told is refused is not."""
    stored = {(row["ticket"], row["seq"]) for _, _, relation, row in history if relation == "entries"}
    for promise in day.people.promises:
        missing = [seq for seq in promise.seqs if promise.sure and (promise.ticket, seq) not in stored]
        if missing:
            yield f"ticket {promise.ticket}: entries {missing} were accepted and are gone"


async def _channels(monitor: Any) -> list[Channel]:
    rows = await monitor.fetch("select id, kind, duties from channels where active order by id")
    return [Channel(row["id"], row["kind"] == "email", frozenset(row["duties"])) for row in rows]


async def _limits(monitor: Any) -> dict[int, int]:
    rows = await monitor.fetch("select id, config from channels where active order by id")
    return {row["id"]: row["config"]["per_minute"] for row in rows if "per_minute" in row["config"]}
