"""Who is on duty on a simulated day, whom an alert reaches, and how early a warning has to come.

Written from the page on alerts; of the service's own code it uses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulated_world import START

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_TICK = timedelta(microseconds=1)
SINCE = START - timedelta(days=2)  # nobody has touched the rota since
WORK = 30 * _MINUTE
TRAVEL = {"city": 20 * _MINUTE, "province": 45 * _MINUTE}
# Promises kept on the spot; the others are kept from a desk.
ON_THE_SPOT = frozenset({"on_site", "restore", "news"})
PEOPLE = {"ann": "supervisor", "ben": "engineer", "cas": "admin", "dot": "supervisor"}


@dataclass(frozen=True, slots=True)
class Turn:
    """A row of the rota."""

    duty: str
    login: str
    start: datetime
    end: datetime
    kind: str = "shift"
    region: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants to be told by e-mail: warnings every so many minutes, nothing in quiet hours (Shanghai)."""

    digest: int | None = None
    quiet: tuple[str, str] | None = None


ROTA = (
    Turn("supervisor", "ann", START - 24 * _HOUR, START + 60 * _MINUTE),
    Turn("supervisor", "dot", START + 100 * _MINUTE, START + 170 * _MINUTE),
    Turn("supervisor", "ann", START + 215 * _MINUTE, START + 300 * _MINUTE),
    Turn("supervisor", "dot", START + 340 * _MINUTE, START + 420 * _MINUTE),
    Turn("supervisor", "ann", START + 460 * _MINUTE, START + 530 * _MINUTE),
    Turn("supervisor", "dot", START + 560 * _MINUTE, START + 600 * _MINUTE, region="city"),
    Turn("supervisor", "cas", START + 230 * _MINUTE, START + 255 * _MINUTE, "override"),
    Turn("supervisor", "ann", START + 110 * _MINUTE, START + 150 * _MINUTE, "swap", other="dot"),
    Turn("dispatcher", "ben", START + 30 * _MINUTE, START + 130 * _MINUTE),
    Turn("dispatcher", "ben", START + 320 * _MINUTE, START + 440 * _MINUTE),
)
WISHES = {"ann": Wish(digest=30), "cas": Wish(quiet=("10:40", "13:10")), "dot": Wish(40, ("14:30", "16:00"))}
_ROTATED = frozenset(turn.duty for turn in ROTA)


def on_duty(duty: str, at: datetime, region: str | None) -> set[str]:
    """Who fills a duty that has a rota."""
    now = [
        turn
        for turn in ROTA
        if turn.duty == duty
        and turn.start <= at < turn.end
        and (None in (turn.region, region) or turn.region == region)
    ]
    if instead := {turn.login for turn in now if turn.kind == "override"}:
        return instead
    people = {turn.login for turn in now if turn.kind == "shift"}
    for turn in now:
        if turn.kind == "swap" and turn.other is not None:
            trade = {turn.login: turn.other, turn.other: turn.login}
            people = {trade.get(login, login) for login in people}
    return people


def people_of(duty: str, at: datetime, region: str | None, assignee: str | None) -> set[str]:
    """The people of a duty."""
    if duty == "assignee":
        return {assignee} & PEOPLE.keys() if assignee is not None else set()
    if duty in _ROTATED:
        return on_duty(duty, at, region)
    return {login for login, role in PEOPLE.items() if role == duty}


def reached(
    rungs: Sequence[tuple[str, ...]], at: datetime, region: str | None, assignee: str | None
) -> tuple[dict[str, set[str]], list[str]]:
    """The people told by duty, and the first rung's duties nobody fills: the next rung is told, at last the admins."""
    told: dict[str, set[str]] = {}
    for duties in rungs:
        told |= {duty: people_of(duty, at, region, assignee) for duty in duties}
        if any(told.values()):
            break
    nobody_for = [duty for duty in rungs[0] if not told[duty]]
    if not any(told.values()):
        told = {duty: {login for login, role in PEOPLE.items() if role == "admin"} for duty in told}
    return told, nobody_for


def responsible_moment(
    notify: Sequence[str],
    commitment: str,
    region: str | None,
    assignee: str | None,
    started_at: datetime,
    rung: datetime,
    due: datetime,
) -> datetime:
    """When a warning comes: at its rung, or while somebody on duty still has the time."""
    if not _ROTATED & {*notify}:
        return rung
    start = max(started_at, rung - timedelta(days=14))
    spans = list(_spans(notify, region, assignee, start, due))
    if not spans:
        return rung
    travel = TRAVEL.get(region or "", timedelta(0)) if commitment in ON_THE_SPOT else timedelta(0)
    moment = min(rung, _enough(spans, max(travel, min(travel + WORK, due - rung)), due))
    there = [span for span in spans if span[0] <= moment]
    if not there:
        return rung
    begin, end = there[-1]
    if moment >= end:
        moment = max(begin, end - WORK)
    return min(rung, max(moment, start, SINCE))


def _spans(
    notify: Sequence[str], region: str | None, assignee: str | None, start: datetime, due: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The stretches in which somebody is there, one after the other."""
    found = sorted(
        (max(turn.start, start), min(turn.end, due))
        for turn in ROTA
        if turn.kind != "swap" and (None in (turn.region, region) or turn.region == region)
        if turn.duty in notify or ("assignee" in notify and turn.login == assignee)
        if max(turn.start, start) < min(turn.end, due)
    )
    while found:
        begin, end = found.pop(0)
        while found and found[0][0] <= end:
            end = max(end, found.pop(0)[1])
        yield begin, end


def _enough(spans: Sequence[tuple[datetime, datetime]], need: timedelta, due: datetime) -> datetime:
    """The last instant from which on somebody is there for so long, found by halving; the first there is if none."""

    def left(at: datetime) -> timedelta:
        return sum((end - max(begin, at) for begin, end in spans if end > at), timedelta(0))

    low, high = spans[0][0], due
    if left(low) < need:
        return low
    while high - low > _TICK:
        middle = low + (high - low) // 2
        low, high = (middle, high) if left(middle) >= need else (low, middle)
    return low if left(high) < need else high


def held_until(login: str, kind: str, at: datetime, *, grave: bool) -> datetime:
    """From when on the person may be told by e-mail of what was found now."""
    wish = WISHES.get(login)
    if wish is None or grave:
        return at
    if wish.digest is not None and kind == "warning":
        at = beat(timedelta(minutes=wish.digest), at)
    if wish.quiet is not None:
        local = at + 8 * _HOUR  # Shanghai
        if wish.quiet[0] <= local.strftime("%H:%M") < wish.quiet[1]:
            hour, minute = map(int, wish.quiet[1].split(":"))
            at = local.replace(hour=hour, minute=minute, second=0, microsecond=0) - 8 * _HOUR
    return at


def beat(every: timedelta, at: datetime) -> datetime:
    """The next full beat after the instant; days of whole beats."""
    midnight = datetime(1970, 1, 1, tzinfo=at.tzinfo)
    return midnight + ((at - midnight) // every + 1) * every
