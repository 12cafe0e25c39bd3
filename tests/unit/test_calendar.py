"""The sentences of the Calendars section, one by one."""

import pytest

from sla.calendar import Calendar, due
from sla.duration import parse
from sla.holiday import published_through
from sla.interval import SECOND, read_instant, write_instant

HOUR = 3600 * SECOND
WEEK = {"mon-fri": "09:00-12:00 13:30-18:00", "sat": "09:00-12:00"}


def at(text: str) -> int:
    return read_instant(text if text[-1] == "Z" or "+" in text else text + "Z")


def calendar(zone: str = "UTC", **spec: object) -> Calendar:
    return Calendar.build("test", {"timezone": zone, **spec}, "UTC")


def due_of(one: Calendar, within: str, start: str) -> str:
    return write_instant(due(one, parse(within), at(start)))


def open_hours(one: Calendar, start: str, end: str) -> float:
    return one.open_micros(at(start), at(end)) / HOUR


class TestHours:
    def test_intervals_are_half_open(self) -> None:
        one = calendar(week=WEEK)
        assert open_hours(one, "2026-03-02T12:00:00", "2026-03-02T13:30:00") == 0
        assert one.open_micros(at("2026-03-02T11:59:59.999999"), at("2026-03-02T12:00:00")) == 1
        assert one.open_micros(at("2026-03-02T09:00:00"), at("2026-03-02T09:00:00.000001")) == 1

    def test_open_time_is_zero_when_the_end_is_before_the_start(self) -> None:
        for one in (calendar(week=WEEK), Calendar.build("always", "24x7", "UTC")):
            assert open_hours(one, "2026-03-03T10:00:00", "2026-03-02T10:00:00") == 0

    def test_an_interval_may_end_at_2400(self) -> None:
        one = calendar(week={"mon": "22:00-24:00"})
        assert open_hours(one, "2026-03-02T00:00:00", "2026-03-04T00:00:00") == 2
        assert due_of(one, "0wd", "2026-03-02T10:00:00") == "2026-03-03T00:00:00Z"

    def test_an_interval_across_midnight_belongs_to_the_day_it_opens(self) -> None:
        one = calendar(week={"mon": "22:00-06:00"})
        assert open_hours(one, "2026-03-02T00:00:00", "2026-03-04T00:00:00") == 8
        assert due_of(one, "0wd", "2026-03-03T05:00:00") == "2026-03-03T06:00:00Z"
        assert due_of(one, "1wd", "2026-03-03T05:00:00") == "2026-03-10T06:00:00Z"

    def test_a_night_is_known_to_whoever_asks_at_its_end_first(self) -> None:
        one = calendar("America/New_York", week={"sun": "22:00-21:45"})
        assert due_of(one, "0m", "2026-03-03T02:00:00") == "2026-03-03T02:00:00Z"  # Monday 21:00 there

    def test_equal_times_are_24_hours(self) -> None:
        one = calendar(week={"mon": "08:00-08:00"})
        assert open_hours(one, "2026-03-01T00:00:00", "2026-03-08T00:00:00") == 24

    def test_time_open_twice_counts_once(self) -> None:
        one = calendar(week={"mon": "22:00-06:00", "tue": "05:00-09:00"})
        assert open_hours(one, "2026-03-02T00:00:00", "2026-03-05T00:00:00") == 11

    def test_ranges_may_wrap(self) -> None:
        one = calendar(week={"sat-mon": "10:00-11:00"})
        assert open_hours(one, "2026-03-02T00:00:00", "2026-03-09T00:00:00") == 3
        assert open_hours(one, "2026-03-03T00:00:00", "2026-03-07T00:00:00") == 0

    def test_a_later_key_wins(self) -> None:
        one = calendar(week={"mon-fri": "09:00-17:00", "wed": "closed", "fri": "09:00-10:00"})
        assert open_hours(one, "2026-03-02T00:00:00", "2026-03-09T00:00:00") == 25
        other = calendar(week={"wed": "closed", "mon-fri": "09:00-17:00"})
        assert open_hours(other, "2026-03-02T00:00:00", "2026-03-09T00:00:00") == 40

    def test_the_default_zone_holds_where_none_is_written(self) -> None:
        one = Calendar.build("test", {"week": {"mon": "09:00-10:00"}}, "Asia/Shanghai")
        assert due_of(one, "0m", "2026-03-02T00:00:00") == "2026-03-02T01:00:00Z"


