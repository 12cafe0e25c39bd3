"""What cannot be read or computed is refused, named, and never sought forever."""

from collections.abc import Mapping
from datetime import date

import pytest

from sla.calendar import Calendar, CalendarError, due
from sla.duration import parse
from sla.interval import read_instant, write_instant

WEEK = {"mon-fri": "09:00-12:00 13:30-18:00", "sat": "09:00-12:00"}


def at(text: str) -> int:
    return read_instant(text if text[-1] == "Z" or "+" in text else text + "Z")


def calendar(zone: str = "UTC", **spec: object) -> Calendar:
    return Calendar.build("test", {"timezone": zone, **spec}, "UTC")


def due_of(one: Calendar, within: str, start: str) -> str:
    return write_instant(due(one, parse(within), at(start)))


class TestRefusals:
    @pytest.mark.parametrize(
        ("spec", "path", "words"),
        [
            ("24/7", (), "write 24x7 or a mapping"),
            ({"week": WEEK, "holliday": "CN"}, ("holliday",), "known are timezone, week"),
            ({"week": WEEK, "timezone": "Asia/Peking2"}, ("timezone",), "IANA name"),
            ({"week": WEEK, "timezone": "Asia"}, ("timezone",), "IANA name"),
            ({"week": WEEK, "timezone": 8}, ("timezone",), "IANA name"),
            ({"week": {"monday": "09:00-17:00"}}, ("week", "monday"), "or a range such as mon-fri"),
            ({"week": {"mon-fri-sat": "09:00-17:00"}}, ("week", "mon-fri-sat"), "is not a weekday"),
            ({"week": {"mon": "9:00-17:00"}}, ("week", "mon"), "09:00-12:00"),
            ({"week": {"mon": "09:00-25:00"}}, ("week", "mon"), "is not a time of day"),
            ({"week": {"mon": "24:00-06:00"}}, ("week", "mon"), "is not a time of day"),
            ({"week": {"mon": ""}}, ("week", "mon"), "are not hours"),
            ({"week": {"mon": False}}, ("week", "mon"), "are not hours"),
            ({"week": "mon-fri"}, ("week",), "is not a mapping"),
            ({"week": WEEK, "days": ["2026-10-08"]}, ("days",), "is not a mapping"),
            ({"week": WEEK, "days": {"10-08": "closed"}}, ("days", "10-08"), "is not a date"),
            ({"week": WEEK, "days": {"2026-02-30": "closed"}}, ("days", "2026-02-30"), "write 2026-10-08"),
            ({"week": WEEK, "holidays": "XX"}, ("holidays",), "no holidays are known for 'XX'"),
            ({"week": WEEK, "holidays": ["CN", "DE-ZZ"]}, ("holidays", 1), "no holidays are known for 'DE-ZZ'"),
            ({"week": WEEK, "holidays": ["cn"]}, ("holidays", 0), "is not a holiday region"),
            ({"week": WEEK, "holidays": ["02-30"]}, ("holidays", 0), "write month and day as 12-24"),
            ({"week": WEEK, "holidays": [False]}, ("holidays", 0), "in quotes for Norway"),
            ({"week": WEEK, "holidays": {"CN": True}}, ("holidays",), "is not a holiday"),
            ({"week": WEEK, "holiday_hours": "10"}, ("holiday_hours",), "is not an interval"),
            ({"week": WEEK, "cutoff": 960}, ("cutoff",), 'in quotes as "16:00"'),
            ({"week": WEEK, "cutoff": "24:00"}, ("cutoff",), "is not a time of day"),
            ({"week": WEEK, "ends": "opening"}, ("ends",), "write closing or next_opening"),
            ({}, ("week",), "never open"),
            ({"week": {"mon": "closed"}, "holiday_hours": "09:00-10:00"}, ("week",), "never open"),
            ({"week": {}, "holidays": "CN", "days": {"2026-10-08": "closed"}}, ("week",), "never open"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, spec: str | Mapping[str, object], path: tuple[object, ...], words: str
    ) -> None:
        with pytest.raises(CalendarError, match=words) as caught:
            Calendar.build("test", spec, "UTC")
        assert caught.value.path == path

    def test_an_unknown_default_zone_is_refused_for_24x7_too(self) -> None:
        with pytest.raises(CalendarError, match="IANA"):
            Calendar.build("always", "24x7", "Mars/Olympus")

    def test_yaml_dates_are_dates(self) -> None:
        one = calendar(week=WEEK, days={date(2026, 3, 2): "closed"}, holidays=[date(2026, 3, 3)])
        assert due_of(one, "0m", "2026-03-02T09:00:00") == "2026-03-04T09:00:00Z"

    @pytest.mark.parametrize("within", ["999999h", "999999wd", "99999999d", "9999y"])
    def test_far_deadlines_are_refused_instead_of_sought_forever(self, within: str) -> None:
        one = calendar(week={"mon": "09:00-10:00"})
        with pytest.raises(ValueError, match="the deadline lies"):
            due(one, parse(within), at("2026-03-02T09:00:00"))

    def test_a_calendar_open_only_in_the_past_has_no_deadline(self) -> None:
        one = calendar(days={"2020-01-01": "09:00-10:00"})
        assert due_of(one, "1h", "2019-12-31T09:00:00") == "2020-01-01T10:00:00Z"
        for within in ("0m", "1h", "0wd"):
            with pytest.raises(ValueError, match="beyond the year 2199"):
                due(one, parse(within), at("2026-03-02T09:00:00"))

    def test_always_open_knows_its_limits_too(self) -> None:
        always = Calendar.build("always", "24x7", "Asia/Shanghai")
        for within in ("999999999h", "1d"):
            with pytest.raises(ValueError, match="the deadline lies"):
                due(always, parse(within), at("9999-12-31T23:00:00"))

    def test_instants_far_apart_agree_in_any_order_of_asking(self) -> None:
        asked = ["2026-03-02T10:00:00", "1931-05-04T10:00:00", "2199-01-07T10:00:00", "2026-03-02T10:00:00"]
        one = calendar(week=WEEK)
        for start in asked:
            fresh = calendar(week=WEEK)
            assert due_of(one, "30h", start) == due_of(fresh, "30h", start)
