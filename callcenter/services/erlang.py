"""How many agents a load of calls needs: Erlang C (callers wait for ever) and Erlang A (they hang up after a while).

Calls arrive at random, and take and wait for exponentially distributed times, so the number of calls present is a
birth-and-death chain, and its long-run shares follow from the balance of flows between neighbours. Books: R. B. Cooper,
Introduction to Queueing Theory (1981); A. Mandelbaum and S. Zeltyn, The Palm/Erlang-A Queue (2007). The tests rest on
the definitions alone. Loads are in erlangs, times in seconds.
"""

from collections.abc import Callable
from math import exp, expm1, log
from typing import NamedTuple

# so unlikely a queue is not looked at any more, and so many agents are beyond any hotline
_NOTHING, _MOST = 1e-12, 10_000


class Staffed(NamedTuple):
    """What so many agents come to: shares of the calls offered, and of the agents' time."""

    agents: int
    in_time: float
    abandoned: float
    occupancy: float
    wait_s: float


def erlang_b(agents: int, load: float) -> float:
    """The share of calls that find all agents busy where nobody waits: (a^n/n!) / sum of a^k/k!, k from 0 to n.

    Agent by agent: B(n) = a B(n-1) / (n + a B(n-1)).
    """
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(agents: int, load: float, handle_s: float, within_s: float) -> Staffed:
    """What the agents come to where every caller waits; nobody is answered in time where the load is too much.

    A call waits with n B / (n - a (1 - B)), and then for an exponential time at the rate (n - a) / handle.
    """
    if agents <= load:
        return Staffed(agents, 0.0, 0.0, 1.0, float("inf"))
    blocked = erlang_b(agents, load)
    waits = agents * blocked / (agents - load * (1 - blocked))
    late = waits * exp(-(agents - load) * within_s / handle_s)
    return Staffed(agents, 1 - late, 0.0, load / agents, waits * handle_s / (agents - load))


def erlang_a(agents: int, load: float, handle_s: float, within_s: float, patience_s: float) -> Staffed:
    """What the agents come to where callers hang up, after `patience_s` in the mean.

    Who finds `ahead` others waiting is served after a time T with exp(-T/patience) ~ Beta(c, ahead + 1), where c is how
    many calls all agents end in a caller's patience: the sum of exponential times at rates c, c + 1, ... c + ahead.
    """
    if agents == 0:
        return Staffed(0, 0.0, 1.0, 0.0, patience_s)
    c = agents * patience_s / handle_s
    # x = exp(-within / patience), by its logarithm: x^c can be too small for a number of the machine
    rest = -expm1(-within_s / patience_s)
    # relative to all agents busy and nobody waiting; the last beta is I_x(c + 1, ahead + 1), grown term by term
    free, state = 0.0, 1.0
    for n in range(agents, 0, -1):
        state *= n / load
        free += state
    total, in_time, served = free, free, free
    log_term = -(c + 1) * within_s / patience_s
    state, beta, ahead = 1.0, exp(log_term), 0
    while state > _NOTHING * total or ahead < load:
        total += state
        share = c / (c + ahead + 1)
        served += state * share
        in_time += state * share * (1 - beta)
        ahead += 1
        log_term += log(rest * (c + ahead) / ahead)
        beta += exp(log_term)
        state *= load / (agents + ahead * handle_s / patience_s)
    abandoned = 1 - served / total
    return Staffed(agents, in_time / total, abandoned, load * (1 - abandoned) / agents, abandoned * patience_s)


def fewest(load: float, share: float, staffed: Callable[[int], Staffed]) -> Staffed:
    """The fewest agents by whom that share of the calls is answered in time; `share` below 1."""
    low, high = 0, max(1, int(load))
    while high < _MOST and staffed(high).in_time < share:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if staffed(middle).in_time >= share else (middle, high)
    return staffed(high)
