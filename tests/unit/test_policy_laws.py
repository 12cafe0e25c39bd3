"""Laws of the ladder on random lives of a ticket: waking when asked misses nothing, looking more often adds nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.policy import NewAlert, PastAlert, StoredClock, judge
from sla.clock import assess
from sla.contract import read
from sla.interval import micros
from sla.timeline import Entry, Refused, check, read_entry

TERMS = read("""
contract: LAWS
customer: Somebody
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave}, 2: {name: light}, 3: {name: none}}
calendars:
  office: {week: {mon-fri: "09:00-12:00 13:30-18:00"}}
commitments:
  - name: restore
    starts: reported
    stops: restored
    within: {1: 1h, 2: 3h, 3: none}
    calendar: office
    pauses: [waiting]
alerts:
  ladder:
    - {at: 80%, notify: [a]}
    - {at: 50%, notify: [a]}
    - {at: -10m, repeat: 3m, until: acknowledged, notify: [b]}
    - {at: breach, notify: [c]}
    - {at: +30m, repeat: 30m, until: acknowledged, notify: [d]}
""")
START = datetime(2026, 3, 2, 1, tzinfo=UTC)  # a Monday, 9:00 in Shanghai
END = START + timedelta(hours=9)

Write = tuple[int, str, dict[str, Any], int]  # minute written, type, data, minutes it happened before
_kinds = st.sampled_from(
    [
        ("graded", {"severity": 1}),
        ("graded", {"severity": 2}),
        ("graded", {"severity": 3}),
        ("paused", {"reason": "waiting"}),
        ("resumed", {}),
        ("restored", {}),
        ("reopened", {"reason": "again"}),
        ("cancelled", {"reason": "by mistake"}),
    ]
)
writes = st.lists(st.tuples(st.integers(1, 400), _kinds, st.sampled_from([0, 0, 0, 5, 40])), max_size=7)


class Life:
    """A ticket's clock through time, as the store would keep it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.row: StoredClock | None = None
        self.alerts: list[PastAlert] = []
        self.raised: list[tuple[int, NewAlert]] = []
        self.wake_at: datetime | None = None
        self.write("reported", {}, START, START)
        self.write("graded", {"severity": 2}, START, START)

    def write(self, kind: str, data: dict[str, Any], occurred_at: datetime, now: datetime) -> None:
        """The entry is on the timeline, unless it does not fit there."""
        form = {"type": kind, "occurred_at": max(occurred_at, START).isoformat(), **data}
        entry = read_entry(form, default_at=None, seq=len(self.entries) + 1)
        try:
            check([*self.entries, entry], TERMS, micros(now))
        except Refused:
            return
        self.entries.append(entry)
        self.look(now)

    def look(self, now: datetime) -> None:
        timeline = check(self.entries, TERMS, micros(now))
        (fresh,) = assess(TERMS, timeline, micros(now))
        outcome = judge(TERMS, timeline, self.row, fresh, self.alerts, now, START)
        version = outcome.deadline_version
        assert outcome.wake_at is None or outcome.wake_at > now
        assert version >= (self.row.deadline_version if self.row else 1)
        self.row = StoredClock(1, "restore", 1, fresh.due_at, version, START)
        self.wake_at = outcome.wake_at
        ended = {done.id: done.state for done in outcome.settled}
        self.alerts = [self._settled(a, ended[a.id], now) if a.id in ended else a for a in self.alerts]
        for new in outcome.raised:
            assert new.fires_at <= now
            assert new.kind == "warning" or fresh.state == "breached"
            self.raised.append((version, new))
            state, settled_at = ("resolved", now) if new.ended else ("firing", None)
            number = len(self.raised)
            past = PastAlert(number, new.step, new.repeat, version, new.kind, now, state, settled_at)  # type: ignore[arg-type]
            self.alerts.append(past)
        self._holds(fresh.state)

    def _holds(self, state: str) -> None:
        """What is live is true: nothing is overdue that is not broken, nothing is urgent that is over."""
        live = [a for a in self.alerts if a.live]
        assert not live or state in ("running", "paused", "breached")
        assert state == "breached" or all(a.kind == "warning" for a in live)

    @staticmethod
    def _settled(alert: PastAlert, state: Any, now: datetime) -> PastAlert:
        kept = {name: getattr(alert, name) for name in PastAlert.__struct_fields__}
        return PastAlert(**{**kept, "state": state, "settled_at": now})

    def sleep_until(self, end: datetime) -> None:
        """Wakes when asked to and at no other time."""
        while self.wake_at is not None and self.wake_at <= end:
            self.look(self.wake_at)

    def told(self) -> list[tuple[int, int, int]]:
        return [(version, new.step, new.repeat) for version, new in self.raised]


def lived(plan: list[tuple[int, tuple[str, dict[str, Any]], int]], *, looks_every: timedelta | None) -> Life:
    life, now = Life(), START
    for minute, (kind, data), before in sorted(plan, key=lambda write: write[0]):
        at = START + timedelta(minutes=minute)
        while looks_every is not None and now + looks_every < at:
            now += looks_every
            life.sleep_until(now)
            life.look(now)
        life.sleep_until(at)
        life.write(kind, data, at - timedelta(minutes=before), at)
        now = at
    while looks_every is not None and now + looks_every < END:
        now += looks_every
        life.sleep_until(now)
        life.look(now)
    life.sleep_until(END)
    return life


@settings(max_examples=150, deadline=None)
@given(writes)
def test_waking_when_asked_tells_what_looking_all_the_time_tells(plan: Any) -> None:
    asked, nosy = lived(plan, looks_every=None), lived(plan, looks_every=timedelta(minutes=7))
    assert asked.raised == nosy.raised


@settings(max_examples=150, deadline=None)
@given(writes)
def test_a_rung_is_told_once_for_a_deadline(plan: Any) -> None:
    told = lived(plan, looks_every=None).told()
    assert len(told) == len(set(told))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 500))
def test_an_outage_loses_no_rung(minutes: int) -> None:
    up, down = Life(), Life()
    at = START + timedelta(minutes=minutes)
    up.sleep_until(at)
    down.look(at)
    rungs = [{step for _, step, _ in life.told()} for life in (up, down)]
    assert rungs[0] == rungs[1]
