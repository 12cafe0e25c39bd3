"""The doctor on the contracts in force: whether they can be read, their calendars, their zones, their duties."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from callcenter.services.doctor_finding import Finding
from callcenter.store import contracts, duty, telling
from callcenter.store import doctor as store
from sla.contract import Contract, ContractError, read
from sla.holiday import published_through

# A calendar should be known this far ahead; China publishes a year's schedule in November of the year before.
_AHEAD = timedelta(days=60)
# Summer time of either hemisphere is among these.
_QUARTERS = [timedelta(days=91 * n) for n in range(4)]
_ALL = 10_000


async def in_force(conn: asyncpg.Connection, now: datetime) -> AsyncIterator[Finding]:
    """What there is to say of the contracts that are not over."""
    terms, faults = await _current(conn, now)
    for fault in faults:
        yield fault
    if not terms:
        if not faults:
            yield Finding("warn", "contracts", "none is in force", "`callcenter contract import FILE` stores one")
        return
    for finding in _horizons(terms, now):
        yield finding
    yield await _zones(conn, terms, now)
    yield await _duties(conn, terms, now)


async def _current(conn: asyncpg.Connection, now: datetime) -> tuple[list[Contract], list[Finding]]:
    terms, faults = [], []
    for row in await contracts.listing(conn, "", _ALL):
        if row["valid_until"] < now.date():
            continue
        try:
            terms.append(read((await contracts.versions(conn, row["code"]))[-1]["source"]))
        except ContractError as error:
            told = f"{row['code']} cannot be read any more: {error}"
            faults.append(Finding("fail", "contracts", told, "import a corrected version"))
    return terms, faults


def _horizons(terms: Sequence[Contract], now: datetime) -> Iterator[Finding]:
    """Each country whose holidays a contract counts, with the contracts and the last year published."""
    users: dict[str, list[str]] = {}
    for one in terms:
        for code in sorted({code for calendar in one.calendars.values() for code in calendar.codes}):
            users.setdefault(code, []).append(one.code)
    for code, names in sorted(users.items()):
        yield _horizon(code, names, now)


def _horizon(code: str, names: list[str], now: datetime) -> Finding:
    what, used = f"calendar {code}", f"used by {_some(names)}"
    last = published_through(code)
    if last is None:
        return Finding("ok", what, f"holidays follow rules, no yearly schedule to wait for; {used}")
    if last < (now + _AHEAD).year:
        told = f"published through {last} only, later deadlines are provisional; {used}"
        return Finding("warn", what, told, "update the package `holidays` once the next year's schedule is out")
    return Finding("ok", what, f"published through {last}; {used}")


async def _zones(conn: asyncpg.Connection, terms: Sequence[Contract], now: datetime) -> Finding:
    """Deadlines are reckoned here, months in the database: both must know a zone alike."""
    instants = [now + quarter for quarter in _QUARTERS]
    wrong = []
    names = sorted({one.timezone for one in terms})
    for name in names:
        theirs = await store.offsets(conn, name, instants)
        if theirs is None:
            to_do = "give its host the package tzdata, or use PostgreSQL's own time zones"
            return Finding("fail", "time zones", f"the database does not know {name}", to_do)
        if theirs != offsets(ZoneInfo(name), instants):
            wrong.append(name)
    if wrong:
        told = f"the database reckons {_some(wrong)} otherwise than this host"
        return Finding("warn", "time zones", told, "update PostgreSQL or its host's tzdata, and the package `tzdata`")
    return Finding("ok", "time zones", f"known alike here and in the database: {_some(names)}")


def offsets(zone: ZoneInfo, instants: Sequence[datetime]) -> list[float]:
    """How far the zone is ahead of UTC at the instants, in seconds."""
    ahead = [at.astimezone(zone).utcoffset() for at in instants]
    return [one.total_seconds() for one in ahead if one is not None]


async def _duties(conn: asyncpg.Connection, terms: Sequence[Contract], now: datetime) -> Finding:
    """Whether somebody fills each duty that ladders tell, now."""
    named = {name for one in terms for rung in one.ladder for name in rung.notify} - {"assignee"}
    roster = await duty.load(conn, now)
    directory = await telling.without_rota(conn, named - roster.duties)
    people = {name: roster.on_duty(name, now) or directory.get(name) for name in sorted(named)}
    empty = [name for name, found in people.items() if not found]
    if empty:
        told = f"nobody fills {_some(empty)} just now: such alerts go to the next rung, in the end to the admins"
        return Finding("warn", "duties", told, "see the rota, or give somebody the role or a team of that name")
    if not named:
        return Finding("warn", "duties", "no contract's ladder tells anybody", "add `alerts.ladder` to the contracts")
    return Finding("ok", "duties", f"somebody fills {_some(sorted(named))}")


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:5])}{' and more' if len(names) > 5 else ''}"
