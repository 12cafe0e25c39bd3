"""The rota: what a row must be, and who is on duty at an instant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from callcenter.errors import FieldError
from callcenter.services.types import any_time
from callcenter.store import duty, resources, telling
from callcenter.store.types import Connection


class OnDuty(msgspec.Struct, kw_only=True):
    """Who fills a duty. `rota`: the duty has one; without, whoever has the role or is in the team of that name does."""

    duty: str
    at: datetime
    region: str | None
    rota: bool
    people: list[str]


async def on_duty(conn: Connection, name: str, at: datetime | None, region: str | None, now: datetime) -> OnDuty:
    """The people of a duty at an instant, now where none is given."""
    at = now if at is None else any_time(at, "/at")
    roster = await duty.load(conn, min(at, now))
    people = roster.on_duty(name, at, region)
    found = (await telling.without_rota(conn, [name])).get(name, ()) if people is None else people
    return OnDuty(duty=name, at=at, region=region, rota=people is not None, people=sorted(found))


async def turn_faults(conn: Connection, values: Mapping[str, Any]) -> list[FieldError]:
    """Everything wrong with a row of the rota."""
    wrong = []
    for field in ("login", "with_login"):
        if values[field] is not None and await resources.unknown_logins(conn, [values[field]]):
            wrong.append(FieldError(f"/{field}", "unknown_login", f"nobody signs in as {values[field]}"))
    if values["team"] is not None and not await duty.has_team(conn, values["team"]):
        wrong.append(FieldError("/team", "unknown_team", f"there is no team {values['team']}"))
    if (values["login"] is None) == (values["team"] is None):
        wrong.append(FieldError("/login", "one_of_two", "a turn is one person's or one team's"))
    if (values["kind"] == "swap") != (values["with_login"] is not None):
        wrong.append(FieldError("/with_login", "two_to_swap", "a swap, and nothing else, names a second person"))
    elif values["kind"] == "swap" and values["login"] in (None, values["with_login"]):
        wrong.append(FieldError("/login", "two_to_swap", "a swap exchanges two people"))
    if values["from_at"] >= values["until_at"]:
        wrong.append(FieldError("/until_at", "backwards", "a duty ends after it begins"))
    return [*wrong, *_hours_faults(values["hours"])]


def _hours_faults(hours: dict[str, Any] | None) -> list[FieldError]:
    try:
        if hours is not None:
            duty.calendar(hours)
    except ValueError as error:
        return [FieldError("/hours", "bad_hours", str(error))]
    return []


def quiet_faults(values: Mapping[str, Any]) -> list[FieldError]:
    """Everything wrong with a person's quiet hours."""
    begin, end, zone = values["quiet_from"], values["quiet_until"], values["timezone"]
    wrong = []
    if (begin is None) != (end is None) or (begin is not None and begin == end):
        wrong.append(FieldError("/quiet_until", "half_quiet", "quiet hours have a begin and another end"))
    if begin is not None and zone is None:
        wrong.append(FieldError("/timezone", "missing", "quiet hours need a time zone, such as Asia/Shanghai"))
    if zone is not None and not _is_zone(zone):
        wrong.append(FieldError("/timezone", "unknown_zone", f"{zone!r} is no IANA time zone, such as Asia/Shanghai"))
    return wrong


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
