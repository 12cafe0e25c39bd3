"""Plain records edited in place: customers, their places, people and equipment, and what an admin keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from callcenter.errors import CallcenterError, FieldError, Forbidden, Invalid, NotFound, Stale
from callcenter.services import people, resources
from callcenter.services.office import house_zone
from callcenter.services.resources import RESOURCES, Resource
from callcenter.web.pages.channel_fields import channel_fields, config_of
from callcenter.web.pages.fields import FIELDS, Field, answers, printed
from callcenter.web.pages.navigation import N_
from callcenter.web.pages.page import Go, Look, Page, View
from callcenter.web.problems import field_of

_OF_ACCOUNT = ("sites", "contacts", "assets")
_MOST = 1000


@dataclass(slots=True)
class Form:
    """A form as it is shown: what it holds, what was wrong, and what others have stored meanwhile."""

    kind: str
    record: int | None
    version: int
    values: Mapping[str, Any]
    fields: tuple[Field, ...]
    choices: Mapping[str, list[tuple[str, str]]]
    account: int | None = None
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    said: CallcenterError | None = None
    theirs: Mapping[str, Any] = field(default_factory=dict)
    changed_at: Any = None


async def blank(look: Look) -> View:
    """An empty form."""
    resource = _resource(look)
    defaults = {
        one.name: one.default for one in msgspec.structs.fields(resource.record) if one.default is not msgspec.NODEFAULT
    }
    defaults |= {one.name: one.default_factory() for one in msgspec.structs.fields(resource.record)
                 if one.default_factory is not msgspec.NODEFAULT}  # fmt: skip
    values = {**defaults, **{name: value for name, value in look.http.query.items() if name in ("kind", "duty")}}
    return _view(await _form(look, resource, None, 0, values, _whole(look.http.query.get("account"))))


async def edit(look: Look) -> View:
    """The form of a stored record."""
    resource = _resource(look)
    shown = await resources.get(look.conn, resource, look.number, look.actor)
    return _view(await _form(look, resource, shown.id, shown.version, _values(shown), getattr(shown, "account", None)))


async def add(look: Look) -> View | Go | web.Response:
    """Stores a new record, or shows the form again with what is wrong."""
    resource = _resource(look)
    form = _sent(look)
    account = _whole(form.get("account"))
    given = _given(look, resource, account)
    try:
        made = await _made(look, resource, given)
    except CallcenterError as error:
        return _refused(await _form(look, resource, None, 0, given, account), error)
    return _done(look, resource.name, account, made.id if resource.name == "accounts" else None)


async def _made(look: Look, resource: Resource, given: dict[str, Any]) -> Any:
    record: Any = _convert(given, resource.record)
    settings = look.context.settings
    password = str(_sent(look).get("password", ""))
    if resource.name == "users" and password:
        await people.create(look.conn, record, password, settings, look.now)
        return record
    return await resources.add(look.conn, resource, record, settings, look.actor, look.now)


async def save(look: Look) -> View | Go | web.Response:
    """Stores a change, or shows the form again; where somebody else was first, with both texts."""
    resource = _resource(look)
    form = _sent(look)
    shown = await resources.get(look.conn, resource, look.number, look.actor)
    given = _given(look, resource, None, shown)
    account = getattr(shown, "account", None)
    version = _whole(form.get("version")) or 0
    try:
        change = _convert(given, resource.change)
        await resources.change(
            look.conn, resource, look.number, change, version, look.context.settings, look.actor, look.now
        )
    except Stale as error:
        made = await _form(look, resource, shown.id, shown.version, given, account)
        stored = printed(_values(shown), house_zone(look.context))
        made.theirs = {
            name: stored[name] for name in given if name in stored and _differs(stored[name], made.values[name])
        }
        made.changed_at = shown.updated_at
        return _refused(made, error)
    except CallcenterError as error:
        return _refused(await _form(look, resource, shown.id, version, given, account), error)
    return _done(look, resource.name, account, look.number if resource.name == "accounts" else None)


async def remove(look: Look) -> View | Go | web.Response:
    """Removes a record, or says who still needs it."""
    resource = _resource(look)
    shown = await resources.get(look.conn, resource, look.number, look.actor)
    account = getattr(shown, "account", None)
    version = _whole(_sent(look).get("version")) or 0
    try:
        await resources.remove(look.conn, resource, look.number, version, look.now)
    except CallcenterError as error:
        return _refused(await _form(look, resource, shown.id, shown.version, _values(shown), account), error)
    return Go("/customers") if resource.name == "accounts" else _done(look, resource.name, account, None)


def _sent(look: Look) -> Mapping[str, Any]:
    return look.form if look.form is not None else {}


def _differs(stored: Any, typed: Any) -> bool:
    """True where a text in the form is not what is stored; a number is stored as one and typed as text."""
    return str("" if stored is None else stored) != str("" if typed is None else typed)


def _resource(look: Look) -> Resource:
    kind = look.http.match_info["kind"]
    if kind not in FIELDS:
        raise NotFound(f"no records called {kind[:40]}")
    if not look.may(RESOURCES[kind].writes):
        raise Forbidden(f"the role {look.actor.role} may not do this")
    return RESOURCES[kind]


def _given(look: Look, resource: Resource, account: int | None, shown: Any = None) -> dict[str, Any]:
    """The form's answers; what a record belongs to does not change."""
    form = _sent(look)
    given = answers(FIELDS[resource.name], resource.record, form, house_zone(look.context))
    if account is not None and resource.name in _OF_ACCOUNT:
        given["account"] = account
    if resource.name == "channels":
        given["kind"] = shown.kind if shown is not None else str(form.get("kind", ""))
        given["config"] = config_of(given["kind"], form)
    return given


