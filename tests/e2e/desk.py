"""People and faults for the desk's tests: a dispatcher, engineers, a partner, a contract with a ladder, tickets."""

from datetime import datetime, timedelta
from typing import Any

from alerts.engine import run_pass
from callcenter.services import calls, contracts, people, resources, timeline
from callcenter.services.calls import LogCall
from callcenter.services.resources import RESOURCES, Contact, Partner, User
from callcenter.services.types import Actor
from callcenter.store.engine import ClockBook

PASSWORD = "correct horse battery"
_SETUP = Actor("setup", "admin")
TERMS = """
contract: DESK-1
title: Desk
customer: 皖东商贸
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
regions: {city: 合肥市, province: 省内其他地区}
severities: {1: {name: 严重故障}, 2: {name: 主要故障}, 3: {name: 一般故障}}
grading: [{when: {impact: down}, severity: 1}, {when: {impact: severe}, severity: 2}, {otherwise: 3}]
calendars: {always: 24x7, office: {timezone: Asia/Shanghai, week: {mon-fri: "09:00-12:00 13:30-18:00"}}}
commitments:
  - {name: response, clause: "4.9", starts: reported, stops: responded, within: {1: 5m, default: 10m}, calendar: always}
  - {name: on_site, clause: "4.10", starts: reported, stops: arrived, cancels: resolved, within: 2h, calendar: always}
  - {name: restore, clause: "4.11", starts: reported, stops: [restored, resolved], within: 4h, calendar: office,
     pauses: [waiting_customer]}
alerts: {ladder: [{at: 50%, notify: [assignee]}, {at: breach, notify: [supervisor]}]}
"""


async def hire(house: Any) -> None:
    """A dispatcher, a second one, two engineers, somebody who asks afterwards, a partner's engineer; English pages."""
    now = house.clock()
    async with house.pool.acquire() as conn:
        firm = await resources.add(
            conn, RESOURCES["partners"], Partner(name="Anqing Networks", regions=["province"]), house.context.settings,
            _SETUP, now,
        )  # fmt: skip
        for login, role, partner in (
            ("ma", "dispatcher", None), ("lu", "dispatcher", None), ("chen", "engineer", None),
            ("sun", "engineer", None), ("he", "follow_up", None), ("wu", "partner", firm.id),
        ):  # fmt: skip
            user = User(login=login, name=f"{login.title()} Ren", role=role, locale="en", partner=partner)  # type: ignore[arg-type]
            await people.create(conn, user, PASSWORD, house.context.settings, now)
        await contracts.put(conn, "DESK-1", TERMS, _SETUP, now)
        account = (await contracts.get(conn, "DESK-1")).account
        contact = Contact(account=account, name="Qian Hui", phone="0552-5550121")
        await resources.add(conn, RESOURCES["contacts"], contact, house.context.settings, _SETUP, now)


async def fault(house: Any, title: str, *, ago: float = 1, impact: str = "severe", region: str = "city") -> int:
    """The number of a new ticket, called in some minutes ago."""
    now = house.clock()
    at = now - timedelta(minutes=ago)
    body = {
        "caller": "0552-5550121", "received_at": at, "answered_at": at, "agent": "lin",
        "ticket": {"contract": "DESK-1", "title": title, "region": region, "facts": {"impact": impact}},
    }  # fmt: skip
    command = _command(body)
    async with house.pool.acquire() as conn:
        logged = await calls.log_call(conn, house.context, command, Actor("lin", "agent", login="lin"), now)
    assert logged.ticket is not None
    return logged.ticket.number


def _command(body: dict[str, Any]) -> LogCall:
    import msgspec

    return msgspec.convert(body, LogCall)


async def write(house: Any, number: int, *entries: dict[str, Any], by: str = "ma", role: str = "dispatcher") -> None:
    """The entries are on the ticket's timeline."""
    async with house.pool.acquire() as conn:
        await timeline.record(conn, house.context, number, list(entries), Actor(by, role, login=by))


async def types(house: Any, number: int) -> list[str]:
    """The types on the ticket's timeline in recorded order."""
    rows = await house.pool.fetch("select type from entries where ticket = $1 order by seq", number)
    return [row["type"] for row in rows]


async def entry(house: Any, number: int, kind: str) -> dict[str, Any]:
    """What the newest entry of a type says, with `by` and the instants."""
    row = await house.pool.fetchrow(
        """select by, data, occurred_at, recorded_at from entries where ticket = $1 and type = $2
           order by seq desc limit 1""",
        number, kind,
    )  # fmt: skip
    return {**row["data"], "by": row["by"], "occurred_at": row["occurred_at"], "recorded_at": row["recorded_at"]}


async def missed_call(house: Any, caller: str) -> None:
    """Somebody rang and gave up."""
    await house.pool.execute(
        """insert into calls (caller, direction, received_at, outcome, created_at)
           values ($1, 'in', $2, 'abandoned', $2)""",
        caller, house.clock(),
    )  # fmt: skip


async def ring(house: Any, now: datetime) -> None:
    """The engine has passed once."""
    await run_pass(ClockBook(house.pool, house.context.terms), now)
