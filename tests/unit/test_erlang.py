"""Agents a load needs, against published tables and examples, and against a hotline played out call by call."""

import heapq
from random import Random

import pytest

from callcenter.services.erlang import Staffed, erlang_a, erlang_b, erlang_c, fewest


@pytest.mark.parametrize(
    ("lines", "load", "blocked"),
    # the tables of traffic engineering: what so many lines carry at 1 and at 2 percent blocked
    [(1, 0.0101, 0.01), (5, 1.361, 0.01), (10, 4.461, 0.01), (20, 12.03, 0.01), (50, 37.90, 0.01), (100, 84.06, 0.01),
     (10, 5.084, 0.02), (30, 21.93, 0.02)],
)  # fmt: skip
def test_erlang_b_as_in_the_tables(lines: int, load: float, blocked: float) -> None:
    assert erlang_b(lines, load) == pytest.approx(blocked, rel=0.005)


def test_erlang_c_as_in_the_textbook_example() -> None:
    """200 calls an hour of three minutes, 14 agents, 20 seconds: 88.8 % in time, 7.8 s in the mean, 71.4 % busy."""
    found = erlang_c(14, 10, 180, 20)
    assert (round(found.in_time, 3), round(found.wait_s, 1), round(found.occupancy, 3)) == (0.888, 7.8, 0.714)
    assert fewest(10, 0.8, lambda agents: erlang_c(agents, 10, 180, 20)).agents == 14
    assert erlang_c(13, 10, 180, 20).in_time < 0.8


def test_erlang_a_and_c_as_in_the_literature() -> None:
    """Gans, Koole and Mandelbaum (2003): 48 calls a minute of a minute each, 50 agents, patience two minutes."""
    found = erlang_a(50, 48, 60, 20, 120)
    assert (round(found.abandoned, 3), round(found.wait_s, 1), round(found.occupancy, 2)) == (0.031, 3.7, 0.93)
    for_ever = erlang_c(50, 48, 60, 20)
    assert (round(for_ever.wait_s, 1), for_ever.occupancy) == (20.8, 0.96)


def test_with_endless_patience_both_are_one() -> None:
    patient, for_ever = erlang_a(14, 10, 180, 20, 1e9), erlang_c(14, 10, 180, 20)
    assert patient.in_time == pytest.approx(for_ever.in_time, rel=1e-5)
    assert patient.abandoned == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("agents", "load", "patience"), [(10, 9.0, 90.0), (5, 8.0, 60.0), (3, 1.2, 20.0)])
def test_erlang_a_against_calls_played_out(agents: int, load: float, patience: float) -> None:
    handle, within = 180.0, 20.0
    answered, abandoned, n = played(agents, load / handle, handle, within, patience)
    found = erlang_a(agents, load, handle, within, patience)
    assert found.in_time == pytest.approx(answered / n, abs=0.012)
    assert found.abandoned == pytest.approx(abandoned / n, abs=0.012)


def played(agents: int, rate: float, handle: float, within: float, patience: float) -> tuple[int, int, int]:
    """How many of so many random calls were answered in time, and how many abandoned."""
    random, now, n = Random(5), 0.0, 60_000
    free = [0.0] * agents
    answered = abandoned = 0
    for _ in range(n):
        now += random.expovariate(rate)
        wait = max(0.0, free[0] - now)
        if wait > random.expovariate(1 / patience):
            abandoned += 1
            continue
        answered += wait <= within
        heapq.heapreplace(free, now + wait + random.expovariate(1 / handle))
    return answered, abandoned, n


@pytest.mark.parametrize("load", [0.01, 0.5, 3, 40, 700])
def test_one_agent_fewer_is_too_few(load: float) -> None:
    def staffed(agents: int) -> Staffed:
        return erlang_a(agents, load, 200, 15, 60)

    found = fewest(load, 0.9, staffed)
    assert found.in_time >= 0.9 > (staffed(found.agents - 1).in_time if found.agents > 1 else 0)


def test_too_heavy_a_load_is_never_in_time_in_erlang_c() -> None:
    assert erlang_c(10, 10, 180, 20).in_time == 0
    assert erlang_c(10, 10, 180, 20).occupancy == 1
