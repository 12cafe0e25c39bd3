"""The sentences of the Durations section and of the pauses, one by one."""

import pytest

from sla.calendar import Calendar, due, open_between
from sla.duration import parse
from sla.interval import SECOND, Interval, read_instant, write_instant

HOUR = 3600 * SECOND
WEEK = {"mon-fri": "09:00-12:00 13:30-18:00", "sat": "09:00-12:00"}


def at(text: str) -> int:
    return read_instant(text if text[-1] == "Z" or "+" in text else text + "Z")


def calendar(zone: str = "UTC", **spec: object) -> Calendar:
    return Calendar.build("test", {"timezone": zone, **spec}, "UTC")


def due_of(one: Calendar, within: str, start: str, *pauses: tuple[str, str]) -> str:
    spans = [Interval(at(begin), at(end)) for begin, end in pauses]
    return write_instant(due(one, parse(within), at(start), spans))


class TestOpenTime:
    def test_0m_is_due_at_the_first_open_instant_at_or_after_the_start(self) -> None:
        one = calendar(week=WEEK)
        assert due_of(one, "0m", "2026-03-02T10:00:00") == "2026-03-02T10:00:00Z"
        assert due_of(one, "0m", "2026-03-02T12:00:00") == "2026-03-02T13:30:00Z"
        assert due_of(one, "0m", "2026-03-07T12:00:00") == "2026-03-09T09:00:00Z"

    def test_time_that_runs_out_at_closing_is_due_then_or_at_the_next_opening(self) -> None:
        closing, opening = calendar(week=WEEK), calendar(week=WEEK, ends="next_opening")
        assert due_of(closing, "1h", "2026-03-02T11:00:00") == "2026-03-02T12:00:00Z"
        assert due_of(opening, "1h", "2026-03-02T11:00:00") == "2026-03-02T13:30:00Z"
        assert due_of(opening, "1h", "2026-03-02T10:59:59") == "2026-03-02T11:59:59Z"
        round_the_clock = calendar(week={"mon-sun": "00:00-24:00"}, ends="next_opening")
        assert due_of(round_the_clock, "1h", "2026-03-02T23:00:00") == "2026-03-03T00:00:00Z"

    def test_next_opening_concerns_neither_pauses_nor_working_days_nor_civil_time(self) -> None:
        one = calendar(week=WEEK, ends="next_opening")
        assert due_of(one, "1h", "2026-03-02T10:00:00", ("2026-03-02T11:00:00", "2026-03-03T10:00:00")) == (
            "2026-03-02T11:00:00Z"
        )
        assert due_of(one, "0wd", "2026-03-02T10:00:00") == "2026-03-02T18:00:00Z"
        assert due_of(one, "1d", "2026-03-02T12:00:00") == "2026-03-03T12:00:00Z"

    def test_a_pause_begun_before_the_deadline_does_not_count(self) -> None:
        one = calendar(week=WEEK)
        pause = ("2026-03-02T11:30:00", "2026-03-02T14:00:00")  # an hour of it is open
        assert due_of(one, "2h", "2026-03-02T10:00:00", pause) == "2026-03-02T14:30:00Z"
        assert due_of(one, "90m", "2026-03-02T10:00:00", pause) == "2026-03-02T11:30:00Z"

    def test_a_pause_before_the_start_counts_from_the_start(self) -> None:
        one = calendar(week=WEEK)
        pause = ("2026-03-02T09:00:00", "2026-03-02T10:30:00")
        assert due_of(one, "1h", "2026-03-02T10:00:00", pause) == "2026-03-02T11:30:00Z"
        assert due_of(one, "1h", "2026-03-02T10:30:00", pause) == "2026-03-02T11:30:00Z"

    def test_a_later_pause_counts_when_an_earlier_one_brought_it_before_the_deadline(self) -> None:
        always = Calendar.build("always", "24x7", "UTC")
        first = ("2026-03-02T10:30:00", "2026-03-02T11:00:00")
        second = ("2026-03-02T11:15:00", "2026-03-02T12:00:00")
        assert due_of(always, "1h", "2026-03-02T10:00:00", second) == "2026-03-02T11:00:00Z"
        assert due_of(always, "1h", "2026-03-02T10:00:00", second, first) == "2026-03-02T12:15:00Z"

    def test_open_time_between_leaves_pauses_out_once(self) -> None:
        one = calendar(week=WEEK)
        pauses = [
            Interval(at("2026-03-02T11:00:00"), at("2026-03-02T14:00:00")),
            Interval(at("2026-03-02T11:30:00"), at("2026-03-02T13:45:00")),
        ]
        assert open_between(one, at("2026-03-02T09:00:00"), at("2026-03-02T15:00:00"), pauses) == 3 * HOUR
        assert open_between(one, at("2026-03-02T09:00:00"), at("2026-03-02T10:00:00"), pauses) == HOUR
        assert open_between(one, at("2026-03-02T10:00:00"), at("2026-03-02T09:00:00"), pauses) == 0


