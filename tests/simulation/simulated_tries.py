"""What must hold of each message: leased, sent, recorded, tried again after a while, until it arrives or dies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from alerts.reasons import PERMANENT, Reason

Row = dict[str, Any]
_LEASE = timedelta(seconds=60)
_LONGEST = timedelta(minutes=5)
_SKEW = timedelta(seconds=2)  # what hosts may be apart
_SOON = timedelta(seconds=5)
_LONG_CALL = timedelta(seconds=95)  # whatever takes long began no earlier
_SECOND = timedelta(seconds=1)
_DOUBLED = 5  # after so many tries the bound is half a minute
_SEVERAL = 8
_TRIES = 20
_HEARD = timedelta(seconds=10)  # until all have heard of an answer
_MOVES = {
    "pending": {"pending", "sending", "cancelled", "gathered"},
    "sending": {"sending", "sent", "pending", "dead", "cancelled", "gathered"},
    "gathered": {"pending", "cancelled"},
    "sent": {"sent"},
    "dead": set(),
    "cancelled": set(),
}


def life_of(life: list[tuple[int, Row]], sends: list[Any]) -> Iterator[str]:
    """One delivery from the outbox to the other side."""
    before: Row | None = None
    leases: list[tuple[int, Row]] = []
    for place, row in life:
        if before is not None and row["state"] not in _MOVES[before["state"]]:
            yield f"{before['state']} became {row['state']}"
        if row["state"] == "sending":
            leases.append((place, row))
            if before is not None and before["state"] == "pending":
                yield from _in_time(row, before)
            if (
                before is not None
                and before["state"] == "sending"
                and row["lease_until"] - _LEASE < before["lease_until"]
            ):
                yield f"{row['lease_by']} took it from {before['lease_by']}, whose lease ran"
        yield from _counted(row, before, len(leases))
        if before is not None and before["state"] == "sending" and row["state"] in ("sent", "pending", "dead"):
            yield from _by_its_holder(row, leases, sends)
        before = row
    assert before is not None
    yield from _ends(before, sends)
    yield from _again(life, sends)
    yield from _recorded(leases, sends)
    others: int | None = None
    for one in sends:
        held = [row for place, row in leases if place <= one.place and row["lease_by"] == one.by]
        if not held:
            yield f"{one.by} sent it without a lease"
        if next((row["state"] for place, row in reversed(life) if place <= one.place), "") == "gathered":
            yield f"{one.by} sent it alone, and it travels with another"
        if others is not None and one.others > others:
            yield f"{one.by} says {one.others} others, and it said {others} before: who has it takes no second look"
        others = one.others
    for by, times in Counter(one.by for one in sends).items():
        if times > sum(row["lease_by"] == by for _, row in leases):
            yield f"{by} sent it {times} times, more often than it was leased"


def _in_time(row: Row, before: Row) -> Iterator[str]:
    """Nothing leaves before the instant it waits for: a failure's pause, its company, a digest, quiet hours."""
    at = row["lease_until"] - _LEASE
    if at + _SKEW < before["next_try_at"]:
        yield f"{row['lease_by']} takes it at {at}, and it waits until {before['next_try_at']}"


def _by_its_holder(row: Row, leases: list[tuple[int, Row]], sends: list[Any]) -> Iterator[str]:
    """Only who holds the lease says what came of it, after having tried; that it got through, of an earlier try too."""
    place, held = leases[-1]
    if row["state"] == "sent":
        place = next(at for at, lease in leases if lease["lease_by"] == held["lease_by"])
    tried = [one for one in sends if one.by == held["lease_by"] and one.place >= place]
    if not tried or (row["state"] == "sent" and not any(one.taken and one.failed is None for one in tried)):
        yield f"it is {row['state']}, and {held['lease_by']}, who holds it, has not said so"


def _counted(row: Row, before: Row | None, leases: int) -> Iterator[str]:
    """Each try is counted; one that is taken along by another begins anew; a failure says what it was."""
    if row["state"] == "sending" and before is not None and row["attempts"] != before["attempts"] + 1:
        yield f"try {row['attempts']} follows try {before['attempts']}"
    if row["state"] in ("sending", "sent", "dead") and row["attempts"] > leases:
        yield f"{row['attempts']} tries and {leases} leases"
    failed = before is not None and before["state"] == "sending" and row["state"] in ("pending", "dead")
    if failed and row["attempts"] and row["reason"] not in set(Reason):
        yield f"it failed of {row['reason']}"
    if row["state"] == "gathered" and row["attempts"]:
        yield f"it was never tried alone, and counts {row['attempts']} tries"
    if row["state"] not in ("sending",) and (row["lease_by"] is not None or row["lease_until"] is not None):
        yield f"{row['lease_by']} holds it, and it is {row['state']}"


