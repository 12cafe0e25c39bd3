"""Log a call: an agent's home."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from callcenter.errors import CallcenterError, FieldError, Invalid
from callcenter.services import desk as desks
from callcenter.services import drafts, promise, taking
from callcenter.services.desk import Desk, Pick
from callcenter.services.promise import AskPromise, Promised
from callcenter.services.taking import FORM, Taken
from callcenter.web.pages.page import Go, Look, Page, View
from callcenter.web.problems import field_of

_Kind = TypeVar("_Kind")
KINDS = ("fault", "question", "complaint", "request")
IMPACTS = ("down", "severe", "partial", "intermittent", "none")
LIABILITIES = ("ours", "customer", "third_party", "unknown")


async def form(look: Look) -> View | Go:
    """The form; those who do not log calls start at what is next."""
    if not look.may("calls.log"):
        return Go("/next")
    kept = [{"id": str(one.id), **one.data} for one in await drafts.listing(look.conn, FORM, look.actor)]
    choices = {"kinds": KINDS, "impacts": IMPACTS, "liabilities": LIABILITIES}
    return View("log.html", {"kept": kept, "desk": None, "error": None, **choices})


async def card(look: Look) -> View:
    """The caller card, and the fields that depend on who calls."""
    given = _given(look)
    try:
        known = await desks.desk(look.conn, look.context, _convert(_only(given, Pick), Pick), look.now)
    except CallcenterError as error:
        return View("_card.html", {"desk": None, "error": error}, 422)
    return View("_card.html", {"desk": known, "error": None})


async def promised(look: Look) -> View:
    """Grade and promise times for the answers so far."""
    given = _given(look)
    try:
        taken = _taken(given)
        pick = _convert(_only(given, Pick), Pick)
        known = await desks.desk(look.conn, look.context, pick, look.now)
        told = await _told(look, known, taken)
    except CallcenterError as error:
        return View("_promise.html", {"desk": None, "promised": None, "error": error, "taken": None, "stops": {}})
    terms = known.cover.terms if known.cover else None
    stops = {one.name: one.stops[0] for one in terms.commitments if one.stops} if terms else {}
    return View("_promise.html", {"desk": known, "promised": told, "error": None, "taken": taken, "stops": stops})


async def _told(look: Look, known: Desk, taken: Taken) -> Promised | None:
    if known.cover is None:
        return None
    asked = AskPromise(
        contract=known.cover.code, kind=taken.kind, facts=taken.facts or None, severity=taken.severity,
        severity_reason=taken.severity_reason or ("not given yet" if taken.severity else None),
        region=taken.region or known.region, reported_at=taken.reported_at or taken.started_at,
    )  # fmt: skip
    return await promise.ask(look.conn, look.context, asked, look.actor, look.now)


async def save(look: Look) -> View:
    """Saves what was taken down, and says what was promised."""
    try:
        saved = await taking.save(look.conn, look.context, _taken(_given(look)), look.actor, look.now)
    except CallcenterError as error:
        return View("_refused.html", {"error": error}, 422)
    return View("_saved.html", {"saved": saved})


def _given(look: Look) -> dict[str, str]:
    """The fields that were filled in."""
    if look.form is None:
        return {}
    return {name: value for name, value in look.form.items() if isinstance(value, str) and value.strip()}


def _only(given: Mapping[str, str], kind: type[msgspec.Struct]) -> dict[str, str]:
    return {name: given[name] for name in kind.__struct_fields__ if name in given}


def _convert(values: Mapping[str, Any], kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        found = field_of(error)
        raise Invalid(found.detail, (found,)) from error


def _taken(given: Mapping[str, str]) -> Taken:
    values: dict[str, Any] = _only(given, Taken)
    values["facts"] = {name.removeprefix("fact."): value for name, value in given.items() if name.startswith("fact.")}
    for local, name in (("promised_at", "promised_until"), ("corrected_at", "reported_at")):
        if local in given:
            values[name] = _instant(given[local], _zone(given), f"/{name}")
    return _convert(values, Taken)


def _zone(given: Mapping[str, str]) -> ZoneInfo:
    try:
        return ZoneInfo(given.get("zone", "UTC"))
    except (KeyError, ValueError, OSError):  # unknown, no name, or a folder
        return ZoneInfo("UTC")


def _instant(local: str, zone: ZoneInfo, pointer: str) -> datetime:
    """The instant of a wall-clock time as a form writes it."""
    try:
        return datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("no such time", (FieldError(pointer, "bad_time", f"{local[:40]} is no time"),)) from error


PAGES = [
    Page("GET", "/", form),
    Page("POST", "/log/card", card, "calls.log"),
    Page("POST", "/log/promise", promised, "calls.log"),
    Page("POST", "/log", save, "calls.log"),
]