def _values(shown: Any) -> dict[str, Any]:
    values = msgspec.structs.asdict(shown)
    if values.get("phone_raw"):
        values["phone"] = values["phone_raw"]
    return values


def _convert(given: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        found = field_of(error)
        raise Invalid(found.detail, (found,)) from error


async def _form(
    look: Look, resource: Resource, record: int | None, version: int, values: Mapping[str, Any], account: int | None
) -> Form:
    fields = FIELDS[resource.name]
    if resource.name == "channels":
        fields += channel_fields(values.get("kind"))
        values = {**values, **{f"config.{name}": value for name, value in (values.get("config") or {}).items()}}
    if resource.name == "users" and record is None:
        fields += (Field("password", N_("Password"), "new-password"),)
    choices = {one.name: await _choices(look, one, account) for one in fields}
    shown = printed(values, house_zone(look.context))
    return Form(resource.name, record, version, shown, fields, choices, account)


async def _choices(look: Look, asked: Field, account: int | None) -> list[tuple[str, str]]:
    """What may be picked where that depends on what is stored."""
    if asked.name == "site" and account is not None:
        rows = await resources.page(look.conn, RESOURCES["sites"], {"account": account}, 0, _MOST, None, look.actor)
        return [(str(row.id), row.name) for row in rows]
    if asked.name == "partner":
        rows = await resources.page(look.conn, RESOURCES["partners"], {}, 0, _MOST, None, look.actor)
        return [(str(row.id), row.name) for row in rows]
    if asked.kind == "team":
        rows = await resources.page(look.conn, RESOURCES["teams"], {}, 0, _MOST, None, look.actor)
        return [(row.name, row.name) for row in rows]
    if asked.kind in ("people", "person"):
        rows = await resources.page(look.conn, RESOURCES["users"], {}, 0, _MOST, None, look.actor)
        return [(row.login, row.name) for row in rows if row.active]
    return list(asked.choices)


def _view(form: Form, status: int = 200) -> View:
    return View("_record_form.html", {"form": form}, status)


def _refused(form: Form, error: CallcenterError) -> View:
    form.errors = {one.pointer.strip("/").replace("/", "."): one for one in error.errors}
    form.said = error
    return _view(form, 422)


def _done(look: Look, kind: str, account: int | None, made: int | None) -> Go | web.Response:
    """The page the record is on; a page that is open fetches itself again."""
    if look.fragment and made is None:
        return web.Response(status=204, headers={"HX-Trigger": "record-saved"})
    return Go(f"/customers/{account or made}" if account or made else f"/admin/{kind}")


def _whole(text: Any) -> int | None:
    text = str(text or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


PAGES = [
    Page("GET", "/records/{kind}/new", blank),
    Page("GET", "/records/{kind}/{number}/edit", edit),
    Page("POST", "/records/{kind}", add),
    Page("POST", "/records/{kind}/{number}", save),
    Page("POST", "/records/{kind}/{number}/remove", remove),
]
