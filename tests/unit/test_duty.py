"""Who is on duty: shifts, overrides, swaps, regions, hours."""

from datetime import UTC, datetime, timedelta

from alerts.duty import Roster, Row
from sla.calendar import Calendar
from sla.interval import Interval, instant, micros

DAY = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
OFFICE = Calendar.build("office", {"timezone": "Asia/Shanghai", "week": {"mon-fri": "09:00-17:00"}}, "UTC")


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def shift(login: str, begin: float, end: float, **more: object) -> Row:
    return Row("supervisor", (login,) if login else (), at(begin), at(end), **more)  # type: ignore[arg-type]


def on(roster: Roster, hours: float, region: str | None = None) -> set[str] | None:
    found = roster.on_duty("supervisor", at(hours), region)
    return None if found is None else set(found)


def staffed(roster: Roster, begin: float, end: float, region: str | None = None) -> list[tuple[datetime, datetime]]:
    found = roster.staffed(("supervisor",), region, micros(at(begin)), micros(at(end)))
    assert found is not None
    return [(instant(span.start), instant(span.end)) for span in found]


def test_a_duty_without_a_rota_is_nobodys_to_say() -> None:
    roster = Roster([shift("ann", 0, 8)])
    assert roster.on_duty("dispatcher", at(1)) is None
    assert roster.staffed(("dispatcher", "assignee"), None, micros(at(0)), micros(at(9))) is None


def test_a_duty_whose_rota_is_over_has_nobody() -> None:
    assert on(Roster((), duties=["supervisor"]), 1) == set()


def test_a_shift_holds_from_its_begin_to_before_its_end() -> None:
    roster = Roster([shift("ann", 0, 8), shift("ben", 8, 16)])
    assert [on(roster, hour) for hour in (-0.1, 0, 7.9, 8, 15.9, 16)] == [
        set(), {"ann"}, {"ann"}, {"ben"}, {"ben"}, set(),
    ]  # fmt: skip
    assert staffed(roster, -5, 20) == [(at(0), at(16))]


def test_an_override_wins_while_it_lasts() -> None:
    roster = Roster([shift("ann", 0, 8), shift("ben", 2, 4, kind="override"), shift("cas", 0, 8)])
    assert [on(roster, hour) for hour in (1, 2, 3.9, 4)] == [{"ann", "cas"}, {"ben"}, {"ben"}, {"ann", "cas"}]


def test_an_override_by_somebody_who_cannot_sign_in_changes_nothing() -> None:
    roster = Roster([shift("ann", 0, 8), shift("", 2, 4, kind="override")])
    assert on(roster, 3) == {"ann"}


def test_a_swap_exchanges_two_people_both_ways() -> None:
    swap = shift("ann", 0, 16, kind="swap", other="ben")
    roster = Roster([shift("ann", 0, 8), shift("ben", 8, 16), shift("cas", 0, 16), swap])
    assert [on(roster, hour) for hour in (1, 9)] == [{"ben", "cas"}, {"ann", "cas"}]
    assert staffed(Roster([swap]), 0, 16) == []


def test_a_region_has_its_own_and_everybodys_turns() -> None:
    roster = Roster([shift("ann", 0, 8, region="city"), shift("ben", 4, 8)])
    assert [on(roster, 1, region) for region in ("city", "province", None)] == [{"ann"}, set(), {"ann"}]
    assert on(roster, 5, "province") == {"ben"}
    assert staffed(roster, 0, 8, "province") == [(at(4), at(8))]


def test_an_override_of_a_region_leaves_the_others_alone() -> None:
    roster = Roster([shift("ann", 0, 8), shift("ben", 0, 8, kind="override", region="city")])
    assert [on(roster, 1, region) for region in ("city", "province")] == [{"ben"}, {"ann"}]


def test_hours_are_kept_within_the_turn() -> None:
    roster = Roster([shift("ann", 3, 24 * 7, hours=OFFICE)])  # from Monday 11:00 in Shanghai
    assert [on(roster, hour) for hour in (2, 3, 8.9, 9, 25)] == [set(), {"ann"}, {"ann"}, set(), {"ann"}]
    assert staffed(roster, 0, 24 * 7)[:2] == [(at(3), at(9)), (at(25), at(33))]
    assert len(staffed(roster, 0, 24 * 7)) == 5


def test_an_assignee_is_there_in_turns_of_any_duty() -> None:
    roster = Roster([Row("engineer", ("eve",), at(0), at(8)), shift("ann", 10, 12)])
    duties = ("assignee", "supervisor")
    spans = roster.staffed(duties, None, micros(at(0)), micros(at(24)), "eve")
    assert spans == [Interval(micros(at(0)), micros(at(8))), Interval(micros(at(10)), micros(at(12)))]
    spans = roster.staffed(duties, None, micros(at(0)), micros(at(24)), "somebody else")
    assert spans == [Interval(micros(at(10)), micros(at(12)))]
