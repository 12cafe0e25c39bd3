"""Evaluation forms: items and points a manager imports, filled from a month's figures where an item names one."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from callcenter.errors import Invalid, NotFound
from callcenter.reports.model import Report
from callcenter.reports.weighed import Evidence, EvidenceItem
from callcenter.services import compliance
from callcenter.services.compliance import Month
from callcenter.services.context import Context
from callcenter.services.types import Actor, Line, Text
from callcenter.store import evidence, reports
from callcenter.store.types import Connection

Points = Annotated[float, Meta(gt=0, le=1000)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\w.-]+$")]
_TENTH = Decimal("0.1")
_LARGEST = 131_072
_GRADES = {70.0: "pass", 80.0: "three stars", 90.0: "four stars", 95.0: "five stars"}
_ANCHOR = re.compile(r"(?:^|[\s\[{,])&\S")

# What an item may be filled from, besides `commitment.NAME`.
FIGURES: Mapping[str, Callable[[Report], float | None]] = {
    "hotline.answer_rate": lambda report: report.hotline.total.answer_rate,
    "hotline.service_level": lambda report: report.hotline.total.service_level,
    "hotline.first_call_resolution": lambda report: report.hotline.first_call_resolution,
    "promises.gross": lambda report: report.total.compliance,
    "promises.net": lambda report: report.total.net,
    "spoken.kept_rate": lambda report: report.spoken.kept_rate,
    "follow_ups.reached_rate": lambda report: report.follow_ups.reached_rate,
    "follow_ups.score": lambda report: report.follow_ups.score,
    "visits.first_time_fix": lambda report: report.repeats.first_time_fix,
    "assets.repeat_rate": lambda report: report.repeats.repeat_rate,
}


class FormItem(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An item: its points at most, and the figure they follow from where there is one."""

    item: Line
    title: Line
    points: Points
    fill: Line | None = None
    full: float | None = None
    none: float | None = None


class Form(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A form as its file writes it."""

    form: Name
    title: Line
    grades: dict[Percent, Line] = msgspec.field(default_factory=lambda: dict(_GRADES))
    items: Annotated[list[FormItem], Meta(min_length=1, max_length=1000)]


class FormShown(msgspec.Struct, kw_only=True):
    """A stored form."""

    form: str
    title: str
    items: int
    points: str
    by: str
    at: datetime


class Forms(msgspec.Struct, kw_only=True):
    """All stored forms."""

    items: list[FormShown]


class GivePoints(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Points of an item in a month, given by hand."""

    form: Name
    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)")]
    item: Line
    points: Annotated[float, Meta(ge=0, le=1000)]
    remark: Text | None = None


def read(source: str) -> Form:
    """The form that the YAML text writes; Invalid with the reason where it is none."""
    if len(source) > _LARGEST or _ANCHOR.search(source):  # an anchor could make a small file a large one
        raise Invalid("a form has at most 131072 signs and no anchors")
    try:
        form = msgspec.convert(yaml.safe_load(source), Form, strict=False)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Invalid(f"the form cannot be read: {str(error)[:300]}") from error
    seen: set[str] = set()
    for place, one in enumerate(form.items):
        _check(one, f"/items/{place}")
        if one.item in seen:
            raise Invalid.field(f"/items/{place}/item", "taken", f"there are two items {one.item}")
        seen.add(one.item)
    return form


def _check(item: FormItem, at: str) -> None:
    if item.fill is None:
        return
    if item.fill not in FIGURES and not item.fill.startswith("commitment."):
        known = ", ".join((*FIGURES, "commitment.NAME"))
        raise Invalid.field(f"{at}/fill", "unknown_figure", f"no figure {item.fill}; there are {known}")
    if item.full is None or item.none is None or item.full == item.none:
        raise Invalid.field(
            f"{at}/full", "missing", "an item that is filled says which figures earn all points and none"
        )


async def put(conn: Connection, source: str, actor: Actor, now: datetime) -> FormShown:
    """The form is stored, in place of the one of its name."""
    form = read(source)
    await evidence.put(conn, form.form, source, actor.name, now)
    return _shown(form, actor.name, now)