class TestClockChanges:
    @pytest.mark.parametrize(("day", "after", "hours"), [("03-29", "03-30", 23), ("10-25", "10-26", 25)])
    def test_a_day_round_the_clock_has_23_or_25_hours(self, day: str, after: str, hours: int) -> None:
        for week in ({"mon-sun": "00:00-24:00"}, {"mon-sun": "00:00-00:00"}):
            one = calendar("Europe/Berlin", week=week)
            begin = "+02:00" if hours == 25 else "+01:00"
            end = "+01:00" if hours == 25 else "+02:00"
            assert open_hours(one, f"2026-{day}T00:00:00{begin}", f"2026-{after}T00:00:00{end}") == hours

    @pytest.mark.parametrize(
        ("span", "start", "end"),
        [
            ("02:30-04:00", "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"),  # opens at the first 02:30
            ("01:00-02:30", "2026-10-24T23:00:00Z", "2026-10-25T01:30:00Z"),  # closes at the last 02:30
        ],
    )
    def test_an_opening_takes_the_first_reading_and_a_closing_the_last(self, span: str, start: str, end: str) -> None:
        one = calendar("Europe/Berlin", week={"sun": span})
        (only,) = one.intervals(at("2026-10-24T12:00:00"), at("2026-10-26T00:00:00"))
        assert (write_instant(only.start), write_instant(only.end)) == (start, end)

    @pytest.mark.parametrize(
        ("span", "start", "end"),
        [
            ("02:30-04:00", "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"),  # 02:30 is read as 03:30
            ("01:00-02:30", "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
        ],
    )
    def test_a_reading_that_does_not_exist_moves_forward_by_the_gap(self, span: str, start: str, end: str) -> None:
        one = calendar("Europe/Berlin", week={"sun": span})
        (only,) = one.intervals(at("2026-03-28T12:00:00"), at("2026-03-30T00:00:00"))
        assert (write_instant(only.start), write_instant(only.end)) == (start, end)

    def test_a_day_whose_only_hours_fall_into_the_gap_is_no_working_day(self) -> None:
        one = calendar("Europe/Berlin", week={"sun": "02:30-03:15", "mon": "09:00-10:00"})
        assert due_of(one, "0wd", "2026-03-28T12:00:00") == "2026-03-30T08:00:00Z"

    def test_half_hour_clock_changes(self) -> None:
        one = calendar("Australia/Lord_Howe", week={"mon-sun": "00:00-24:00"})
        assert open_hours(one, "2026-04-05T00:00:00+11:00", "2026-04-06T00:00:00+10:30") == 24.5


class TestHolidays:
    def test_public_holidays_close_the_day_and_make_up_days_open_it(self) -> None:
        one = calendar("Asia/Shanghai", week=WEEK, holidays="CN")
        assert due_of(one, "0m", "2026-10-01T10:00:00+08:00") == "2026-10-08T01:00:00Z"
        assert open_hours(one, "2026-09-20T00:00:00+08:00", "2026-09-21T00:00:00+08:00") == 7.5  # a Sunday, worked

    def test_a_make_up_day_has_the_hours_of_the_first_open_weekday_from_monday(self) -> None:
        one = calendar("Asia/Shanghai", week={"wed": "10:00-11:00", "thu": "09:00-12:00", "sun": "08:00-20:00"})
        other = calendar("Asia/Shanghai", week={"wed": "10:00-11:00", "sun": "08:00-20:00"}, holidays=["CN"])
        day = ("2026-09-20T00:00:00+08:00", "2026-09-21T00:00:00+08:00")
        assert open_hours(one, *day) == 12
        assert open_hours(other, *day) == 1

    def test_a_make_up_day_may_be_swapped_with_a_day_of_the_next_year(self) -> None:
        one = calendar("Asia/Shanghai", week={"mon-fri": "09:00-12:00"}, holidays="CN")
        assert open_hours(one, "2001-12-29T00:00:00+08:00", "2001-12-31T00:00:00+08:00") == 6  # for 2 and 3 January

    def test_subdivisions_have_holidays_of_their_own(self) -> None:
        week = {"mon-sun": "09:00-10:00"}
        womens_day = ("2027-03-08T00:00:00", "2027-03-09T00:00:00")
        assert open_hours(calendar(week=week, holidays="DE-BE"), *womens_day) == 0
        assert open_hours(calendar(week=week, holidays="DE-BY"), *womens_day) == 1

    def test_lists_mix_regions_dates_and_yearly_dates(self) -> None:
        one = calendar(week={"mon-sun": "09:00-10:00"}, holidays=["DE", "US", "2026-03-10", "12-24", "02-29"])
        closed = ["2026-10-03", "2026-07-04", "2026-03-10", "2026-12-24", "2027-12-24", "2028-02-29"]
        for day in [*closed, "2027-03-10", "2026-02-28", "2028-02-28"]:
            assert open_hours(one, f"{day}T00:00:00", f"{day}T23:00:00") == (0 if day in closed else 1), day

    def test_a_holiday_has_the_holiday_hours(self) -> None:
        one = calendar(week=WEEK, holidays=["DE", "2026-03-10"], holiday_hours="10:00-11:00")
        for day in ("2026-10-03", "2026-03-10", "2026-12-25"):
            assert open_hours(one, f"{day}T00:00:00", f"{day}T23:00:00") == 1

    def test_precedence_of_a_day(self) -> None:
        day = ("2026-09-20T00:00:00+08:00", "2026-09-21T00:00:00+08:00")  # a Sunday, made up
        holiday = ("2026-10-01T00:00:00+08:00", "2026-10-02T00:00:00+08:00")
        spec: dict[str, object] = {"week": {"mon-sat": "09:00-17:00"}, "holidays": "CN", "holiday_hours": "10:00-12:00"}
        assert open_hours(calendar("Asia/Shanghai", **spec), *day) == 8
        assert open_hours(calendar("Asia/Shanghai", **spec), *holiday) == 2
        listed = spec | {"holidays": ["CN", "2026-09-20"]}
        assert open_hours(calendar("Asia/Shanghai", **listed), *day) == 2
        yearly = spec | {"holidays": ["CN", "09-20"]}
        assert open_hours(calendar("Asia/Shanghai", **yearly), *day) == 2
        single = listed | {"days": {"2026-09-20": "09:00-10:00", "2026-10-01": "closed"}}
        assert open_hours(calendar("Asia/Shanghai", **single), *day) == 1
        assert open_hours(calendar("Asia/Shanghai", **single), *holiday) == 0

    def test_24x7_ignores_everything(self) -> None:
        always = Calendar.build("always", "24x7", "Asia/Shanghai")
        assert due_of(always, "48h", "2026-10-01T00:00:00") == "2026-10-03T00:00:00Z"
        assert due_of(always, "1wd", "2026-10-01T00:00:00+08:00") == "2026-10-01T16:00:00Z"
        assert due_of(always, "1wd", "2026-10-01T00:00:01+08:00") == "2026-10-02T16:00:00Z"

    def test_years_not_published_yet_are_provisional(self) -> None:
        last = published_through("CN")
        assert last is not None
        assert last >= 2026
        one = calendar("Asia/Shanghai", week=WEEK, holidays="CN")
        assert not one.provisional(at(f"{last}-01-01T00:00:00"), at(f"{last}-12-31T15:59:59.999999"))
        assert one.provisional(at(f"{last}-12-30T00:00:00"), at(f"{last}-12-31T16:00:00"))

    def test_countries_without_swaps_are_never_provisional(self) -> None:
        for code in ("DE-BE", "US", "BG"):  # Bulgaria gave its swaps up after 2016
            assert published_through(code) is None
            assert not calendar(week=WEEK, holidays=code).provisional(
                at("2026-01-01T00:00:00"), at("2099-01-01T00:00:00")
            )
        assert not calendar(week=WEEK).provisional(at("2026-01-01T00:00:00"), at("2099-01-01T00:00:00"))


class TestExplaining:
    def test_intervals_say_what_made_them(self) -> None:
        one = calendar(
            "Asia/Shanghai",
            week=WEEK,
            holidays=["CN", "2026-10-12"],
            holiday_hours="10:00-11:00",
            days={"2026-10-08": "09:00-10:00"},
        )
        found = one.intervals(at("2026-10-07T00:00:00+08:00"), at("2026-10-12T10:30:00+08:00"))
        assert [each.because for each in found] == [
            "Day off (substituted from 10/10/2026) 10:00-11:00",
            "days 2026-10-08 09:00-10:00",
            "Friday 09:00-12:00",
            "Friday 13:30-18:00",
            "make-up day 2026-10-10 (as Monday) 09:00-12:00",
            "make-up day 2026-10-10 (as Monday) 13:30-18:00",
            "holiday 2026-10-12 10:00-11:00",
        ]

    def test_intervals_are_clipped(self) -> None:
        for one in (calendar(week=WEEK), Calendar.build("always", "24x7", "UTC")):
            (only,) = one.intervals(at("2026-03-02T10:00:00"), at("2026-03-02T11:00:00"))
            assert (only.start, only.end) == (at("2026-03-02T10:00:00"), at("2026-03-02T11:00:00"))
            assert list(one.intervals(at("2026-03-02T11:00:00"), at("2026-03-02T11:00:00"))) == []

    @pytest.mark.parametrize(
        ("start", "until", "words"),
        [
            ("2026-03-02T12:00:00", None, "Monday break 12:00-13:30"),
            ("2026-03-02T08:00:00", None, "Monday before 09:00"),
            ("2026-03-08T08:00:00", None, "Sunday"),
            ("2026-03-02T18:00:00", "2026-03-03T09:00:00", "Monday after 18:00, Tuesday before 09:00"),
            (
                "2026-03-07T12:00:00",
                "2026-03-10T09:00:00",
                "Saturday after 12:00, Sunday, days 2026-03-09: closed, Tuesday before 09:00",
            ),
            ("2026-12-24T18:00:00", "2026-12-26T00:00:00", "Thursday after 18:00, Christmas Day"),
        ],
    )
    def test_closed_stretches_say_why(self, start: str, until: str | None, words: str) -> None:
        one = calendar(week=WEEK, holidays="US", days={"2026-03-09": "closed"})
        assert one.closed_because(at(start), at(until) if until else None) == words
