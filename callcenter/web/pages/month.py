"""What the pages of a contract's month share: which month, the tabs between them, what a form of theirs says."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

import msgspec

from callcenter.errors import CallcenterError, FieldError, Invalid
from callcenter.services import compliance
from callcenter.services.compliance import Month
from callcenter.services.report_forms import FORMS
from callcenter.web.pages.fields import LANGUAGES
from callcenter.web.pages.navigation import N_
from callcenter.web.pages.page import Go, Look
from callcenter.web.pages.words import word
from callcenter.web.problems import field_of

_Kind = TypeVar("_Kind")
TABS = (
    ("", N_("Figures")),
    ("now", N_("Now")),
    ("breaches", N_("Breaches")),
    ("credits", N_("Credits")),
    ("evidence", N_("Evaluation forms")),
    ("seal", N_("Seal")),
)
# The tables a CSV file can hold, as the report names them.
SECTIONS = {
    "promises": N_("Promises of the month"),
    "breaches": N_("Breaches"),
    "hotline_queues": N_("Hotline by queue"),
    "half_hours": N_("Hotline by half-hour"),
    "on_site": N_("On site by region"),
    "exemptions": N_("Exemptions"),
    "pauses": N_("Pauses"),
    "follow_ups": N_("Follow-ups"),
    "repeated_assets": N_("Equipment that failed again"),
    "trend": N_("Trend of 12 months"),
    "credits": N_("Credits"),
}


def first_of(month: str) -> date:
    """The first day of a month as `2026-10`; Invalid for what is none."""
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Invalid.field("?month", "bad_month", f"{month[:20]} is no month; write 2026-10") from error


async def month_of(look: Look) -> Month:
    """The month the address or the form names, the running one where neither does."""
    asked = look.http.query.get("month") if look.form is None else str(look.form.get("month", ""))
    if asked is not None:
        first_of(asked)
    return await compliance.find(look.conn, look.context, look.http.match_info["code"], asked, look.now)


def head(look: Look, found: Month, here: str) -> dict[str, Any]:
    """The values every page of a month is drawn with."""
    first = first_of(found.name)
    return {
        "month": found,
        "terms": found.terms,
        "word": word,
        "tabs": TABS,
        "here": here,
        "before": f"{first - timedelta(days=1):%Y-%m}",
        "after": f"{first + timedelta(days=31):%Y-%m}" if found.until <= look.now else None,
        "over": found.until <= look.now,
        "forms": FORMS,
        "sections": SECTIONS,
        "languages": LANGUAGES,
        "refused": None,
        "given": {},
    }


def given(look: Look) -> dict[str, str]:
    """The fields of the form that were filled in."""
    if look.form is None:
        return {}
    said = {name: value.replace("\x00", "").strip() for name, value in look.form.items() if isinstance(value, str)}
    return {name: value for name, value in said.items() if value}


def asked_for(values: Mapping[str, str], kind: type[_Kind]) -> _Kind:
    """The form as the service takes it; Invalid, naming the field, where it cannot be read."""
    known = {name: values[name] for name in kind.__struct_fields__ if name in values}  # type: ignore[attr-defined]
    missing = [one.name for one in msgspec.structs.fields(kind) if one.required and one.name not in known]  # type: ignore[arg-type]
    if missing:
        raise Invalid("fill this in", tuple(FieldError(f"/{name}", "missing", "this is needed") for name in missing))
    try:
        return msgspec.convert(known, kind, strict=False)
    except msgspec.ValidationError as error:
        wrong = field_of(error)
        raise Invalid(wrong.detail, (wrong,)) from error


def there(found: Month, tab: str, anchor: str = "") -> Go:
    """Look at a page of the month."""
    return Go(f"/reports/{found.code}/{tab}?month={found.name}{'#' if anchor else ''}{anchor}")


def why(error: CallcenterError) -> dict[str, Any]:
    """What a page says of a refusal: the first field's reason, else the whole one's."""
    return {"refused": error.errors[0] if isinstance(error, Invalid) and error.errors else error}
