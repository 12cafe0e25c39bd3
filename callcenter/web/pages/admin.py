"""Admin: who works here, who is on duty, who else is told, and what the machines sign in with."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.errors import CallcenterError, Invalid
from callcenter.rights import ROLES
from callcenter.services import deliveries, office, own_settings, people, resources
from callcenter.services.resources import RESOURCES
from callcenter.web.pages.channel_fields import KIND_NAMES
from callcenter.web.pages.fields import LANGUAGES, ROLE_NAMES
from callcenter.web.pages.navigation import N_
from callcenter.web.pages.page import Go, Look, Page, View
from callcenter.web.pages.words import word

# Each page with the right to see it.
TABS = (
    ("users", N_("Users"), "users.read"),
    ("tokens", N_("Tokens"), "users.write"),
    ("teams", N_("Teams"), "staff.read"),
    ("rota", N_("Rota"), "staff.read"),
    ("queues", N_("Queues"), "staff.read"),
    ("partners", N_("Service partners"), "staff.read"),
    ("travel_times", N_("Travel times"), "staff.read"),
    ("channels", N_("Channels"), "channels.read"),
    ("calendars", N_("Calendars"), "contracts.read"),
)
_MOST = 1000


def _values(look: Look, here: str) -> dict[str, Any]:
    tabs = [(name, label) for name, label, right in TABS if look.may(right)]
    return {"tabs": tabs, "here": here, "word": word, "roles": ROLE_NAMES, "languages": LANGUAGES, "kinds": KIND_NAMES}


async def start(look: Look) -> Go:
    """The first of the pages."""
    return Go("/admin/users")


def _plain(kind: str) -> Any:
    """A page of plain records."""

    async def listing(look: Look) -> View:
        resource = RESOURCES[kind]
        rows = await resources.page(look.conn, resource, {}, 0, _MOST, None, look.actor)
        values = {"rows": rows, "writes": look.may(resource.writes), **_values(look, kind)}
        if kind == "users":
            partners = await resources.page(look.conn, RESOURCES["partners"], {}, 0, _MOST, None, look.actor)
            values["partners"] = {one.id: one.name for one in partners}
        if kind == "channels":
            states = {row.id: await deliveries.channel_state(look.conn, row.id, look.now) for row in rows}
            values["states"] = states
        return View(f"admin_{kind}.html", values)

    return listing


async def rota(look: Look) -> View:
    """The rota of a week."""
    zone = office.house_zone(look.context)
    today = look.now.astimezone(ZoneInfo(zone)).date()
    asked = _day(look.http.query.get("week")) or today
    monday = asked - timedelta(days=asked.weekday())
    week = await office.rota_week(look.conn, look.context, monday, look.now)
    days = [monday + timedelta(days=number) for number in range(7)]
    around = {"before": monday - timedelta(days=7), "after": monday + timedelta(days=7), "today": today, "days": days}
    return View("admin_rota.html", {"week": week, "writes": look.may("staff.write"), **around, **_values(look, "rota")})


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1971 <= day.year <= 9000 else None


async def calendars(look: Look) -> View:
    """How far ahead each country's holidays are known."""
    found = await office.horizons(look.conn, look.context, look.now)
    return View("admin_calendars.html", {"horizons": found, **_values(look, "calendars")})


async def tokens(look: Look) -> View:
    """The tokens, without their secrets."""
    return await _tokens(look)


async def _tokens(look: Look, status: int = 200, **shown: Any) -> View:
    given = {"secret": None, "error": None, "given": {}, **shown}
    rows = await people.tokens_of_all(look.conn)
    values = {"rows": list(reversed(rows)), "every_role": ROLES, **given, **_values(look, "tokens")}
    return View("admin_tokens.html", values, status)


async def add_token(look: Look) -> View:
    """Makes a token; its secret is on this answer and nowhere else."""
    given = {name: str(value).strip() for name, value in (look.form.items() if look.form else ())}
    days = given.get("days", "")
    try:
        if not given.get("name") or len(given["name"]) > 300 or "\x00" in given["name"]:
            raise Invalid.field("/name", "bad_length", "a token has a name")
        if days and not (days.isascii() and days.isdigit() and 1 <= int(days) <= 36_500):
            raise Invalid.field("/days", "wrong_type", "days are a number from 1")
        secret = await people.create_token(
            look.conn, given["name"], given.get("role", ""), given.get("login") or None, int(days) if days else None,
            look.now,
        )  # fmt: skip
    except CallcenterError as error:
        return await _tokens(look, 422, error=error, given=given)
    return await _tokens(look, secret=secret)


async def end_token(look: Look) -> Go:
    """The token is no longer valid."""
    await people.revoke_token(look.conn, look.number, look.now)
    return Go("/admin/tokens")


async def password(look: Look) -> View:
    """The form of a new password."""
    user = await resources.get(look.conn, RESOURCES["users"], look.number, look.actor)
    return View("_password_form.html", {"user": user, "error": None, "done": False})


async def set_password(look: Look) -> View:
    """The user signs in with the new password from now on, and anew wherever they were signed in."""
    user = await resources.get(look.conn, RESOURCES["users"], look.number, look.actor)
    new = str(look.form.get("password", "")) if look.form is not None else ""
    try:
        await people.set_password(look.conn, user.login, new, look.now)
    except CallcenterError as error:
        return View("_password_form.html", {"user": user, "error": error, "done": False}, 422)
    await own_settings.sign_out_others(look.conn, user.login, None)
    return View("_password_form.html", {"user": user, "error": None, "done": True})


async def test_channel(look: Look) -> View:
    """A made-up warning has gone out to whoever asked, or why it has not."""
    tested = await deliveries.test_channel(look.conn, look.context, look.number, look.actor)
    return View("_channel_tested.html", {"tested": tested})


PAGES = [
    Page("GET", "/admin", start, "users.read"),
    *(
        Page("GET", f"/admin/{kind}", _plain(kind), RESOURCES[kind].reads)
        for kind in ("users", "teams", "queues", "partners", "travel_times", "channels")
    ),
    Page("GET", "/admin/rota", rota, "staff.read"),
    Page("GET", "/admin/calendars", calendars, "contracts.read"),
    Page("GET", "/admin/tokens", tokens, "users.write"),
    Page("POST", "/admin/tokens", add_token, "users.write"),
    Page("POST", "/admin/tokens/{number}/end", end_token, "users.write"),
    Page("GET", "/admin/users/{number}/password", password, "users.write"),
    Page("POST", "/admin/users/{number}/password", set_password, "users.write"),
    Page("POST", "/admin/channels/{number}/test", test_channel, "channels.write"),
]
