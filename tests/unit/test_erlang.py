"""Agents a load needs, against the definitions worked out another way: sums of fractions, and chains of many states.

Nothing here rests on a published table. The number of calls present is a birth-and-death chain: calls arrive at a rate,
each agent at work ends calls at a rate, each caller who waits hangs up at a rate. Its long-run shares follow from the
balance of flows between neighbouring states; what a new caller meets from then on is followed jump by jump.
"""

import heapq
from fractions import Fraction
from itertools import accumulate
from math import exp, factorial, lgamma, log
from random import Random

import pytest

from callcenter.services.erlang import Staffed, erlang_a, erlang_b, erlang_c, fewest

LOADS = [(1, 0.2), (2, 1.9), (5, 1.361), (14, 10.0), (50, 48.0), (120, 84.06)]


def powers(load: float, most: int) -> list[Fraction]:
    """a^k / k! for k up to `most`, exactly."""
    return [Fraction(load) ** k / factorial(k) for k in range(most + 1)]


def shares(agents: int, load: float, hang_up: float, more: int) -> list[float]:
    """The long-run shares of 0, 1, ... calls present, in handle times: each step up flows as often as the step down."""
    down = [min(n, agents) + max(n - agents, 0) * hang_up for n in range(1, agents + more)]
    logs = list(accumulate((log(load / rate) for rate in down), initial=0.0))
    weights = [exp(one - max(logs)) for one in logs]
    assert weights[-1] < 1e-15 * sum(weights), "the chain is long enough"
    return [weight / sum(weights) for weight in weights]


def answered(agents: int, ahead: int, hang_up: float, within: float) -> list[float]:
    """How likely a caller is answered `within` handle times, by how many wait before, up to `ahead`.

    One by one those before are answered or hang up, then it is this caller's turn; in all that time this one may hang
    up too. As many chances to jump are looked at as a steady drum has beats (uniformization).
    """
    drum = agents + (ahead + 1) * hang_up
    beats = int(drum * within + 12 * (drum * within) ** 0.5 + 40)
    found, chance = [0.0] * (ahead + 1), [0.0] * (ahead + 1)
    for beat in range(beats):
        weight = exp(beat * log(drum * within) - drum * within - lgamma(beat + 1))
        found = [sum_ + weight * one for sum_, one in zip(found, chance, strict=True)]
        forward = ((agents + n * hang_up) * (chance[n - 1] if n else 1.0) for n in range(ahead + 1))
        stay = ((drum - agents - (n + 1) * hang_up) * chance[n] for n in range(ahead + 1))
        chance = [(one + other) / drum for one, other in zip(forward, stay, strict=True)]
    return found


@pytest.mark.parametrize(("lines", "load"), LOADS)
def test_erlang_b_by_its_definition(lines: int, load: float) -> None:
    """(a^n/n!) / sum of a^k/k!, k to n: all lines busy, by the balance of flows where nobody waits."""
    each = powers(load, lines)
    assert erlang_b(lines, load) == pytest.approx(float(each[-1] / sum(each)), rel=1e-12)


@pytest.mark.parametrize(("agents", "load"), LOADS)
def test_erlang_c_by_its_definition(agents: int, load: float) -> None:
    """Who waits: w / (sum of a^k/k!, k below n, + w), w = a^n/n! * n/(n - a); how long: the queue by Little."""
    handle, within = 180.0, 20.0
    each = powers(load, agents)
    waiting = each.pop() * agents / (agents - Fraction(load))
    waits = waiting / (sum(each) + waiting)
    # n + j calls are present in the share of n times (a/n)^j
    ratio = Fraction(load) / agents
    queue = waits * ratio / (1 - ratio)
    found = erlang_c(agents, load, handle, within)
    assert found.wait_s == pytest.approx(float(queue / Fraction(load)) * handle, rel=1e-10)
    assert found.occupancy == pytest.approx(load / agents)
    assert found.abandoned == 0


@pytest.mark.parametrize(("agents", "load", "more"), [(2, 1.2, 90), (14, 10.0, 130), (20, 17.5, 290)])
def test_erlang_c_in_time_as_in_its_chain(agents: int, load: float, more: int) -> None:
    met = shares(agents, load, 0, more)
    turn = answered(agents, more - 1, 0, 20 / 180)
    in_time = sum(met[:agents]) + sum(one * other for one, other in zip(met[agents:], turn, strict=True))
    assert erlang_c(agents, load, 180, 20).in_time == pytest.approx(in_time, abs=1e-9)