class TestWorkingDays:
    def test_due_at_the_closing_of_the_third_working_day_after_the_own(self) -> None:
        one = calendar(week=WEEK)
        assert due_of(one, "3wd", "2026-03-02T10:00:00") == "2026-03-05T18:00:00Z"
        assert due_of(one, "3wd", "2026-03-05T10:00:00") == "2026-03-09T18:00:00Z"  # Friday, Saturday, Monday
        assert due_of(one, "NBD", "2026-03-06T10:00:00") == "2026-03-07T12:00:00Z"

    def test_the_closing_is_the_end_of_the_last_interval_not_lunch(self) -> None:
        assert due_of(calendar(week=WEEK), "0wd", "2026-03-02T11:00:00") == "2026-03-02T18:00:00Z"

    def test_a_start_outside_hours_counts_as_made_at_the_next_opening(self) -> None:
        one = calendar(week=WEEK)
        assert due_of(one, "0wd", "2026-03-08T10:00:00") == "2026-03-09T18:00:00Z"  # Sunday
        assert due_of(one, "0wd", "2026-03-02T18:00:00.000001") == "2026-03-03T18:00:00Z"
        assert due_of(one, "0wd", "2026-03-02T18:00:00") == "2026-03-02T18:00:00Z"

    def test_a_start_later_than_the_cutoff_counts_from_the_next_working_day(self) -> None:
        one = calendar("Asia/Shanghai", week=WEEK, cutoff="16:00")
        assert due_of(one, "0wd", "2026-03-02T16:00:00+08:00") == "2026-03-02T10:00:00Z"
        assert due_of(one, "0wd", "2026-03-02T16:00:01+08:00") == "2026-03-03T10:00:00Z"
        assert due_of(one, "0wd", "2026-03-08T20:00:00+08:00") == "2026-03-09T10:00:00Z"  # Sunday evening
        assert due_of(one, "NBD", "2026-03-06T17:00:00+08:00") == "2026-03-09T10:00:00Z"

    def test_a_cutoff_is_on_the_date_the_working_day_opens(self) -> None:
        one = calendar(week={"mon-fri": "22:00-06:00"}, cutoff="23:00")
        assert due_of(one, "0wd", "2026-03-03T05:00:00") == "2026-03-04T06:00:00Z"
        assert due_of(one, "0wd", "2026-03-03T07:00:00") == "2026-03-04T06:00:00Z"
        assert due_of(one, "0wd", "2026-03-02T23:00:00") == "2026-03-03T06:00:00Z"

    def test_each_closing_in_a_pause_moves_the_deadline_by_one_working_day(self) -> None:
        one = calendar(week=WEEK)
        start = "2026-03-02T10:00:00"
        assert due_of(one, "1wd", start, ("2026-03-02T11:00:00", "2026-03-02T17:00:00")) == "2026-03-03T18:00:00Z"
        assert due_of(one, "1wd", start, ("2026-03-02T11:00:00", "2026-03-02T18:00:00")) == "2026-03-04T18:00:00Z"
        assert due_of(one, "1wd", start, ("2026-03-02T18:00:00", "2026-03-03T17:00:00")) == "2026-03-03T18:00:00Z"
        assert due_of(one, "1wd", start, ("2026-03-02T11:00:00", "2026-03-04T09:00:00")) == "2026-03-05T18:00:00Z"
        assert due_of(one, "1wd", start, ("2026-03-03T18:00:00", "2026-03-09T09:00:00")) == "2026-03-03T18:00:00Z"

    def test_closings_are_those_after_the_start_up_to_and_at_the_end(self) -> None:
        one = calendar(week=WEEK)
        found = one.closings(at("2026-03-06T18:00:00"), at("2026-03-09T18:00:00"))
        assert [write_instant(closing) for closing in found] == ["2026-03-07T12:00:00Z", "2026-03-09T18:00:00Z"]
        assert list(one.closings(at("2026-03-09T18:00:00"), at("2026-03-06T18:00:00"))) == []


