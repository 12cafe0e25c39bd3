"""The laws of clocks, on random contracts and timelines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sla.clock import Clock, assess
from sla.contract import Contract, read_data
from sla.entry import Entry
from sla.explain import instant_at_fraction, why
from sla.interval import SECOND, micros
from sla.timeline import Refused, Timeline, check

START = micros(datetime(2026, 2, 26, 8, tzinfo=UTC))
HOUR = 3600 * SECOND
NOW = START + 240 * HOUR

FIGURES = ("0m", "5m", "4h", "8h", "26h", "60h", "100h", "0wd", "1wd", "4wd", "1d", "5d", "1mo", "none", "measure")
figures = st.sampled_from(FIGURES)
tables = st.one_of(
    figures,
    st.fixed_dictionaries({"1": figures, "2": figures}, optional={"default": figures}),
    st.fixed_dictionaries({"city": st.one_of(figures, st.fixed_dictionaries({"1": figures})), "province": figures}),
    st.just([{"severity": [1, 2], "region": "city", "for": "2h"}, {"otherwise": "8h"}]),
    st.just("agreed"),
)
TYPES = (
    *("responded", "resolved", "restored", "arrived", "updated", "visit_requested", "reopened", "cancelled"),
    *("graded", "moved", "paused", "resumed", "promised", "corrected"),
)
START_TYPES = ("reported", "reported", "reported", "resolved", "responded")
some = st.lists(st.sampled_from(TYPES[:6]), min_size=1, max_size=2, unique=True)

commitments = st.fixed_dictionaries(
    {
        "name": st.just("k"),
        "starts": st.sampled_from(START_TYPES),
        "stops": some,
        "within": tables,
        "calendar": st.sampled_from(("always", "office", "night")),
        "on_regrade": st.sampled_from(("from_start", "from_regrade")),
        "on_reopen": st.sampled_from(("continue", "resume", "restart")),
    },
    optional={
        "pauses": st.sampled_from((["customer"], ["customer", "weather"])),
        "cancels": st.just("resolved"),
        "renews": st.just("updated"),
        "requires": st.just("visit_requested"),
    },
)


def contract_of(commitment: dict[str, Any]) -> Contract:
    reasons = {"name": "other", "kinds": ["x"], "stops": "closed", "within": "none", "pauses": ["customer", "weather"]}
    return read_data(
        {
            "contract": "T",
            "customer": "c",
            "valid": {"from": "2026-01-01", "until": "2027-12-31"},
            "timezone": "Europe/Berlin",
            "regions": {"city": "c", "province": "p"},
            "severities": {number: {"name": number} for number in ("1", "2", "3")},
            "calendars": {
                "always": "24x7",
                "office": {"week": {"mon-fri": "09:00-12:00 13:00-17:00"}, "holidays": ["2026-03-03"]},
                "night": {"week": {"mon-sun": "22:00-06:00"}, "ends": "next_opening"},
            },
            "commitments": [commitment, reasons],
        }
    )


DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "graded": st.sampled_from([{"severity": number} for number in (1, 2, 3)]),
    "moved": st.sampled_from([{"region": "city"}, {"region": "province"}]),
    "paused": st.sampled_from([{"reason": "customer"}, {"reason": "weather"}]),
    "promised": st.integers(0, 200).map(lambda n: {"what": "k", "until": iso(START + n * HOUR)}),
    "corrected": st.tuples(st.integers(0, 11), st.integers(0, 240)).map(
        lambda pair: {
            "entry": str(pair[0]),
            **({"void": True} if pair[1] % 4 == 0 else {"to": iso(START + pair[1] * HOUR)}),
        }
    ),
}


def iso(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).isoformat()


@st.composite
def stories(draw: st.DrawFn) -> list[Entry]:
    """Entries that a timeline takes: each is kept only if the timeline still stands with it."""
    first = Entry("reported", START, 0, data=draw(st.sampled_from([{}, {"region": "city"}])), id="0")
    kept = [first]
    if draw(st.integers(0, 3)):
        kept.append(Entry("graded", START, 1, data=draw(DATA["graded"]), id="1"))
    for kind in draw(st.lists(st.sampled_from(TYPES), min_size=3, max_size=12)):
        at = START + draw(st.integers(0, 240 * 4)) * HOUR // 4
        data = draw(DATA.get(kind, st.just({})))
        entry = Entry(kind, at, len(kept), data=data, id=str(len(kept)))
        try:
            check([*kept, entry], None, NOW)
        except Refused:
            continue
        kept.append(entry)
    return kept


instants = st.integers(0, 250 * 3600).map(lambda seconds: START + seconds * SECOND)
law = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judged(commitment: dict[str, Any], story: Sequence[Entry], now: int) -> list[Clock]:
    """From nothing: no object of an earlier look is used."""
    return assess(contract_of(commitment), check(story, None, NOW + 24 * HOUR), now)


@law
@given(commitments, stories(), st.lists(instants, min_size=1, max_size=4))
def test_1_looking_again_at_any_time_says_what_a_fresh_look_says(
    commitment: dict[str, Any], story: list[Entry], times: list[int]
) -> None:
    contract = contract_of(commitment)
    timeline = check(story[:1], None, NOW)
    for end in range(1, len(story) + 1):
        timeline = check([*timeline.seen, *story[end - 1 : end]] if end > 1 else story[:1], None, NOW + 24 * HOUR)
        for now in times:
            assert assess(contract, timeline, now) == judged(commitment, story[:end], now)


@law
@given(commitments, stories(), instants, instants)
def test_2_evaluating_at_one_time_leaves_no_trace_at_another(
    commitment: dict[str, Any], story: list[Entry], first: int, second: int
) -> None:
    contract, timeline = contract_of(commitment), check(story, None, NOW + 24 * HOUR)
    for clock in assess(contract, timeline, first):
        why(contract, timeline, clock, first)
    assert assess(contract, timeline, second) == judged(commitment, story, second)


@law
@given(commitments, stories(), instants)
def test_4_the_counted_seconds_add_up_and_the_stretches_leave_no_gap(
    commitment: dict[str, Any], story: list[Entry], now: int
) -> None:
    contract, timeline = contract_of(commitment), check(story, None, NOW + 24 * HOUR)
    for clock in assess(contract, timeline, now):
        found = why(contract, timeline, clock, now)
        assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
        assert all(one.start < one.end and one.because for one in found)
        if found:
            assert found[0].start == clock.started_at
        if clock.due_at is not None and clock.promised_s is not None:
            assert sum(one.seconds for one in found if one.kind == "counted") == clock.promised_s
            assert (found[-1].end if found else clock.started_at) == clock.due_at
        if clock.remaining_s is not None:
            assert clock.promised_s is not None
            assert clock.used_s is not None
            assert clock.remaining_s == clock.promised_s - clock.used_s
        if clock.state == "paused" and clock.promised_s is not None:
            assert sum(one.seconds for one in found if one.kind == "counted") == clock.used_s


@law
@given(commitments, stories(), instants, st.randoms(use_true_random=False))
def test_5_the_order_of_arrival_does_not_matter(
    commitment: dict[str, Any], story: list[Entry], now: int, random: Any
) -> None:
    shuffled = list(story)
    random.shuffle(shuffled)
    assert judged(commitment, shuffled, now) == judged(commitment, story, now)


@law
@given(commitments, stories(), st.integers(0, 900), st.integers(0, 200), st.sampled_from(["customer", "weather"]))
def test_6_a_pause_never_makes_a_deadline_earlier(
    commitment: dict[str, Any], story: list[Entry], begin: int, length: int, reason: str
) -> None:
    unpaused = [one for one in story if one.type not in ("paused", "resumed", "corrected")]
    start = START + begin * HOUR // 4
    pause = [Entry("paused", start, 100, data={"reason": reason}), Entry("resumed", start + length * HOUR // 4, 101)]
    later = NOW + 300 * HOUR
    contract = contract_of(commitment)
    before = assess(contract, Timeline(unpaused), later)
    after = assess(contract, Timeline([*unpaused, *pause]), later)
    assert [one.cycle for one in before] == [one.cycle for one in after]
    for was, now in zip(before, after, strict=True):
        assert (was.due_at is None) == (now.due_at is None)
        if was.due_at is not None and now.due_at is not None:
            assert now.due_at >= was.due_at


@law
@given(commitments, stories(), instants, st.integers(0, 1000))
def test_a_clock_stays_as_it_is_until_changes_at(
    commitment: dict[str, Any], story: list[Entry], now: int, share: int
) -> None:
    for clock, place in zip(judged(commitment, story, now), range(99), strict=False):
        until = NOW + 500 * HOUR if clock.changes_at is None else micros(clock.changes_at)
        # An entry lying ahead counts from its own instant on; a deadline is passed only after it.
        ahead = clock.changes_at is not None and clock.changes_at != clock.due_at
        then = min(now + (until - now) * share // 1000, until - 1 if ahead else until)
        if then >= now:
            later = judged(commitment, story, then)[place]
            assert _steady(later) == _steady(clock)


def _steady(clock: Clock) -> Clock:
    """Without what runs on by itself; `changes_at` of an overtaken entry included."""
    return replace(clock, used_s=None, remaining_s=None, paused_s=0)


@law
@given(commitments, stories(), st.integers(0, 100), st.integers(0, 100))
def test_a_larger_share_of_a_promise_is_never_used_earlier(
    commitment: dict[str, Any], story: list[Entry], one: int, other: int
) -> None:
    contract, timeline = contract_of(commitment), check(story, None, NOW + 24 * HOUR)
    low, high = Fraction(min(one, other), 100), Fraction(max(one, other), 100)
    for clock in assess(contract, timeline, NOW):
        early, late = (instant_at_fraction(contract, timeline, clock, share, NOW) for share in (low, high))
        whole = instant_at_fraction(contract, timeline, clock, Fraction(1), NOW)
        assert (early is None) == (clock.due_at is None)
        assert whole == clock.due_at
        if early is not None and late is not None and clock.due_at is not None:
            assert early <= late
            assert late <= clock.due_at or clock.promised_s is None
