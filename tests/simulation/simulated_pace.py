"""How fast a channel may be given messages, and what becomes of one that does not answer.

Written from the page on channels: a limit a minute, a rest that was asked for, a circuit that opens when five different
messages in a row got no answer and then lets one at a time try.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
_LEASE = timedelta(seconds=60)
_MINUTE = timedelta(seconds=60)
_SKEW = timedelta(seconds=2)  # what hosts may be apart
_SILENT = {"timeout", "unreachable", "tls", "unavailable", "authentication"}
_ANSWERS = {"rejected", "gone", "rate_limited"}
_UNNOTICED = 15  # what three hosts may have under way at once, and some who died
_WHILE = timedelta(seconds=100)  # longer than anybody's look into the outbox may take
_HELD = timedelta(seconds=40)  # longer than the server lets the dead hold anything
_FAILURES = 5
_OVERLOOKED = 3
_FIRST, _LONGEST = timedelta(seconds=15), timedelta(minutes=2)


def paces(history: Sequence[tuple[int, int, str, Row]], limits: dict[int, int]) -> Iterator[str]:
    """No channel is given more than it takes or asked while it rests; silence opens a circuit, an answer closes it."""
    works: dict[int, list[tuple[str, Row]]] = {}
    for _, tx, relation, row in history:
        if relation in ("deliveries", "channel_states"):
            work = works.pop(tx, [])
            work.append((relation, row))
            works[tx] = work  # by their last rows: whoever writes a channel's state keeps its lock to the end
    leased: dict[int, list[datetime]] = defaultdict(list)
    rows: dict[str, Row] = {}
    states: dict[int, Row] = {}
    unheard: dict[int, list[datetime]] = defaultdict(list)
    silent: dict[int, list[str]] = defaultdict(list)
    passed: dict[str, datetime] = {}
    for work in works.values():
        final = {row["id"]: row for relation, row in work if relation == "deliveries"}
        taken = [row for row in final.values() if row["state"] == "sending"]
        for channel in sorted({row["channel"] for row in taken}):
            mine = [row for row in taken if row["channel"] == channel]
            yield from _leased(channel, mine, leased[channel], limits.get(channel), states.get(channel))
        changed = [row for relation, row in work if relation == "channel_states"]
        yield from _answered(final, rows, states, changed, unheard)
        yield from _silent(final, rows, states, silent)
        for row in changed:
            yield from _changed(states.get(row["channel"]), row, by_lease=bool(taken))
            states[row["channel"]] = row
        for name in final:
            passed.pop(name, None)
        yield from _passed_over(taken, {name: row for name, row in rows.items() if name not in final}, passed)
        rows |= final


def _leased(
    channel: int, taken: list[Row], leased: list[datetime], limit: int | None, state: Row | None
) -> Iterator[str]:
    now = taken[0]["lease_until"] - _LEASE
    leased += [now] * len(taken)
    recent = sum(now - _MINUTE < at <= now for at in leased)
    if limit is not None and recent > limit:
        yield f"channel {channel} is given {recent} messages within a minute of {now}, and takes {limit}"
    if state is None or limit is None:  # others may be taken from while their state is being written
        return
    if state["held_until"] is not None and now < state["held_until"] - _SKEW:
        yield f"channel {channel} asked for peace until {state['held_until']}, and is given something at {now}"
    if state["opened_at"] is not None:
        if now < state["probe_at"] - _SKEW:
            yield f"channel {channel} does not answer; it is tried at {now}, before {state['probe_at']}"
        if len(taken) > 1:
            yield f"channel {channel} does not answer, and is given {len(taken)} messages at {now}"


def _passed_over(taken: list[Row], rows: dict[str, Row], passed: dict[str, datetime]) -> Iterator[str]:
    """Whoever takes from a channel takes the gravest that is ready; `rows` are what stays behind.

    One that somebody holds is passed over, and who holds it may die: not for long.
    """
    for channel in {row["channel"] for row in taken}:
        mine = [row for row in taken if row["channel"] == channel and row["event"] == "fire"]
        if not mine:
            continue
        least, now = max(row["priority"] for row in mine), mine[0]["lease_until"] - _LEASE
        for name, row in rows.items():
            waits = row["channel"] == channel and row["event"] == "fire" and row["state"] == "pending"
            again = waits and row["priority"] < least and row["next_try_at"] < now - _SKEW
            if again and now - passed.setdefault(name, now) > _HELD:
                yield f"delivery {name} of rank {row['priority']} waits, and one of rank {least} is taken at {now}"


def _answered(
    final: dict[str, Row], before: dict[str, Row], states: dict[int, Row], changed: list[Row],
    unheard: dict[int, list[datetime]],
) -> Iterator[str]:  # fmt: skip
    """A success closes the circuit; some may have overlooked a failure that was being written at the same moment."""
    sent = {
        row["channel"]: row["sent_at"]
        for row in final.values()
        if row["state"] == "sent" and before.get(row["id"], row)["state"] == "sending"
    }
    for channel, at in sorted(sent.items()):
        was, now = states.get(channel), [one for one in changed if one["channel"] == channel]
        open_still = was is not None and was["failures"] > 0 and not (now and now[-1]["failures"] == 0)
        unheard[channel] = [*unheard[channel], at] if open_still else []
        if len(unheard[channel]) >= _OVERLOOKED and at > unheard[channel][0] + _WHILE:
            yield f"channel {channel} has answered {_OVERLOOKED} times, and its circuit is not closed"


def _silent(
    final: dict[str, Row], before: dict[str, Row], states: dict[int, Row], silent: dict[int, list[str]]
) -> Iterator[str]:
    """So many without an answer in a row are noticed, even where some who heard of it died before they said so."""
    for name, row in final.items():
        if before.get(name, row)["state"] != "sending" or row["state"] not in ("sent", "pending", "dead", "cancelled"):
            continue
        run = silent[row["channel"]]
        if row["state"] == "sent" or row["reason"] in _ANSWERS:
            run.clear()
        elif row["reason"] in _SILENT and run[-1:] != [name]:
            run.append(name)
        was = states.get(row["channel"])
        if len(run) > _UNNOTICED and (was is None or was["opened_at"] is None):
            yield f"channel {row['channel']} has not answered {len(run)} times, and its circuit is closed"
            run.clear()


def _changed(was: Row | None, row: Row, *, by_lease: bool) -> Iterator[str]:
    """How the state of a circuit may follow from the one before."""
    channel = row["channel"]
    failures = was["failures"] if was is not None else 0
    open_before = was is not None and was["opened_at"] is not None
    if row["failures"] not in (0, failures, failures + 1):
        yield f"channel {channel}: {failures} failures became {row['failures']}"
    if (row["failures"] >= _FAILURES) != (row["opened_at"] is not None):
        yield f"channel {channel}: {row['failures']} failures, and its circuit opened at {row['opened_at']}"
    if row["failures"] > failures and was is not None and was["failed_by"] == row["failed_by"]:
        yield f"channel {channel}: one message failed again, and that is counted against all"
    if row["reason"] in _ANSWERS and row["failures"]:
        yield f"channel {channel} has answered ({row['reason']}), and counts {row['failures']} failures"
    if row["opened_at"] is None or by_lease:
        return
    if not open_before and row["probe_at"] - row["opened_at"] != _FIRST:
        yield f"channel {channel}: opened at {row['opened_at']}, to be tried again at {row['probe_at']}"
    if open_before and was is not None and was["probe"] is not None and row["probes"] > was["probes"]:
        # the try began when it was leased, and its lease is the instant before which no other may be
        wait = row["probe_at"] - (was["probe_at"] - _LEASE)
        if wait < min(_LONGEST, _FIRST * 2 ** row["probes"]):
            yield f"channel {channel}: after {row['probes']} tries the next comes within {wait}"
