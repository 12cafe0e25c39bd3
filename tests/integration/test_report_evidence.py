"""Evaluation forms: refused where they are wrong, filled from figures, graded when nothing is missing."""

from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from callcenter.errors import Invalid
from callcenter.services import evidence, reports
from callcenter.services.evidence import Form, FormItem, GivePoints, earned, grade, read
from callcenter.services.types import Actor
from tests.integration.test_report_forms import CONTEXT, NOW, conn  # noqa: F401  a fixture

EXAMPLE = Path(__file__).parents[2] / "examples" / "evidence" / "service-evaluation.yaml"
MANAGER = Actor("manager", "contract_manager")


@pytest.mark.parametrize(
    ("percent", "stars"),
    [(69.9, None), (70.0, "pass"), (79.9, "pass"), (80.0, "three stars"), (90.0, "four stars"), (95.0, "five stars")],
)
def test_the_grade_follows_from_the_points(percent: float, stars: str | None) -> None:
    assert grade(read(EXAMPLE.read_text("utf-8")), percent) == stars


@pytest.mark.parametrize(("value", "points"), [(50, "0"), (80, "0"), (89.96, "6.6"), (95, "10"), (100, "10")])
def test_points_rise_evenly_and_are_rounded_down(value: float, points: str) -> None:
    item = FormItem(item="1", title="t", points=10, fill="promises.net", full=95, none=80)
    assert earned(item, value) == Decimal(points)


def test_less_can_be_better() -> None:
    item = FormItem(item="1", title="t", points=10, fill="assets.repeat_rate", full=0, none=10)
    assert [earned(item, value) for value in (0, 5, 10, 40)] == [10, 5, 0, 0]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "form: [",
        "form: x\ntitle: t\nitems: []",
        "form: x\ntitle: t\nitems: [{item: a, title: t, points: 5, fill: nothing.known, full: 1, none: 0}]",
        "form: x\ntitle: t\nitems: [{item: a, title: t, points: 5, fill: promises.net}]",
        "form: x\ntitle: t\nitems: [{item: a, title: t, points: 5}, {item: a, title: t, points: 5}]",
        "form: x\ntitle: &a t\nitems: [{item: *a, title: *a, points: 5}]",
        "form: x\ntitle: t\nitems: [{item: a, title: t, points: -5}]",
    ],
)
def test_wrong_forms_are_refused(source: str) -> None:
    with pytest.raises(Invalid):
        read(source)


async def test_a_form_is_filled_from_the_month_and_by_hand(conn: asyncpg.Connection) -> None:  # noqa: F811
    shown = await evidence.put(conn, EXAMPLE.read_text("utf-8"), MANAGER, NOW)
    assert (shown.items, shown.points) == (6, "40")
    found = (await reports.build(conn, CONTEXT, "HF-1", "2026-10", NOW)).evidence[0]
    points = {one.item: one.points for one in found.items}
    # promises 19 of 24 = 79.1 %: none; restored 62.5 %: none; every visit was the only one: all; the rest is not known
    assert points == {"1": None, "2": None, "3": "0.0", "4": "0.0", "5": "5.0", "6": None}
    assert (found.grade, found.missing, found.percent) == (None, ["1", "2", "6"], 12.5)
    for item, given in (("1", 5), ("2", 10), ("3", 10), ("4", 5), ("6", 5)):
        word = GivePoints(form="service-evaluation", month="2026-10", item=item, points=given)
        await evidence.give(conn, CONTEXT, "HF-1", word, MANAGER, NOW)
    found = (await reports.build(conn, CONTEXT, "HF-1", "2026-10", NOW)).evidence[0]
    assert (found.so_far, found.percent, found.grade) == ("40.0", 100.0, "five stars")
    too_many = GivePoints(form="service-evaluation", month="2026-10", item="1", points=6)
    with pytest.raises(Invalid, match="at most"):
        await evidence.give(conn, CONTEXT, "HF-1", too_many, MANAGER, NOW)


def test_a_form_has_grades_of_its_own_where_it_names_none() -> None:
    form = read("form: x\ntitle: t\nitems: [{item: a, title: t, points: 5}]")
    assert isinstance(form, Form)
    assert grade(form, 96) == "five stars"
