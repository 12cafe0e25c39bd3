"""Who is told of a new alert, when, and in which company."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.duty import Roster, Row
from alerts.telling import MOST, Fired, House, Line, Outgoing, Wishes, outgoing, told

NOW = datetime(2026, 3, 2, 9, 0, 20, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
ROBOT, MAIL, PAGER = Line(1), Line(2, personal=True), Line(3, gathers=False)


def fired(number: int = 1, **more: Any) -> Fired:
    usual: dict[str, Any] = {
        "kind": "breach", "grave": False, "late": False, "notify": ("supervisor",), "then": (), "region": None,
        "assignee": None, "contract": 7, "storm": "7/1/",
    }  # fmt: skip
    return Fired(id=number, **{**usual, **more})


def house(directory: Mapping[str, tuple[str, ...]] | None = None, **more: Any) -> House:
    usual: dict[str, Any] = {"roster": Roster(), "assignees": {"eve": ("eve",)}, "admins": ("root",)}
    return House(directory={"supervisor": ("ann", "dee")} if directory is None else directory, **{**usual, **more})


def sent(
    *alerts: Fired,
    lines: tuple[Line, ...] = (ROBOT,),
    wishes: Mapping[str, Wishes] | None = None,
    before: Mapping[str, int] | None = None,
    at: datetime = NOW,
    there: House | None = None,
) -> list[Outgoing]:
    people = [(one, told(one, there or house(), at)) for one in alerts]
    return list(outgoing(people, lines, wishes or {}, before or {}, at))


class TestWho:
    """People, and what happens where there are none."""

    def test_the_rota_goes_before_whoever_has_the_role(self) -> None:
        roster = Roster([Row("supervisor", ("ann",), NOW, NOW + timedelta(hours=1))])
        (one,) = sent(fired(), there=house(roster=roster))
        assert one.recipients == ("ann",)

    def test_with_nobody_on_duty_the_next_rung_is_told_and_it_is_said(self) -> None:
        roster = Roster((), duties=["supervisor"])
        there = house({"boss": ("big",), "dispatcher": ("dan",)}, roster=roster)
        alert = fired(then=(("supervisor",), ("boss", "dispatcher"), ("never",)))
        found = told(alert, there, NOW)
        assert (found.nobody_for, found.on(ROBOT)) == (("supervisor",), ("big", "dan"))

    def test_one_duty_of_a_rung_is_enough(self) -> None:
        found = told(fired(notify=("assignee", "supervisor"), then=(("boss",),)), house(), NOW)
        assert (found.nobody_for, found.on(ROBOT)) == (("assignee",), ("ann", "dee"))

    def test_with_nobody_at_all_the_admins_are_told(self) -> None:
        found = told(fired(notify=("assignee",), then=(("boss",),)), house(), NOW)
        assert (found.nobody_for, found.on(ROBOT)) == (("assignee",), ("root",))

    def test_a_channel_that_serves_the_next_rung_carries_what_has_come_to_it(self) -> None:
        boss, other = Line(8, frozenset({"boss"})), Line(9, frozenset({"dispatcher"}))
        alert = fired(notify=("assignee",), then=(("boss",),))
        found = told(alert, house({"boss": ("big",)}), NOW)
        assert (found.on(boss), found.on(other)) == (("big",), None)

    def test_an_assignee_is_who_the_ticket_has(self) -> None:
        assert sent(fired(notify=("assignee",), assignee="eve"))[0].recipients == ("eve",)


class TestStorm:
    """Many of one kind within a minute."""

    def test_the_first_go_out_at_once_and_the_rest_together_at_the_minute(self) -> None:
        rows = sent(*(fired(number) for number in range(1, MOST + 6)))
        assert [row.batch for row in rows] == [""] * MOST + ["storm 7/1/"] * 5
        assert {row.at for row in rows[:MOST]} == {NOW}
        assert {row.at for row in rows[MOST:]} == {datetime(2026, 3, 2, 9, 1, tzinfo=UTC)}

    def test_those_of_the_last_minute_count_and_other_sites_do_not(self) -> None:
        rows = sent(fired(1), fired(2, storm="7/2/"), before={"7/1/": MOST})
        assert [row.batch for row in rows] == ["storm 7/1/", ""]

    def test_what_keeps_a_matter_of_its_own_is_told_of_each(self) -> None:
        rows = sent(*(fired(number) for number in range(1, MOST + 6)), lines=(PAGER,))
        assert {(row.batch, row.at) for row in rows} == {("", NOW)}

    def test_what_an_outage_left_is_gathered_by_contract_and_makes_no_storm(self) -> None:
        rows = sent(*(fired(number, late=True) for number in range(1, 30)), fired(30, grave=True))
        assert {(row.batch, row.at, row.priority) for row in rows[:-1]} == {("late 7", NOW + timedelta(minutes=10), 2)}
        assert (rows[-1].batch, rows[-1].at, rows[-1].priority) == ("", NOW, 0)


class TestWishes:
    """Digests and quiet hours hold back what goes to one person."""

    HOURLY = Wishes(digest=timedelta(hours=1))
    NIGHT = Wishes(quiet=(time(22), time(7)), zone=SHANGHAI)

    def test_a_digest_holds_back_warnings_alone_and_of_that_person_alone(self) -> None:
        warning, breach = fired(1, kind="warning"), fired(2)
        rows = sent(warning, breach, lines=(MAIL, ROBOT), wishes={"ann": self.HOURLY})
        assert [(row.alert, row.channel, row.recipients, row.at, row.batch) for row in rows] == [
            (1, 2, ("ann",), datetime(2026, 3, 2, 10, tzinfo=UTC), "for ann"),
            (1, 2, ("dee",), NOW, ""),
            (1, 1, ("ann", "dee"), NOW, ""),
            (2, 2, ("ann", "dee"), NOW, ""),
            (2, 1, ("ann", "dee"), NOW, ""),
        ]

    def test_who_sleeps_is_told_in_the_morning_unless_it_is_grave(self) -> None:
        evening = datetime(2026, 3, 2, 15, tzinfo=UTC)  # 23:00 in Shanghai
        rows = sent(fired(1), fired(2, grave=True), lines=(MAIL,), wishes={"ann": self.NIGHT}, at=evening)
        assert [(row.alert, row.recipients, row.at) for row in rows] == [
            (1, ("ann",), datetime(2026, 3, 2, 23, tzinfo=UTC)),
            (1, ("dee",), evening),
            (2, ("ann", "dee"), evening),
        ]

    @pytest.mark.parametrize(
        ("utc", "until"),
        [
            ("02T13:59", None),
            ("02T14:00", "02T23:00"),
            ("02T22:59", "02T23:00"),
            ("02T23:00", None),
            ("03T04:00", None),
        ],
    )
    def test_quiet_hours_that_cross_midnight(self, utc: str, until: str | None) -> None:
        now = datetime.fromisoformat(f"2026-03-{utc}:00+00:00")
        end = now if until is None else datetime.fromisoformat(f"2026-03-{until}:00+00:00")
        assert self.NIGHT.held_until("breach", False, now) == end

    def test_quiet_hours_within_a_day(self) -> None:
        noon = Wishes(quiet=(time(12), time(13, 30)), zone=SHANGHAI)
        at = datetime(2026, 3, 2, 4, 15, tzinfo=UTC)
        assert noon.held_until("warning", False, at) == datetime(2026, 3, 2, 5, 30, tzinfo=UTC)
        assert noon.held_until("warning", False, at + timedelta(minutes=75)) == at + timedelta(minutes=75)

    def test_a_digest_that_falls_into_the_night_waits_for_the_morning(self) -> None:
        both = Wishes(timedelta(hours=1), (time(22), time(7)), SHANGHAI)
        now = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
        assert both.held_until("warning", False, now) == datetime(2026, 3, 2, 23, tzinfo=UTC)
        assert both.held_until("breach", False, now) == now

    def test_quiet_hours_end_by_the_wall_clock_when_clocks_change(self) -> None:
        berlin = Wishes(quiet=(time(22), time(7)), zone=ZoneInfo("Europe/Berlin"))
        night = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # the night the clocks go forward
        assert berlin.held_until("breach", False, night) == datetime(2026, 3, 29, 5, tzinfo=UTC)
