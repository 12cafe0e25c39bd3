"""How many messages a channel may be given."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from alerts.pace import FAILURES, FIRST_WAIT, LONGEST_WAIT, Limits, Pace, allowance, answered, circuit, failed, taken
from alerts.reasons import Reason

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LEASE = timedelta(seconds=60)
NONE = Limits()


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def opened() -> Pace:
    """The circuit has just opened."""
    pace = Pace()
    for number in range(FAILURES):
        pace = failed(pace, UUID(int=number), Reason.TIMEOUT, NOW, NOW)
    return pace


def test_no_minute_sees_more_than_the_limit() -> None:
    pace, limits, sent = Pace(), Limits(per_minute=20), []
    for tick in range(400):
        now = after(tick)
        count = allowance(pace, limits, now, 32)
        pace = taken(pace, [UUID(int=1)] * count, now, now + LEASE)
        sent += [now] * count
    for start in sent:
        assert sum(start <= at < start + timedelta(minutes=1) for at in sent) <= 20
    assert len(sent) == 20 * 7, "20 at 0, 65, 130 ... 390 s"


def test_no_second_sees_more_than_the_limit() -> None:
    pace, limits, counts = Pace(), Limits(100, 5), []
    for tenth in range(100):
        now = after(tenth / 10)
        counts.append(allowance(pace, limits, now, 32))
        pace = taken(pace, [UUID(int=1)] * counts[-1], now, now + LEASE)
    assert max(sum(counts[at : at + 10]) for at in range(90)) == 5
    assert sum(counts) == 5 * 9


def test_the_circuit_opens_after_different_messages_failed_in_a_row() -> None:
    pace = opened()
    assert circuit(pace, NOW) == "open"
    assert allowance(pace, NONE, NOW, 32) == 0
    assert allowance(pace, NONE, NOW + FIRST_WAIT, 32) == 1
    assert circuit(pace, NOW + FIRST_WAIT) == "half_open"


def test_one_message_that_always_fails_opens_nothing() -> None:
    pace = Pace()
    for _ in range(50):
        pace = failed(pace, UUID(int=1), Reason.UNAVAILABLE, NOW, NOW)
    assert circuit(pace, NOW) == "closed"


@pytest.mark.parametrize("reason", [Reason.REJECTED, Reason.GONE])
def test_a_refusal_is_an_answer(reason: Reason) -> None:
    pace = Pace()
    for number in range(FAILURES * 3):
        pace = failed(pace, UUID(int=number), reason if number % 4 == 3 else Reason.TIMEOUT, NOW, NOW)
    assert circuit(pace, NOW) == "closed"


def test_a_probe_tries_alone_and_closes_or_waits_longer() -> None:
    pace, at, waits = opened(), NOW + FIRST_WAIT, []
    for _ in range(5):
        assert allowance(pace, NONE, at, 32) == 1
        pace = taken(pace, [UUID(int=77)], at, at + LEASE)
        assert allowance(pace, NONE, at, 32) == 0, "one at a time, over all workers"
        pace = failed(pace, UUID(int=77), Reason.UNREACHABLE, at, at)
        assert pace.probe_at is not None
        waits.append(pace.probe_at - at)
        at = pace.probe_at
    assert waits == [timedelta(seconds=s) for s in (30, 60, 120, 120, 120)]
    assert max(waits) == LONGEST_WAIT
    assert circuit(answered(pace), at) == "closed"
    assert allowance(answered(pace), NONE, at, 32) == 32


def test_a_probe_that_vanished_leaves_its_place_when_its_lease_ends() -> None:
    at = NOW + FIRST_WAIT
    pace = taken(opened(), [UUID(int=77)], at, at + LEASE)
    assert allowance(pace, NONE, at + LEASE - timedelta(seconds=1), 32) == 0
    assert allowance(pace, NONE, at + LEASE, 32) == 1


def test_what_was_under_way_when_the_circuit_opened_prolongs_nothing() -> None:
    pace = opened()
    assert failed(pace, UUID(int=99), Reason.TIMEOUT, after(3), after(4)).probe_at == pace.probe_at


def test_a_probe_that_learnt_nothing_leaves_its_place_to_the_next() -> None:
    at = NOW + FIRST_WAIT
    pace = taken(opened(), [UUID(int=77)], at, at + LEASE)
    pace = failed(pace, UUID(int=77), Reason.NO_RECIPIENT, at, None)
    assert allowance(pace, NONE, at, 32) == 1


def test_who_asks_for_peace_has_it_whatever_gets_through_meanwhile() -> None:
    pace = failed(Pace(), UUID(int=1), Reason.RATE_LIMITED, NOW, after(600))
    assert circuit(pace, NOW) == "held"
    assert allowance(answered(pace), NONE, after(599), 32) == 0
    assert allowance(answered(pace), NONE, after(600), 32) == 32
    assert circuit(pace, after(600)) == "closed"


def test_the_longest_rest_that_was_asked_for_is_kept() -> None:
    pace = failed(Pace(), UUID(int=1), Reason.RATE_LIMITED, NOW, after(70))
    assert failed(pace, UUID(int=2), Reason.RATE_LIMITED, NOW, after(64)).held_until == after(70)
    assert failed(pace, UUID(int=2), Reason.RATE_LIMITED, NOW, None).held_until == after(70)
