"""The ladder: which rungs fire, which alerts end, when to look again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.policy import Outcome, PastAlert, StoredClock, judge
from sla.clock import assess
from sla.contract import Contract, read
from sla.interval import micros
from sla.timeline import Timeline, check, read_entry

TERMS = """
contract: LADDER
customer: Somebody
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: UTC
severities: {1: {name: grave}, 2: {name: light}}
calendars: {always: 24x7}
commitments:
  - name: restore
    starts: reported
    stops: restored
    within: {1: 1h, 2: 4h}
    calendar: always
    pauses: [waiting_customer]
alerts:
  ladder:
    - {at: 50%, notify: [assignee]}
    - {at: -15m, notify: [assignee, supervisor]}
    - {at: breach, notify: [supervisor]}
    - {at: +30m, repeat: 30m, until: acknowledged, notify: [head_of_service]}
"""
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HALF, QUARTER, BREACH, OVERDUE = 0, 1, 2, 3


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def entry(kind: str, minutes: float, **data: Any) -> dict[str, Any]:
    return {"type": kind, "occurred_at": at(minutes).isoformat(), **data}


class Clockwork:
    """One clock followed through time the way the store would: what is judged is kept and given to the next look."""

    def __init__(self, contract: Contract, *entries: dict[str, Any], ladder_from: datetime = START) -> None:
        self.contract = contract
        self.entries = list(entries)
        self.ladder_from = ladder_from
        self.row: StoredClock | None = None
        self.alerts: list[PastAlert] = []
        self.wake_at: datetime | None = None

    def timeline(self, now: datetime) -> Timeline:
        given = [read_entry(data, default_at=None, seq=n) for n, data in enumerate(self.entries, 1)]
        return check(given, self.contract, micros(now))

    def look(self, now: datetime, *entries: dict[str, Any], gone: bool = False) -> Outcome:
        self.entries += entries
        timeline = self.timeline(now)
        fresh = None if gone else assess(self.contract, timeline, micros(now))[0]
        outcome = judge(self.contract, timeline, self.row, fresh, self.alerts, now, self.ladder_from)
        self.keep(outcome, now)
        return outcome

    def keep(self, outcome: Outcome, now: datetime) -> None:
        due_at = outcome.clock.due_at if outcome.clock else None
        self.row = StoredClock(1, "restore", 1, due_at, outcome.deadline_version, outcome.ladder_from)
        self.wake_at = outcome.wake_at
        self.alerts += [
            PastAlert(
                id=len(self.alerts) + n,
                step=new.step,
                repeat=new.repeat,
                deadline_version=outcome.deadline_version,
                kind=new.kind,
                recorded_at=now,
                state="resolved" if new.ended else "firing",
                settled_at=now if new.ended else None,
            )
            for n, new in enumerate(outcome.raised, 1)
        ]
        for done in outcome.settled:
            self.change(done.id, state=done.state, settled_at=now)

    def change(self, alert: int, **values: Any) -> None:
        old = self.alerts[alert - 1]
        kept = {name: getattr(old, name) for name in PastAlert.__struct_fields__}
        self.alerts[alert - 1] = PastAlert(**{**kept, **values})

    def run_to(self, until: datetime) -> list[tuple[datetime, int, int]]:
        """Wakes exactly when asked to, up to an instant; gives (instant, step, repeat) of every alert."""
        told = []
        while self.wake_at is not None and self.wake_at <= until:
            now = self.wake_at
            told += [(now, new.step, new.repeat) for new in self.look(now).raised]
            assert self.wake_at is None or self.wake_at > now, "a clock that wakes in the past never sleeps"
        return told


@pytest.fixture(scope="module")
def contract() -> Contract:
    return read(TERMS)


@pytest.fixture
def clock(contract: Contract) -> Clockwork:
    """A grave fault reported at 9:00, due at 10:00."""
    clockwork = Clockwork(contract, entry("reported", 0), entry("graded", 0, severity=1))
    clockwork.look(START)
    return clockwork


def steps(outcome: Outcome) -> list[tuple[int, int]]:
    return [(new.step, new.repeat) for new in outcome.raised]


def endings(outcome: Outcome) -> list[tuple[int, str, str]]:
    return [(done.id, done.state, done.because) for done in outcome.settled]


def test_a_new_clock_tells_nothing_and_wakes_at_its_first_rung(clock: Clockwork) -> None:
    assert clock.alerts == []
    assert clock.wake_at == at(30)


def test_every_rung_fires_once_at_its_instant_and_the_breach_just_after_the_deadline(clock: Clockwork) -> None:
    assert clock.run_to(at(130)) == [
        (at(30), HALF, 0),
        (at(45), QUARTER, 0),
        (at(60) + TICK, BREACH, 0),
        (at(90), OVERDUE, 0),
        (at(120), OVERDUE, 1),
    ]


def test_kinds_and_instants_of_alerts(clock: Clockwork) -> None:
    raised = clock.look(at(95)).raised
    assert [(a.kind, a.fires_at, a.due_at) for a in raised] == [
        ("warning", at(30), at(60)),
        ("warning", at(45), at(60)),
        ("breach", at(60), at(60)),
        ("overdue", at(90), at(60)),
    ]
    assert raised[1].notify == ("assignee", "supervisor")


def test_at_the_deadline_itself_nothing_is_broken_yet(clock: Clockwork) -> None:
    assert steps(clock.look(at(60))) == [(HALF, 0), (QUARTER, 0)]
    assert clock.wake_at == at(60) + TICK


def test_looking_twice_tells_nothing_twice(clock: Clockwork) -> None:
    clock.look(at(70))
    assert clock.look(at(70)).raised == ()
    assert clock.look(at(71)).raised == ()


def test_after_an_outage_each_missed_rung_is_told_once_and_repeats_go_on_from_there(clock: Clockwork) -> None:
    assert steps(clock.look(at(60 * 24))) == [(HALF, 0), (QUARTER, 0), (BREACH, 0), (OVERDUE, 0)]
    told = clock.run_to(at(60 * 25))
    assert [(when, step) for when, step, _ in told] == [(at(60 * 24 + 30), OVERDUE), (at(60 * 25), OVERDUE)]


def test_after_an_outage_only_the_newest_repeat_is_told(clock: Clockwork) -> None:
    clock.run_to(at(91))
    assert steps(clock.look(at(90 + 30 * 10 + 1))) == [(OVERDUE, 10)]


def test_acknowledging_stops_repeats_and_nothing_else(clock: Clockwork) -> None:
    clock.run_to(at(121))
    clock.change(4, state="acknowledged")
    outcome = clock.look(at(150))
    assert outcome.raised == ()
    assert outcome.wake_at is None
    assert outcome.clock is not None
    assert outcome.clock.state == "breached"


def test_acknowledging_a_warning_does_not_silence_the_breach(clock: Clockwork) -> None:
    clock.run_to(at(31))
    clock.change(1, state="acknowledged")
    assert (at(60) + TICK, BREACH, 0) in clock.run_to(at(61))


def test_a_promise_kept_resolves_its_warnings(clock: Clockwork) -> None:
    clock.run_to(at(31))
    outcome = clock.look(at(40), entry("restored", 39))
    assert endings(outcome) == [(1, "resolved", "met")]
    assert outcome.wake_at is None


def test_a_promise_kept_late_resolves_what_was_told(clock: Clockwork) -> None:
    clock.run_to(at(61))
    outcome = clock.look(at(75), entry("restored", 74))
    assert endings(outcome) == [(n, "resolved", "stopped") for n in (1, 2, 3)]
    assert outcome.raised == ()


def test_a_breach_that_was_over_before_anybody_looked_is_told_and_done(clock: Clockwork) -> None:
    clock.run_to(at(46))
    outcome = clock.look(at(75), entry("restored", 74))
    assert [(a.step, a.kind, a.ended) for a in outcome.raised] == [(BREACH, "breach", True)]
    assert outcome.wake_at is None


def test_no_breach_is_told_of_a_promise_that_the_records_show_kept(clock: Clockwork) -> None:
    clock.run_to(at(46))
    outcome = clock.look(at(75), entry("restored", 59))
    assert outcome.raised == ()
    assert endings(outcome) == [(1, "resolved", "met"), (2, "resolved", "met")]


def test_a_breach_that_later_records_disprove_is_withdrawn(clock: Clockwork) -> None:
    clock.run_to(at(61))
    outcome = clock.look(at(75), entry("restored", 59))
    assert (3, "withdrawn", "kept") in endings(outcome)


def test_a_deadline_that_moves_away_withdraws_what_it_made_untrue_and_tells_it_again(clock: Clockwork) -> None:
    clock.run_to(at(61))
    outcome = clock.look(at(62), entry("graded", 61.5, severity=2))
    assert outcome.deadline_version == 2
    assert endings(outcome) == [(n, "withdrawn", "moved") for n in (1, 2, 3)]
    assert clock.run_to(at(241)) == [(at(120), HALF, 0), (at(225), QUARTER, 0), (at(240) + TICK, BREACH, 0)]


def test_a_step_told_before_does_not_come_again_where_its_new_instant_is_past(contract: Contract) -> None:
    clock = Clockwork(contract, entry("reported", 0), entry("graded", 0, severity=2))
    clock.look(START)
    clock.run_to(at(130))
    assert [a.step for a in clock.alerts] == [HALF]
    outcome = clock.look(at(131), entry("graded", 131, severity=1))
    assert outcome.deadline_version == 2
    assert outcome.settled == ()
    # unsent rungs whose instant has passed are told now; the breach came into force with the regrade
    assert [(a.step, a.fires_at) for a in outcome.raised] == [(QUARTER, at(45)), (BREACH, at(131)), (OVERDUE, at(90))]


def test_a_warning_withdrawn_and_true_again_is_not_told_again_but_the_breach_is(clock: Clockwork) -> None:
    clock.run_to(at(61))
    clock.look(at(62), entry("graded", 62, severity=2))
    outcome = clock.look(at(70), entry("graded", 70, severity=1))
    assert outcome.deadline_version == 3
    assert [(a.step, a.fires_at) for a in outcome.raised] == [(BREACH, at(70))]


def test_a_standing_alert_is_not_told_again_though_its_instant_moved(clock: Clockwork) -> None:
    clock.run_to(at(91))
    pause = (entry("paused", 40, reason="waiting_customer"), entry("resumed", 45))
    outcome = clock.look(at(96), *pause)
    assert (outcome.deadline_version, outcome.raised, outcome.settled) == (2, (), ())
    assert clock.run_to(at(126)) == [(at(125), OVERDUE, 1)]


def test_no_rung_fires_while_paused_and_a_resumed_clock_tells_what_is_left(clock: Clockwork) -> None:
    clock.run_to(at(31))
    paused = clock.look(at(40), entry("paused", 40, reason="waiting_customer"))
    assert paused.settled == ()
    assert paused.wake_at is None
    resumed = clock.look(at(100), entry("resumed", 100))
    assert resumed.deadline_version == 2
    assert resumed.raised == ()
    assert clock.run_to(at(121)) == [(at(105), QUARTER, 0), (at(120) + TICK, BREACH, 0)]


def test_a_pause_recorded_after_the_breach_was_told_withdraws_it(clock: Clockwork) -> None:
    clock.run_to(at(61))
    outcome = clock.look(at(65), entry("paused", 55, reason="waiting_customer"))
    assert endings(outcome) == [(3, "withdrawn", "paused")]


def test_a_clock_that_is_gone_withdraws_everything(clock: Clockwork) -> None:
    clock.run_to(at(61))
    outcome = clock.look(at(62), gone=True)
    assert endings(outcome) == [(n, "withdrawn", "void") for n in (1, 2, 3)]
    assert outcome.clock is None
    assert outcome.wake_at is None


def test_a_cancelled_ticket_ends_its_alerts(clock: Clockwork) -> None:
    clock.run_to(at(31))
    assert endings(clock.look(at(40), entry("cancelled", 40, reason="duplicate"))) == [(1, "resolved", "cancelled")]


def test_rungs_before_the_ladder_begins_are_silent(contract: Contract) -> None:
    clock = Clockwork(contract, entry("reported", 0), entry("graded", 0, severity=1), ladder_from=at(50))
    assert clock.look(at(50)).raised == ()
    assert [step for _, step, _ in clock.run_to(at(91))] == [BREACH, OVERDUE]


def test_history_is_never_alerted_about(contract: Contract) -> None:
    events = (entry("reported", 0), entry("graded", 0, severity=1), entry("restored", 90))
    outcome = Clockwork(contract, *events, ladder_from=at(500)).look(at(500))
    assert (outcome.raised, outcome.wake_at) == ((), None)


def test_a_row_stored_alone_is_woken_at_once_where_alerts_wait(contract: Contract) -> None:
    outcome = Clockwork(contract, entry("reported", 0), entry("graded", 0, severity=1)).look(at(40))
    assert steps(outcome) == [(HALF, 0)]
    assert outcome.first_wake == at(40)
    assert outcome.wake_at == at(45)


def test_a_clock_without_a_figure_sleeps(contract: Contract) -> None:
    outcome = Clockwork(contract, entry("reported", 0)).look(at(1))
    assert (outcome.clock and outcome.clock.state, outcome.wake_at, outcome.raised) == ("idle", None, ())


def test_an_entry_ahead_wakes_the_clock_when_it_counts(contract: Contract) -> None:
    clock = Clockwork(contract, entry("reported", 0), entry("graded", 0, severity=1), entry("restored", 2))
    clock.look(at(1))
    assert clock.wake_at == at(2) + TICK
    clock.run_to(at(200))
    assert clock.alerts == []


def firings(alerts: Sequence[PastAlert]) -> list[tuple[int, int, int]]:
    return [(a.step, a.repeat, a.deadline_version) for a in alerts]


@pytest.mark.parametrize("minutes", [0.5, 7, 45, 600])
def test_no_pace_of_looking_tells_a_rung_twice(contract: Contract, minutes: float) -> None:
    clock = Clockwork(contract, entry("reported", 0), entry("graded", 0, severity=1))
    now = START
    while now < at(400):
        clock.look(now)
        now += timedelta(minutes=minutes)
    clock.look(at(400))
    told = firings(clock.alerts)
    assert len(set(told)) == len(told)
    assert {step for step, repeat, _ in told if repeat == 0} == {HALF, QUARTER, BREACH, OVERDUE}