class TestCivil:
    def test_same_wall_clock_time_whatever_the_calendar(self) -> None:
        one = calendar("Europe/Berlin", week=WEEK)
        assert due_of(one, "10d", "2026-03-25T09:00:00+01:00") == "2026-04-04T07:00:00Z"
        assert due_of(one, "1mo", "2026-03-25T09:00:00.5+01:00") == "2026-04-25T07:00:00.500000Z"
        assert due_of(one, "1y", "2026-03-25T09:00:00+01:00") == "2027-03-25T08:00:00Z"

    def test_it_counts_in_the_contracts_zone(self) -> None:
        berlin = calendar("Europe/Berlin", week=WEEK)
        shanghai = calendar("Asia/Shanghai", week=WEEK)
        start = at("2026-03-25T08:00:00Z")
        assert write_instant(due(shanghai, parse("10d"), start, civil_zone=berlin.zone)) == "2026-04-04T07:00:00Z"

    @pytest.mark.parametrize(
        ("within", "start", "expected"),
        [
            ("1mo", "2026-01-31T09:00:00", "2026-02-28T09:00:00Z"),
            ("1mo", "2028-01-31T09:00:00", "2028-02-29T09:00:00Z"),
            ("1y", "2028-02-29T09:00:00", "2029-02-28T09:00:00Z"),
            ("3mo", "2026-10-31T09:00:00", "2027-01-31T09:00:00Z"),
            ("11mo", "2026-01-15T09:00:00", "2026-12-15T09:00:00Z"),
        ],
    )
    def test_a_day_that_does_not_exist_becomes_the_months_last(self, within: str, start: str, expected: str) -> None:
        assert due_of(calendar(week=WEEK), within, start) == expected

    def test_readings_that_do_not_exist_or_come_twice(self) -> None:
        one = calendar("Europe/Berlin", week=WEEK)
        assert due_of(one, "1d", "2026-03-28T02:30:00+01:00") == "2026-03-29T01:30:00Z"
        assert due_of(one, "1d", "2026-10-24T02:30:00+02:00") == "2026-10-25T00:30:00Z"
        assert due_of(one, "1d", "2026-10-25T02:30:00+01:00") == "2026-10-26T01:30:00Z"

    def test_a_pause_moves_it_by_its_length(self) -> None:
        one = calendar(week=WEEK)
        pause = ("2026-03-11T22:00:00", "2026-03-13T00:00:00")
        assert due_of(one, "10d", "2026-03-02T10:00:00", pause) == "2026-03-13T12:00:00Z"
        assert due_of(one, "9d", "2026-03-02T22:00:00", pause) == "2026-03-11T22:00:00Z"
