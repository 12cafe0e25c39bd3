"""What the forms of plain records ask, and how their answers are read."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import msgspec

from callcenter.rights import ROLES
from callcenter.web.pages.navigation import N_
from callcenter.web.pages.rendering import LOCALES
from callcenter.web.pages.rota_hours import read_hours, written_hours


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form; `kind` decides the control, `choices` are values with what they are called."""

    name: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    note: str = ""


ROLE_NAMES = {
    "agent": N_("Agent"),
    "dispatcher": N_("Dispatcher"),
    "engineer": N_("Engineer"),
    "partner": N_("Partner's engineer"),
    "follow_up": N_("Follow-up"),
    "supervisor": N_("Supervisor"),
    "contract_manager": N_("Contract manager"),
    "admin": N_("Administrator"),
    "auditor": N_("Auditor"),
    "wallboard": N_("Wallboard"),
    "integration": N_("Integration"),
}
LANGUAGES = {"zh-CN": "简体中文", "zh-TW": "繁體中文", "en": "English"}
_FORMULAS = (
    ("F1", N_("F1: answered or abandoned in time, of all")),
    ("F2", N_("F2: answered in time, of the answered")),
    ("F3", N_("F3: answered in time, of all")),
    ("F4", N_("F4: answered in time, of all but those abandoned in time")),
)
_TURNS = (
    ("shift", N_("Shift")),
    ("override", N_("Instead of all shifts")),
    ("swap", N_("Exchange of two people")),
)
_NAME, _REMARKS = Field("name", N_("Name")), Field("remarks", N_("Remarks"), "area")
_PHONE, _EMAIL = Field("phone", N_("Phone"), "tel"), Field("email", N_("E-mail"), "email")

FIELDS: Mapping[str, tuple[Field, ...]] = {
    "accounts": (
        _NAME,
        Field("grade", N_("Grade")),
        Field("complaint", N_("Complaint running: handle with care"), "tick"),
        _REMARKS,
    ),
    "sites": (
        _NAME,
        Field("region", N_("Region"), "suggest", note=N_("As the contract names it: promises depend on it")),
        Field("address", N_("Address"), "area"),
        _REMARKS,
    ),
    "contacts": (_NAME, _PHONE, _EMAIL, Field("site", N_("Site"), "record"), _REMARKS),
    "assets": (
        Field("serial", N_("Serial number")),
        Field("model", N_("Model")),
        Field("product_line", N_("Product line")),
        Field("warranty_until", N_("In warranty until"), "date"),
        Field("site", N_("Site"), "record"),
        _REMARKS,
    ),
    "partners": (
        _NAME,
        Field("regions", N_("Regions"), "words"),
        Field("product_lines", N_("Product lines"), "words"),
        _PHONE,
        _EMAIL,
        _REMARKS,
    ),
    "users": (
        Field("login", N_("Login")),
        _NAME,
        Field("role", N_("Role"), "choice", tuple((role, ROLE_NAMES[role]) for role in ROLES)),
        _EMAIL,
        _PHONE,
        Field("locale", N_("Language"), "choice", tuple((one, LANGUAGES[one]) for one in LOCALES)),
        Field("partner", N_("Service partner"), "record"),
        Field("digest_minutes", N_("Warnings gathered, every (min)"), "number"),
        Field("quiet_from", N_("Quiet from"), "time"),
        Field("quiet_until", N_("Quiet until"), "time"),
        Field("timezone", N_("Time zone"), note=N_("Such as Asia/Shanghai; for quiet hours")),
        Field("active", N_("May sign in"), "tick"),
    ),
    "teams": (_NAME, Field("members", N_("Members"), "people"), _REMARKS),
    "queues": (
        _NAME,
        Field("answer_within_s", N_("Answer within (s)"), "number"),
        Field("short_abandon_s", N_("Not counted when abandoned within (s)"), "number"),
        Field("service_level", N_("Service level"), "choice", _FORMULAS),
    ),
    "travel_times": (Field("region", N_("Region")), Field("minutes", N_("Travel time (min)"), "number")),
    "rota": (
        Field("duty", N_("Duty"), "suggest"),
        Field("kind", N_("What it is"), "choice", _TURNS),
        Field("login", N_("Person"), "person"),
        Field("team", N_("or team"), "team"),
        Field("with_login", N_("Exchanged with"), "person", note=N_("Only for an exchange")),
        Field("from_at", N_("From"), "moment"),
        Field("until_at", N_("Until"), "moment"),
        Field("region", N_("Only for this region")),
        Field(
            "hours",
            N_("Only in these hours"),
            "hours",
            note=N_("A line a day, such as mon-fri: 09:00-18:00; holidays: CN leaves those out. Empty: always"),
        ),
        Field("note", N_("Note"), "area"),
    ),
    "channels": (
        _NAME,
        Field("duties", N_("For these duties only"), "words", note=N_("Empty: for all")),
        Field("active", N_("In use"), "tick"),
    ),
}


def answers(
    fields: Iterable[Field], record: type[msgspec.Struct], form: Mapping[str, Any], zone: str
) -> dict[str, Any]:
    """The values a form gives for these fields; what was left empty is None where that is allowed.

    Wall-clock times are those of the zone.
    """
    hints = {one.name: one.type for one in msgspec.structs.fields(record)}
    return {field.name: _answer(field, hints[field.name], form, zone) for field in fields if field.name in hints}


def _answer(field: Field, hint: Any, form: Mapping[str, Any], zone: str) -> Any:
    text = str(form.get(field.name, "")).strip()
    if field.kind == "tick":
        return field.name in form
    if field.kind == "people":
        chosen: list[str] = [str(one) for one in form.getall(field.name, [])]  # type: ignore[attr-defined]  # a multidict
        return chosen
    if field.kind == "hours":
        return read_hours(text, zone)
    if field.kind == "words":
        return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]
    if not text and optional(hint):
        return None
    if field.kind == "moment":
        with suppress(ValueError, OverflowError):
            return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return text


def printed(values: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """The values as a form writes them: instants as wall-clock times of the zone."""
    local = {name: value.astimezone(ZoneInfo(zone)) for name, value in values.items() if isinstance(value, datetime)}
    written = {"hours": written_hours(values["hours"], zone)} if isinstance(values.get("hours"), Mapping) else {}
    return {**values, **written, **{name: value.strftime("%Y-%m-%dT%H:%M") for name, value in local.items()}}


def optional(hint: Any) -> bool:
    """True where a field may be empty."""
    return get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint)
