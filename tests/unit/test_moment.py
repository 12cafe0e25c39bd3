"""The last responsible moment: warnings come while somebody on duty can still act."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.duty import Roster, Row
from alerts.moment import LOOK_BACK, WORK
from alerts.policy import Outcome, PastAlert, StoredClock, judge
from sla.calendar import Calendar
from sla.clock import assess
from sla.contract import Contract, read
from sla.interval import instant, micros
from sla.timeline import Timeline, check, read_entry

MONDAY = datetime(2026, 3, 9, tzinfo=UTC)
TERMS = """
contract: MOMENT
customer: Somebody
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: UTC
regions: {city: City, far: Far}
severities: {1: {name: grave}}
calendars: {always: 24x7}
commitments:
  - {name: %s, starts: reported, stops: %s, within: %s, calendar: always}
alerts:
  ladder:
    - {at: 50%%, notify: [assignee, supervisor]}
    - {at: breach, notify: [supervisor]}
"""
OFFICE = Calendar.build("office", {"timezone": "UTC", "week": {"mon-fri": "09:00-17:00"}}, "UTC")


def day(days: int, clock: str) -> datetime:
    """So many days from the Monday, at a time of day."""
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(days=days, hours=hour, minutes=minute)


def office(*, travel: dict[str, int] | None = None, since: datetime | None = None, **more: Any) -> Roster:
    """One supervisor, from nine to five on weekdays."""
    row = Row("supervisor", ("ann",), day(-60, "00:00"), day(60, "00:00"), hours=OFFICE, **more)
    return Roster([row], travel={name: timedelta(minutes=n) for name, n in (travel or {}).items()}, since=since)


class Promise:
    """One promise and its warning, looked at through time."""

    def __init__(
        self, reported: datetime, within: str, *, name: str = "on_site", stops: str = "arrived", region: str = "city"
    ) -> None:
        self.contract: Contract = read(TERMS % (name, stops, within))
        given = [{"type": "reported", "occurred_at": reported.isoformat(), "region": region}]
        entries = [read_entry(one, default_at=None, seq=n) for n, one in enumerate(given, 1)]
        self.timeline: Timeline = check(entries, self.contract, micros(reported))
        self.reported = reported

    def look(
        self, now: datetime, roster: Roster | None, *past: PastAlert, stored: StoredClock | None = None
    ) -> Outcome:
        (fresh,) = assess(self.contract, self.timeline, micros(now))
        return judge(self.contract, self.timeline, stored, fresh, past, now, self.reported, roster)

    def warned_at(self, roster: Roster | None) -> datetime:
        """When the clock first wakes: its only warning."""
        wake = self.look(self.reported, roster).wake_at
        assert wake is not None
        return wake


def test_without_a_rota_the_ladder_alone_decides() -> None:
    promise = Promise(day(-3, "10:00"), "71h10m")
    assert promise.warned_at(None) == promise.warned_at(Roster()) == day(-3, "10:00") + timedelta(hours=35, minutes=35)


def test_friday_half_past_four_for_monday_ten_past_nine() -> None:
    """Due on Monday at 9:10: ten minutes there and thirty on Friday are the travel and the work that are needed."""
    promise = Promise(day(-5, "09:10"), "120h")  # Wednesday to Monday; half of it is Friday night
    assert promise.warned_at(office(travel={"city": 10})) == day(-3, "16:30")
    friday = Promise(day(-3, "10:00"), "71h10m")  # half of it is Saturday evening
    assert friday.warned_at(office(travel={"city": 10})) == day(-3, "16:30")
    assert friday.warned_at(office()) == day(-3, "16:40")
    assert friday.warned_at(office(travel={"city": 40})) == day(-3, "16:00")


def test_a_rung_in_the_night_comes_while_somebody_is_still_there() -> None:
    """Due on Tuesday afternoon there is time left in the morning; yet who goes home at five is told before."""
    assert Promise(day(0, "14:00"), "24h").warned_at(office()) == day(0, "16:30")


def test_a_rung_that_leaves_duty_time_enough_stays() -> None:
    assert Promise(day(0, "09:00"), "6h").warned_at(office()) == day(0, "12:00")


def test_a_short_promise_within_duty_is_left_as_the_ladder_has_it() -> None:
    assert Promise(day(0, "10:00"), "10m", name="response", stops="responded").warned_at(office()) == day(0, "10:05")


def test_travel_counts_for_who_has_to_get_there() -> None:
    roster = office(travel={"city": 30, "far": 240})
    assert Promise(day(0, "10:00"), "40m").warned_at(roster) == day(0, "10:10")
    assert Promise(day(0, "10:00"), "6h", region="far").warned_at(roster) == day(0, "12:00")
    by_phone = Promise(day(0, "10:00"), "40m", name="response", stops="responded")
    assert by_phone.warned_at(roster) == day(0, "10:20")


def test_nothing_comes_before_the_promise_started() -> None:
    promise = Promise(day(0, "10:00"), "6h", region="far")
    first = promise.look(day(0, "10:00"), office(travel={"far": 600}))
    assert [(one.step, one.fires_at, one.planned_at) for one in first.raised] == [(0, day(0, "10:00"), day(0, "13:00"))]


def test_a_rung_nobody_could_have_been_told_before_stays() -> None:
    """Reported in the night and due before anybody comes."""
    assert Promise(day(0, "19:00"), "4h").warned_at(office()) == day(0, "21:00")


def test_a_rota_that_ended_long_ago_brings_nothing_forward() -> None:
    row = Row("supervisor", ("ann",), MONDAY, MONDAY + timedelta(hours=1))
    promise = Promise(MONDAY, f"{24 * 60}h")
    assert promise.warned_at(Roster([row])) == MONDAY + timedelta(days=30)
    assert timedelta(days=30) > LOOK_BACK


def test_another_region_s_turns_do_not_count() -> None:
    friday = Promise(day(-3, "10:00"), "71h10m")
    assert friday.warned_at(office(region="far")) == friday.warned_at(None)


def told(outcome: Outcome, now: datetime) -> PastAlert:
    (one,) = outcome.raised
    return PastAlert(1, one.step, one.repeat, 1, one.kind, now, "firing", early=one.planned_at is not None)


def test_what_was_told_early_stays_told_when_the_rota_changes() -> None:
    promise = Promise(day(-3, "10:00"), "71h10m")
    early = day(-3, "16:40")
    alert = told(promise.look(early, office()), early)
    assert alert.early
    stored = StoredClock(1, "on_site", 1, promise.reported + timedelta(hours=71, minutes=10), 1, promise.reported)
    weekend = Roster([Row("supervisor", ("ben",), day(-10, "00:00"), day(10, "00:00"))])
    for now in (day(-2, "09:00"), day(-1, "12:00")):
        again = promise.look(now, weekend, alert, stored=stored)
        assert (again.raised, again.settled) == ((), ())


def test_a_new_rota_speaks_of_the_time_from_its_making_on() -> None:
    promise = Promise(day(-3, "10:00"), "71h10m")
    saturday = day(-2, "12:00")
    (one,) = promise.look(saturday, office(since=saturday)).raised
    assert (one.fires_at, one.planned_at) == (saturday, day(-2, "21:35"))


spans = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 900)), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None)
@given(spans, st.integers(2, 80), st.integers(0, 300))
def test_a_warning_is_never_late_and_finds_somebody_where_it_moved(
    turns: list[tuple[int, int]], hours: int, travel: int
) -> None:
    rows = [
        Row("supervisor", ("ann",), MONDAY + timedelta(minutes=start), MONDAY + timedelta(minutes=start + length))
        for start, length in turns
    ]
    roster = Roster(rows, travel={"city": timedelta(minutes=travel)})
    promise = Promise(MONDAY, f"{hours}h")
    outcome = promise.look(MONDAY, roster)
    at = outcome.raised[0].fires_at if outcome.raised else outcome.wake_at
    own = MONDAY + timedelta(hours=hours) / 2
    assert at is not None
    assert MONDAY <= at <= own
    if at < own:
        assert roster.on_duty("supervisor", at)
        due = MONDAY + timedelta(hours=hours)
        times = roster.staffed(("supervisor",), "city", micros(MONDAY), micros(due)) or []
        left = sum(max(0, span.end - max(span.start, micros(at))) for span in times)
        first = instant(min(span.start for span in times))
        need = min(timedelta(minutes=travel) + WORK, due - own)
        assert timedelta(microseconds=left) >= need or at in (first, MONDAY)
