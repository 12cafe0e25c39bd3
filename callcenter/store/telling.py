"""New alerts on their way into the outbox: who is asked for, who there is, and what leaves together."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.channels import ACKNOWLEDGED, FORGETFUL
from alerts.duty import Roster
from alerts.telling import MOST, WITHIN, Fired, House, Line, Outgoing, Told, Wishes, outgoing, told
from callcenter.store import duty, queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
_SEPARATOR = "\x1f"
# Channels that speak to each person alone, so that one of them can be spared.
PERSONAL = ("email", "sms")


async def matters(conn: Connection, tickets: Iterable[int]) -> dict[int, Row]:
    """Whose each ticket is, at which site, and which ticket is its cause."""
    return {row["number"]: row async for row in _sql.matters(conn, tickets=list(set(tickets)))}


async def without_rota(conn: Connection, duties: Iterable[str]) -> dict[str, list[str]]:
    """The people of duties that have no rota: the team of that name, else the role."""
    found: dict[str, list[str]] = {}
    async for row in _sql.directory(conn, duties=list(duties)):
        found.setdefault(row["duty"], []).append(row["login"])
    return found


async def people(conn: Connection, fired: Sequence[Fired], now: datetime) -> list[Told]:
    """Whom each of the new alerts reaches."""
    house = await _house(conn, fired, await duty.load(conn, now))
    return [told(one, house, now) for one in fired]


async def tell(conn: Connection, fired: Sequence[tuple[Fired, Told]], now: datetime) -> None:
    """New alerts have deliveries on every channel that serves them."""
    found = await _storms(conn, [one for one, _ in fired], now)
    wishes = await _wishes(conn, {login for _, one in fired for logins in one.by_duty.values() for login in logins})
    lines = [_line(row) async for row in _sql.lines(conn)]
    rows = list(outgoing(fired, lines, wishes, found, now))
    if rows:
        await _send(conn, rows, now)


async def spare(conn: Connection, ended: Sequence[int], now: datetime) -> None:
    """Ends just written that would reach somebody in quiet hours alone wait until those are over."""
    rows = [row async for row in _sql.ends(conn, alerts=list(ended), kinds=PERSONAL, now=now)]
    if not rows:
        return
    wishes = await _wishes(conn, {login for row in rows for login in row["recipients"]})
    for row in rows:
        until = {login: wish.held_until("breach", row["grave"], now) for login, wish in wishes.items()}
        spared = {login: at for login, at in until.items() if at > now and login in row["recipients"]}
        for login, at in spared.items():
            await _sql.put_off(conn, id=row["id"], login=login, batch=f"for {login}", at=at, now=now)


async def _house(conn: Connection, fired: Sequence[Fired], roster: Roster) -> House:
    duties = {name for one in fired for rung in (one.notify, *one.then) for name in rung}
    directory = await without_rota(conn, duties - roster.duties)
    assignees: dict[str, list[str]] = {}
    names = {one.assignee for one in fired if one.assignee is not None}
    if names:
        async for row in _sql.assignees(conn, names=list(names)):
            assignees.setdefault(row["name"], []).append(row["login"])
    admins = [row["login"] async for row in _sql.admins(conn)]
    return House(roster, directory, assignees, admins)


async def _storms(conn: Connection, fired: Sequence[Fired], now: datetime) -> dict[str, int]:
    """How many alerts of each name the last minute had before these, as far as that matters."""
    names = {one.storm for one in fired if not one.late}
    if not names:
        return {}
    ids = [one.id for one in fired]
    rows = _sql.storms(conn, names=list(names), since=now - WITHIN, but=ids, most=MOST)
    return {row["name"]: row["found"] async for row in rows}


async def _wishes(conn: Connection, logins: set[str]) -> dict[str, Wishes]:
    return {row["login"]: _wish(row) async for row in _sql.people(conn, logins=list(logins))}


def _wish(row: Row) -> Wishes:
    quiet = (row["quiet_from"], row["quiet_until"])
    return Wishes(
        digest=timedelta(minutes=row["digest_minutes"]) if row["digest_minutes"] else None,
        quiet=(time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])) if None not in quiet else None,
        zone=ZoneInfo(row["timezone"] or "UTC"),
    )


def _line(row: Row) -> Line:
    kind = row["kind"]
    return Line(row["id"], frozenset(row["duties"]), kind in PERSONAL, kind not in (*ACKNOWLEDGED, *FORGETFUL))


async def _send(conn: Connection, rows: Sequence[Outgoing], now: datetime) -> None:
    await _sql.send(
        conn,
        now=now,
        alert=[row.alert for row in rows],
        channel=[row.channel for row in rows],
        recipients=[_SEPARATOR.join(row.recipients) for row in rows],
        next_try_at=[row.at for row in rows],
        batch=[row.batch for row in rows],
        priority=[row.priority for row in rows],
    )
