"""How long a failed delivery waits."""

from datetime import timedelta

import pytest

from alerts.backoff import ATTEMPTS, CAP, delay


@pytest.mark.parametrize(("attempt", "bound_s"), [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256)])
def test_the_wait_is_drawn_from_nothing_to_a_doubling_bound(attempt: int, bound_s: float) -> None:
    assert delay(attempt, draw=lambda: 1.0) == timedelta(seconds=bound_s)
    assert delay(attempt, draw=lambda: 0.25) == timedelta(seconds=bound_s / 4)
    assert delay(attempt, draw=lambda: 0.0) == timedelta(0)


def test_the_bound_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.backoff.ATTEMPTS", 40)
    assert delay(30, draw=lambda: 1.0) == CAP == timedelta(minutes=5)


def test_after_the_last_attempt_it_is_given_up() -> None:
    assert delay(ATTEMPTS - 1) is not None
    assert delay(ATTEMPTS) is None
    assert delay(ATTEMPTS + 3) is None


def test_what_the_other_side_asks_for_is_a_floor_with_a_ceiling() -> None:
    assert delay(1, timedelta(seconds=30), draw=lambda: 0.0) == timedelta(seconds=30)
    assert delay(5, timedelta(seconds=1), draw=lambda: 1.0) == timedelta(seconds=16)
    assert delay(1, timedelta(days=1), draw=lambda: 0.0) == timedelta(hours=1)