def _again(life: list[tuple[int, Row]], sends: list[Any]) -> Iterator[str]:
    """After a failure it waits as long as it should: what was asked for, and no longer than the bound of its tries."""
    leases = [(place, row) for place, row in life if row["state"] == "sending"]
    for one in sends:
        if one.failed is None or one.answered_at is None:
            continue
        held = [row for place, row in life if place <= one.place and row["state"] == "sending"]
        then = next((row for place, row in life if place > one.place), None)
        if then is None or not held or held[-1]["lease_by"] != one.by or then["reason"] != one.failed.value:
            if _in_peace(one, leases):
                yield f"{one.by} was told {one.failed.value}, and nobody knows"
            continue  # never recorded, or another one's
        if one.failed in PERMANENT or then["next_try_at"] is None:
            if then["state"] == "pending":
                yield f"it is to be tried again after {one.failed.value}"
            continue
        wait = then["next_try_at"] - one.answered_at
        bound = max(one.asked, min(_LONGEST, timedelta(seconds=2 ** (then["attempts"] - 1))))
        if not one.asked - _SKEW <= wait <= bound + _SKEW:
            yield f"after try {then['attempts']} it waits {wait}; asked for {one.asked}, at most {bound}"


def _recorded(leases: list[tuple[int, Row]], sends: list[Any]) -> Iterator[str]:
    """What was taken by somebody whom nothing befell is not sent a second time."""
    for one in sends:
        if not one.taken or one.failed is not None or not _in_peace(one, leases):
            continue
        later = [row for place, row in leases if place > one.place]
        if later:
            yield f"{one.by} got it through, and {later[0]['lease_by']} took it again"


def _in_peace(one: Any, leases: list[tuple[int, Row]]) -> bool:
    """Whether nothing kept the sender from recording what came of it."""
    if one.answered_at is None:
        return False
    held = [row for place, row in leases if place <= one.place and row["lease_by"] == one.by]
    # a lease that somebody else's lock held up may be over before it is had
    in_time = bool(held) and one.answered_at + _SOON < held[-1]["lease_until"]
    return in_time and one.operation.host.undisturbed(one.by, one.at - _LONG_CALL, one.answered_at + _SOON)


def ever_longer(lives: dict[str, list[tuple[int, Row]]], sent: dict[str, list[Any]]) -> Iterator[str]:
    """Waits are drawn up to a bound that doubles: of several at a bound of half a minute or more, one is not short."""
    shares = []
    for name, life in lives.items():
        for one in sent[name]:
            then = next((row for place, row in life if place > one.place), None)
            if one.failed is None or one.asked or one.answered_at is None or then is None:
                continue
            if then["state"] == "pending" and then["attempts"] > _DOUBLED and then["reason"] == one.failed.value:
                shares.append(
                    (then["next_try_at"] - one.answered_at) / min(_LONGEST, _SECOND * 2 ** (then["attempts"] - 1))
                )
    if len(shares) >= _SEVERAL and max(shares) < 1 / 8:
        yield f"{len(shares)} messages failed again and again, and none waited longer than an eighth of what it may"


def left_in_peace(lives: dict[str, list[tuple[int, Row]]], sent: dict[str, list[Any]]) -> Iterator[str]:
    """A channel that asked for a rest is given nothing until it is over, once everybody knows."""
    leases = {name: [(place, row) for place, row in life if row["state"] == "sending"] for name, life in lives.items()}
    taken: dict[int, list[Row]] = defaultdict(list)
    for life in lives.values():
        taken[life[0][1]["channel"]] += [row for _, row in life if row["state"] == "sending"]
    for name, mine in leases.items():
        for one in sent[name]:
            if one.failed is not Reason.RATE_LIMITED or not one.asked or not _in_peace(one, mine):
                continue
            start, end = one.answered_at + _HEARD, one.answered_at + one.asked - _SKEW
            for row in taken[mine[0][1]["channel"]]:
                if start < row["lease_until"] - _LEASE < end:
                    yield f"{row['id']} is taken by {row['lease_by']}, and its channel asked for peace until {end}"


def _ends(last: Row, sends: list[Any]) -> Iterator[str]:
    state = last["state"]
    if state in ("pending", "sending"):
        yield f"it is still {state}"
    if state == "sent" and not any(one.taken for one in sends):
        yield "it is recorded as sent and nobody got it"
    if state == "dead" and last["reason"] not in (PERMANENT if last["attempts"] < _TRIES else set(Reason)):
        yield f"it is dead of {last['reason']} after {last['attempts']} attempts"
    if state == "cancelled" and last["attempts"] == 0 and sends:
        yield "it was cancelled and sent"