async def listing(conn: Connection) -> Forms:
    """All stored forms by name."""
    return Forms(items=[_shown(read(row["source"]), row["by"], row["at"]) for row in await evidence.forms(conn)])


def _shown(form: Form, by: str, at: datetime) -> FormShown:
    most = f"{sum(_decimal(one.points) for one in form.items):f}"
    return FormShown(form=form.form, title=form.title, items=len(form.items), points=most, by=by, at=at)


async def give(
    conn: Connection, context: Context, code: str, given: GivePoints, actor: Actor, now: datetime
) -> GivePoints:
    """The points are stored; Invalid where the item has fewer."""
    found = await compliance.find(conn, context, code, given.month, now)
    forms = {row["name"]: read(row["source"]) for row in await evidence.forms(conn)}
    if given.form not in forms:
        raise NotFound(f"no form {given.form}")
    item = next((one for one in forms[given.form].items if one.item == given.item), None)
    if item is None:
        raise Invalid.field("/item", "unknown_item", f"the form has no item {given.item}")
    if given.points > item.points:
        raise Invalid.field("/points", "too_many", f"item {given.item} has {item.points:g} points at most")
    place, points = (given.form, given.item), _decimal(given.points)
    await evidence.give(conn, found.contract, found.name, place, points, given.remark, actor.name, now)
    await reports.forget(conn, found.contract)
    return given


async def filled(conn: Connection, found: Month, report: Report) -> list[Evidence]:
    """Every form with the month's points: given by hand, else from the figure, else missing."""
    given = await evidence.points(conn, found.contract, found.name)
    return [_filled(read(row["source"]), given, report) for row in await evidence.forms(conn)]


def _filled(form: Form, given: Mapping[tuple[str, str], Any], report: Report) -> Evidence:
    items = [_item(form, one, given, report) for one in form.items]
    most = sum((_decimal(one.points) for one in form.items), Decimal(0))
    have = sum((Decimal(one.points) for one in items if one.points is not None), Decimal(0))
    percent = float((have * 100 / most).quantize(_TENTH, ROUND_DOWN))
    missing = [one.item for one in items if one.points is None]
    return Evidence(
        form=form.form,
        title=form.title,
        items=items,
        so_far=f"{have:f}",
        most=f"{most:f}",
        percent=percent,
        grade=None if missing else grade(form, percent),
        missing=missing,
    )


def grade(form: Form, percent: float) -> str | None:
    """The highest grade whose bound is reached, or None."""
    reached = [bound for bound in form.grades if percent >= bound]
    return form.grades[max(reached)] if reached else None


def _item(form: Form, item: FormItem, given: Mapping[tuple[str, str], Any], report: Report) -> EvidenceItem:
    most, row, value = f"{_decimal(item.points):f}", given.get((form.form, item.item)), None
    points: str | None = None
    if row is not None:
        points = f"{row['points']:f}"
    elif item.fill is not None and (value := _figure(item.fill, report)) is not None:
        points = f"{earned(item, value):f}"
    source = f"{row['by']}" if row is not None else item.fill or ""
    shown = None if value is None else f"{value:g}"
    return EvidenceItem(item=item.item, title=item.title, most=most, points=points, source=source, value=shown)


def earned(item: FormItem, value: float) -> Decimal:
    """The points a figure earns, rounded down to a tenth."""
    none, full = _decimal(item.none), _decimal(item.full)
    share = min(Decimal(1), max(Decimal(0), (_decimal(value) - none) / (full - none)))
    return (share * _decimal(item.points)).quantize(_TENTH, ROUND_DOWN)


def _figure(name: str, report: Report) -> float | None:
    if name in FIGURES:
        return FIGURES[name](report)
    wanted = name.removeprefix("commitment.")
    return next((row.net for row in report.by_commitment if row.commitment == wanted), None)


def _decimal(number: float | None) -> Decimal:
    return Decimal(f"{number or 0:g}")