@pytest.mark.parametrize(
    ("agents", "load", "handle", "within", "patience", "more"),
    [
        (1, 0.01, 200.0, 15.0, 60.0, 20),
        (3, 1.2, 180.0, 20.0, 20.0, 30),
        (5, 8.0, 180.0, 20.0, 60.0, 40),  # more than they can do
        (10, 9.0, 180.0, 20.0, 90.0, 60),
        (14, 10.0, 180.0, 20.0, 7200.0, 110),  # hardly anybody hangs up
        (50, 48.0, 60.0, 20.0, 120.0, 120),
        (140, 168.0, 60.0, 324.0, 1800.0, 1500),  # e to the minus 756 is no number of the machine
    ],
)
def test_erlang_a_as_in_its_chain(
    agents: int, load: float, handle: float, within: float, patience: float, more: int
) -> None:
    """Abandoned: what flows out by hanging up, of what flows in; waits: the queue's length by Little."""
    hang_up = handle / patience
    met = shares(agents, load, hang_up, more)
    turn = answered(agents, more - 1, hang_up, within / handle)
    queue = sum((n - agents) * share for n, share in enumerate(met) if n > agents)
    busy = sum(min(n, agents) * share for n, share in enumerate(met))
    found = erlang_a(agents, load, handle, within, patience)
    in_time = sum(met[:agents]) + sum(one * other for one, other in zip(met[agents:], turn, strict=True))
    assert found.in_time == pytest.approx(in_time, abs=1e-9)
    assert found.abandoned == pytest.approx(queue * hang_up / load, abs=1e-9)
    assert found.wait_s == pytest.approx(queue / load * handle, rel=1e-6)
    assert found.occupancy == pytest.approx(busy / agents, abs=1e-9)


def test_nobody_at_work_answers_nobody() -> None:
    assert erlang_a(0, 2.0, 180, 20, 60) == Staffed(0, 0.0, 1.0, 0.0, 60)


def test_with_endless_patience_both_are_one() -> None:
    patient, for_ever = erlang_a(14, 10, 180, 20, 1e9), erlang_c(14, 10, 180, 20)
    assert patient.in_time == pytest.approx(for_ever.in_time, rel=1e-5)
    assert patient.abandoned == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("agents", "load", "patience"), [(10, 9.0, 90.0), (5, 8.0, 60.0), (3, 1.2, 20.0)])
def test_erlang_a_against_calls_played_out(agents: int, load: float, patience: float) -> None:
    handle, within = 180.0, 20.0
    in_time, abandoned, n = played(agents, load / handle, handle, within, patience)
    found = erlang_a(agents, load, handle, within, patience)
    assert found.in_time == pytest.approx(in_time / n, abs=0.012)
    assert found.abandoned == pytest.approx(abandoned / n, abs=0.012)


def played(agents: int, rate: float, handle: float, within: float, patience: float) -> tuple[int, int, int]:
    """How many of so many random calls were answered in time, and how many abandoned."""
    random, now, n = Random(5), 0.0, 60_000
    free = [0.0] * agents
    in_time = abandoned = 0
    for _ in range(n):
        now += random.expovariate(rate)
        wait = max(0.0, free[0] - now)
        if wait > random.expovariate(1 / patience):
            abandoned += 1
            continue
        in_time += wait <= within
        heapq.heapreplace(free, now + wait + random.expovariate(1 / handle))
    return in_time, abandoned, n


@pytest.mark.parametrize("load", [0.01, 0.5, 3, 40, 700])
def test_one_agent_fewer_is_too_few(load: float) -> None:
    def staffed(agents: int) -> Staffed:
        return erlang_a(agents, load, 200, 15, 60)

    found = fewest(load, 0.9, staffed)
    assert found.in_time >= 0.9 > (staffed(found.agents - 1).in_time if found.agents > 1 else 0)


def test_too_heavy_a_load_is_never_in_time_in_erlang_c() -> None:
    assert erlang_c(10, 10, 180, 20).in_time == 0
    assert erlang_c(10, 10, 180, 20).occupancy == 1
