"""Every clause of how a clock runs, one test each; times are UTC in the week of Monday 2 March 2026."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sla.clock import Clock, assess, assess_commitment
from sla.contract import Contract, read
from sla.interval import micros
from sla.timeline import Timeline, check, read_entry

_TERMS = """
contract: T
customer: c
valid: {from: 2026-01-01, until: 2027-12-31}
timezone: UTC
regions: {city: c, province: p}
phases: [trial, warranty]
severities: {1: {name: a}, 2: {name: b}, 3: {name: c}}
calendars:
  always: 24x7
  office: {week: {mon-fri: "09:00-17:00"}}
  chinese: {week: {mon-sun: "00:00-24:00"}, holidays: CN}
commitments:
  - {name: other, kinds: [none-of-these], starts: reported, stops: closed, within: 1h, calendar: always,
     pauses: [customer, weather, parts]}
  - {name: k, %s}
"""


def terms(commitment: str) -> Contract:
    return read(_TERMS % (commitment if "calendar:" in commitment else commitment + ", calendar: always"))


def at(text: str) -> int:
    """`10:00` on Monday 2 March, `4 10:00:30` on the 4th."""
    day, _, time = text.rpartition(" ")
    return micros(datetime.fromisoformat(f"2026-03-{int(day or 2):02}T{time}").replace(tzinfo=UTC))


def timeline(contract: Contract, story: str) -> Timeline:
    """The story as it was accepted in the end."""
    entries = []
    for seq, line in enumerate(story.strip().splitlines()):
        words = line.split()
        time = " ".join(words[:2]) if words[0].isdigit() else words[0]
        kind, *data = words[len(time.split()) :]
        values: dict[str, Any] = dict(pair.split("=") for pair in data)
        for name in ("to", "until"):
            if name in values:
                values[name] = iso(values[name].replace("_", " "))
        if "severity" in values:
            values["severity"] = int(values["severity"])
        if values.get("void"):
            values["void"] = True
        entries.append(read_entry({"type": kind, "occurred_at": iso(time), **values}, default_at=None, seq=seq))
    return check(entries, contract, at("31 00:00"))


def iso(text: str) -> str:
    day, _, time = text.rpartition(" ")
    return f"2026-03-{int(day or 2):02}T{time}Z"


def clocks(commitment: str, story: str, now: str) -> list[Clock]:
    contract = terms(commitment)
    return assess(contract, timeline(contract, story), at(now))


def clock(commitment: str, story: str, now: str) -> Clock:
    (only,) = clocks(commitment, story, now)
    return only


def says(one: Clock) -> tuple[str, str | None, str | None, str | None]:
    """State, due, stopped, breached; times as in the stories."""
    return one.state, short(one.due_at), short(one.stopped_at), short(one.breached_at)


def short(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    time = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return time if moment.day == 2 else f"{moment.day} {time}"


FIX = "starts: reported, stops: resolved, within: {1: 1h, 2: 4h, 3: none}"
HOUR = "starts: reported, stops: resolved, within: 1h"


# Which clocks a ticket has


def test_a_commitment_that_does_not_fit_gives_no_clock() -> None:
    assert clocks("kinds: [complaint], " + HOUR, "10:00 reported", "10:05") == []
    assert clocks("phases: [trial], " + HOUR, "10:00 reported", "10:05") == []
    assert clocks("phases: [trial], " + HOUR, "10:00 reported phase=warranty", "10:05") == []
    assert clocks("categories: [power], " + HOUR, "10:00 reported", "10:05") == []
    assert len(clocks("categories: [power], " + HOUR, "10:00 reported category=power", "10:05")) == 1


def test_the_phase_that_counts_is_the_latest() -> None:
    story = "10:00 reported phase=warranty\n10:10 moved phase=trial"
    assert clocks("phases: [trial], " + HOUR, story, "10:05") == []
    assert says(clock("phases: [trial], " + HOUR, story, "10:20")) == ("running", "11:00", None, None)


def test_idle_while_nothing_started_it() -> None:
    one = clock("starts: responded, stops: resolved, within: 1h", "10:00 reported", "10:05")
    assert (one.state, one.started_at, one.cycle, one.promised) == ("idle", None, 1, None)


def test_idle_while_the_severity_is_not_known() -> None:
    one = clock(FIX, "10:00 reported", "15:00")
    assert (one.state, short(one.started_at), one.due_at) == ("idle", "10:00", None)


def test_idle_while_the_region_is_not_known() -> None:
    one = clock(
        "starts: reported, stops: resolved, within: {city: 1h, province: 2h}",
        "10:00 reported\n10:01 graded severity=1",
        "15:00",
    )
    assert one.state == "idle"


def test_none_stays_none_even_when_cancelled_and_says_nothing_else() -> None:
    for story in ("", "\n10:30 resolved", "\n10:30 cancelled"):
        one = clock(FIX, "10:00 reported\n10:00 graded severity=3" + story, "15:00")
        assert (one.state, one.started_at, one.stopped_at, one.used_s) == ("none", None, None, None)


def test_a_severity_without_a_figure_has_no_promise() -> None:
    assert (
        clock(
            "starts: reported, stops: resolved, within: {1: 1h}", "10:00 reported\n10:00 graded severity=2", "15:00"
        ).state
        == "none"
    )


def test_measure_has_no_promise_and_tells_what_it_measured() -> None:
    one = clock("starts: reported, stops: resolved, within: measure", "10:00 reported\n10:30 resolved", "15:00")
    assert (one.state, short(one.started_at), short(one.stopped_at), one.used_s, one.remaining_s) == (
        "none", "10:00", "10:30", 1800, None,
    )  # fmt: skip


# Start, stop, cancel


def test_the_first_start_counts_and_the_next_stop_after_it() -> None:
    one = clock(
        "starts: arrived, stops: arrived, within: 1h",
        "9:00 reported\n10:00 arrived\n10:30 arrived".replace("9:", "09:"),
        "12:00",
    )
    assert (short(one.started_at), *says(one)) == ("10:00", "met", "11:00", "10:30", None)


def test_stopped_at_the_deadline_is_met_and_just_after_it_breached() -> None:
    assert says(clock(HOUR, "10:00 reported\n11:00 resolved", "12:00")) == ("met", "11:00", "11:00", None)
    assert says(clock(HOUR, "10:00 reported\n11:00:01 resolved", "12:00")) == ("breached", "11:00", "11:00:01", "11:00")


def test_open_at_the_deadline_still_runs_and_just_after_it_is_breached() -> None:
    assert clock(HOUR, "10:00 reported", "11:00").state == "running"
    assert says(clock(HOUR, "10:00 reported", "11:00:01")) == ("breached", "11:00", None, "11:00")


def test_a_stop_before_the_start_in_order_stops_nothing() -> None:
    commitment = "starts: responded, stops: resolved, within: 1h"
    story = "10:00 reported\n10:10 resolved\n10:10 responded"
    assert clock(commitment, story, "10:20").state == "running"


def test_after_its_stop_a_clock_does_not_start_again() -> None:
    story = "09:00 reported\n10:00 responded\n10:10 restored\n10:20 responded"
    assert len(clocks("starts: responded, stops: restored, within: 1h", story, "15:00")) == 1


def test_a_cancels_entry_before_the_deadline_cancels_and_after_it_breaches() -> None:
    commitment = "starts: reported, stops: arrived, cancels: resolved, within: 1h"
    assert says(clock(commitment, "10:00 reported\n11:00 resolved", "12:00")) == ("cancelled", "11:00", "11:00", None)
    late = clock(commitment, "10:00 reported\n11:30 resolved", "12:00")
    assert says(late) == ("breached", "11:00", "11:30", "11:00")


def test_a_ticket_cancelled_ends_an_open_cycle() -> None:
    assert says(clock(HOUR, "10:00 reported\n10:30 cancelled", "12:00")) == ("cancelled", "11:00", "10:30", None)
    assert says(clock(HOUR, "10:00 reported\n11:30 cancelled", "12:00")) == ("breached", "11:00", "11:30", "11:00")


def test_cancelled_without_a_known_deadline_is_cancelled() -> None:
    assert says(clock(FIX, "10:00 reported\n19:00 cancelled", "20:00")) == ("cancelled", None, "19:00", None)


def test_a_grade_after_the_cancellation_dates_back_and_can_show_a_breach() -> None:
    story = "10:00 reported\n12:00 cancelled\n12:30 graded severity=1"
    assert says(clock(FIX, story, "13:00")) == ("breached", "11:00", "12:00", "11:00")


def test_while_a_ticket_is_cancelled_its_entries_start_and_stop_nothing() -> None:
    commitment = "starts: responded, stops: restored, within: 1h"
    story = "10:00 reported\n10:10 cancelled\n10:20 responded\n10:30 reopened"
    assert clock(commitment, story, "10:40").state == "idle"
    stopped = "10:00 reported\n10:05 responded\n10:10 cancelled\n10:20 restored\n10:40 reopened"
    assert says(clock(commitment, stopped, "10:50")) == ("running", "11:35", None, None)


# Reopened


def test_a_cancellation_taken_back_goes_on_without_the_cancelled_span() -> None:
    story = "10:00 reported\n10:30 cancelled\n12:00 reopened"
    assert says(clock(HOUR, story, "12:10")) == ("running", "12:30", None, None)
    assert clock(HOUR, story, "12:10").used_s == 2400


def test_a_cancellation_after_the_deadline_taken_back_is_overdue_again() -> None:
    story = "10:00 reported\n11:30 cancelled\n12:00 reopened"
    assert says(clock(HOUR, story, "12:10")) == ("breached", "11:00", None, "11:00")


def test_taking_a_cancellation_back_reopens_nothing_else() -> None:
    story = "10:00 reported\n10:30 resolved\n10:40 cancelled\n10:50 reopened"
    assert says(clock(HOUR, story, "12:10")) == ("met", "11:00", "10:30", None)
    assert says(clock(HOUR, story + "\n10:55 reopened", "10:56")) == ("running", "11:00", None, None)


def test_a_cancels_that_ended_it_is_not_what_a_later_cancellation_took_away() -> None:
    commitment = "starts: reported, stops: arrived, cancels: resolved, within: 1h"
    story = "10:00 reported\n10:10 resolved\n10:20 cancelled\n10:30 reopened"
    assert says(clock(commitment, story, "12:00")) == ("cancelled", "11:00", "10:10", None)


def test_grades_moves_and_pauses_while_cancelled_are_kept_for_a_reopening() -> None:
    story = "10:00 reported\n10:00 graded severity=1\n10:30 cancelled\n10:40 graded severity=2\n11:00 reopened"
    assert says(clock(FIX, story, "11:10")) == ("running", "14:30", None, None)
    paused = "10:00 reported\n10:30 cancelled\n10:40 paused reason=customer\n11:00 reopened\n11:10 resumed"
    assert says(clock(HOUR + ", pauses: [customer]", paused, "11:20")) == ("running", "11:40", None, None)


@pytest.mark.parametrize("closing", ["resolved", "restored", "signed", "closed"])
def test_reopened_under_continue_is_as_if_never_stopped(closing: str) -> None:
    commitment = f"starts: reported, stops: {closing}, within: 1h"
    story = f"10:00 reported\n10:30 {closing}\n10:40 reopened"
    assert says(clock(commitment, story, "10:50")) == ("running", "11:00", None, None)
    assert says(clock(commitment, story + f"\n10:55 {closing}", "12:00")) == ("met", "11:00", "10:55", None)


def test_reopened_under_resume_leaves_out_the_span_from_stop_to_reopening() -> None:
    story = "10:00 reported\n10:30 resolved\n12:00 reopened"
    assert says(clock(HOUR + ", on_reopen: resume", story, "12:10")) == ("running", "12:30", None, None)


def test_reopened_under_restart_keeps_the_old_result_and_starts_anew() -> None:
    story = "10:00 reported\n11:30 resolved\n12:00 reopened\n12:30 resolved"
    old, new = clocks(HOUR + ", on_reopen: restart", story, "15:00")
    assert says(old) == ("breached", "11:00", "11:30", "11:00")
    assert (new.cycle, short(new.started_at), *says(new)) == (2, "12:00", "met", "13:00", "12:30", None)


def test_several_reopenings_each_leave_out_their_span() -> None:
    story = "10:00 reported\n10:10 resolved\n10:20 reopened\n10:30 resolved\n11:00 reopened"
    assert says(clock(HOUR + ", on_reopen: resume", story, "11:01")) == ("running", "11:40", None, None)


def test_an_open_follow_up_is_cancelled_by_a_reopening_and_the_next_repair_starts_another() -> None:
    commitment = "starts: resolved, stops: followed_up, within: 1h"
    story = "09:00 reported\n10:00 resolved\n10:30 reopened\n12:00 resolved"
    old, new = clocks(commitment, story, "12:30")
    assert says(old) == ("cancelled", "11:00", "10:30", None)
    assert (new.cycle, *says(new)) == (2, "running", "13:00", None, None)
    late, _ = clocks(commitment, story.replace("10:30", "11:30"), "12:30")
    assert says(late) == ("breached", "11:00", "11:30", "11:00")


def test_a_follow_up_made_keeps_its_stop_and_the_next_repair_starts_another() -> None:
    story = "09:00 reported\n10:00 resolved\n10:30 followed_up\n10:40 reopened\n12:00 resolved"
    old, new = clocks("starts: resolved, stops: followed_up, within: 1h", story, "12:30")
    assert (old.state, new.state, short(new.started_at)) == ("met", "running", "12:00")


def test_a_cycle_ended_by_a_cancels_entry_starts_anew_at_the_reopening() -> None:
    commitment = "starts: reported, stops: arrived, cancels: resolved, within: 1h"
    old, new = clocks(commitment, "10:00 reported\n10:30 resolved\n12:00 reopened", "12:10")
    assert says(old) == ("cancelled", "11:00", "10:30", None)
    assert (short(new.started_at), *says(new)) == ("12:00", "running", "13:00", None, None)


def test_anything_else_keeps_its_stop() -> None:
    commitment = "starts: reported, stops: responded, within: 1h"
    story = "10:00 reported\n10:30 responded\n10:40 resolved\n11:00 reopened"
    assert says(clock(commitment, story, "15:00")) == ("met", "11:00", "10:30", None)


# Renew, requires, agreed


def test_a_renews_entry_stops_an_open_cycle_and_starts_the_next() -> None:
    commitment = "starts: reported, stops: resolved, renews: updated, within: 1h"
    story = "10:00 reported\n10:50 updated\n12:00 updated\n12:30 resolved\n12:40 updated"
    found = clocks(commitment, story, "15:00")
    assert [(one.cycle, short(one.started_at), *says(one)) for one in found] == [
        (1, "10:00", "met", "11:00", "10:50", None),
        (2, "10:50", "breached", "11:50", "12:00", "11:50"),
        (3, "12:00", "met", "13:00", "12:30", None),
    ]


def test_a_renewed_cycle_has_its_own_pauses() -> None:
    commitment = "starts: reported, stops: resolved, renews: updated, within: 1h, pauses: [customer]"
    story = "10:00 reported\n10:10 paused reason=customer\n10:30 updated\n10:40 resumed"
    old, new = clocks(commitment, story, "10:50")
    assert (says(old), old.paused_s) == (("met", "11:20", "10:30", None), 1200)
    assert (says(new), new.paused_s) == (("running", "11:40", None, None), 600)


def test_required_entry_makes_the_clock_and_dates_back_to_the_start() -> None:
    commitment = "starts: reported, requires: visit_requested, stops: arrived, within: 1h"
    assert clock(commitment, "10:00 reported", "15:00").state == "idle"
    one = clock(commitment, "10:00 reported\n10:30 visit_requested", "10:40")
    assert (short(one.started_at), *says(one)) == ("10:00", "running", "11:00", None, None)


def test_agreed_is_due_at_the_last_instant_agreed_for_this_commitment() -> None:
    commitment = "starts: reported, stops: arrived, within: agreed"
    story = "10:00 reported\n10:10 appointment commitment=k until=3_09:00\n10:20 promised what=k until=3_11:00"
    assert clock(commitment, "10:00 reported\n10:10 appointment until=3_09:00", "10:30").state == "idle"
    assert says(clock(commitment, story, "10:15")) == ("running", "3 09:00", None, None)
    one = clock(commitment, story, "10:30")
    assert (*says(one), one.promised, one.promised_s) == ("running", "3 11:00", None, None, "agreed", None)
    assert says(clock(commitment, story + "\n3 12:00 arrived", "3 13:00")) == (
        "breached",
        "3 11:00",
        "3 12:00",
        "3 11:00",
    )


# Figure


def test_the_first_grade_dates_back_to_the_start_even_after_the_stop() -> None:
    assert says(clock(FIX, "10:00 reported\n10:30 graded severity=1", "10:40")) == ("running", "11:00", None, None)
    story = "10:00 reported\n11:30 resolved\n12:00 graded severity=1"
    assert says(clock(FIX, story, "13:00")) == ("breached", "11:00", "11:30", "11:00")


def test_a_first_grade_that_shows_a_breach_shows_it_at_the_deadline() -> None:
    assert says(clock(FIX, "10:00 reported\n12:00 graded severity=1", "13:00")) == ("breached", "11:00", None, "11:00")


def test_a_regrade_from_start_counts_from_the_start() -> None:
    story = "10:00 reported\n10:00 graded severity=2\n10:30 graded severity=1"
    assert says(clock(FIX, story, "10:40")) == ("running", "11:00", None, None)


def test_a_regrade_from_regrade_keeps_nothing_of_the_old_figure() -> None:
    story = "10:00 reported\n10:00 graded severity=2\n10:30 graded severity=1"
    one = clock(FIX + ", on_regrade: from_regrade", story, "10:40")
    assert (*says(one), one.used_s, one.remaining_s) == ("running", "11:30", None, None, 600, 3000)


def test_a_move_counts_from_the_start_even_under_from_regrade() -> None:
    commitment = (
        "starts: reported, stops: resolved, within: {city: {1: 1h, 2: 2h}, province: 6h}, on_regrade: from_regrade"
    )
    story = "10:00 reported region=city\n10:00 graded severity=1\n10:30 graded severity=2\n10:40 moved region=province"
    assert says(clock(commitment, story, "10:35")) == ("running", "12:30", None, None)
    assert says(clock(commitment, story, "10:50")) == ("running", "16:00", None, None)


def test_a_regrade_that_leaves_the_figure_as_it_was_changes_nothing() -> None:
    commitment = "starts: reported, stops: resolved, within: {1: 1h, 2: 60m}, on_regrade: from_regrade"
    story = "10:00 reported\n10:00 graded severity=2\n10:30 graded severity=1"
    assert says(clock(commitment, story, "10:40")) == ("running", "11:00", None, None)


def test_a_regrade_or_move_after_the_end_changes_nothing() -> None:
    story = "10:00 reported\n10:00 graded severity=2\n12:30 resolved\n12:30 graded severity=1"
    assert says(clock(FIX, story, "13:00")) == ("met", "14:00", "12:30", None)
    commitment = "starts: reported, stops: resolved, within: {city: 1h, province: 2h}"
    assert clock(commitment, "10:00 reported\n10:30 resolved\n10:40 moved region=city", "11:00").state == "idle"


def test_a_regrade_between_stop_and_reopening_counts_under_continue_as_if_never_stopped() -> None:
    story = "10:00 reported\n10:00 graded severity=2\n10:30 resolved\n10:40 graded severity=1\n10:50 reopened"
    assert says(clock(FIX, story, "10:55")) == ("running", "11:00", None, None)


def test_a_new_cycle_starts_with_the_grade_of_its_start() -> None:
    story = "10:00 reported\n10:00 graded severity=2\n10:30 resolved\n10:40 graded severity=1\n11:00 reopened"
    old, new = clocks(FIX + ", on_reopen: restart", story, "11:10")
    assert (short(old.due_at), short(new.due_at), old.severity, new.severity) == ("14:00", "12:00", 2, 1)


# Pause


PAUSED = HOUR + ", pauses: [customer, weather]"


def test_paused_now_has_no_deadline_and_what_remains_stands_still() -> None:
    story = "10:00 reported\n10:20 paused reason=customer"
    for now in ("10:20", "10:40", "3 10:00"):
        one = clock(PAUSED, story, now)
        assert (*says(one), one.used_s, one.remaining_s) == ("paused", None, None, None, 1200, 2400)


def test_the_open_time_of_a_pause_does_not_count() -> None:
    one = clock(PAUSED, "10:00 reported\n10:20 paused reason=customer\n10:50 resumed", "11:00")
    assert (*says(one), one.paused_s, one.used_s) == ("running", "11:30", None, None, 1800, 1800)
    office = PAUSED.replace("1h", "2h") + ", calendar: office"
    night = "16:00 reported\n16:30 paused reason=customer\n3 09:30 resumed"
    assert says(clock(office, night, "3 10:00")) == ("running", "3 11:00", None, None)


def test_a_pause_for_a_reason_not_listed_does_not_count() -> None:
    story = "10:00 reported\n10:20 paused reason=parts\n10:50 resumed"
    assert says(clock(PAUSED, story, "10:55")) == ("running", "11:00", None, None)


def test_a_pause_is_cut_to_the_cycle() -> None:
    commitment = "starts: responded, stops: restored, within: 1h, pauses: [customer]"
    story = "09:00 reported\n09:30 paused reason=customer\n10:00 responded\n10:10 resumed"
    one = clock(commitment, story, "10:20")
    assert (says(one), one.paused_s) == (("running", "11:10", None, None), 600)
    stopped = clock(PAUSED, "10:00 reported\n10:20 paused reason=customer\n10:40 resolved", "15:00")
    assert (says(stopped), stopped.paused_s) == (("met", "11:20", "10:40", None), 1200)


def test_a_pause_at_or_after_the_deadline_changes_nothing() -> None:
    for begin in ("11:00", "11:10"):
        one = clock(PAUSED, f"10:00 reported\n{begin} paused reason=customer", "12:00")
        assert (says(one), one.used_s, one.paused_s) == (("breached", "11:00", None, "11:00"), 7200, 0)


def test_a_pause_before_a_regrade_does_not_move_a_figure_that_counts_from_the_regrade() -> None:
    story = (
        "10:00 reported\n10:00 graded severity=2\n10:10 paused reason=customer\n10:20 resumed\n10:30 graded severity=1"
    )
    commitment = FIX + ", on_regrade: from_regrade, pauses: [customer]"
    assert says(clock(commitment, story, "10:40")) == ("running", "11:30", None, None)
    assert says(clock(FIX + ", pauses: [customer]", story, "10:40")) == ("running", "11:10", None, None)


def test_a_regrade_within_a_pause_counts_from_the_regrade_once_resumed() -> None:
    story = "10:00 reported\n10:00 graded severity=2\n10:10 paused reason=customer\n10:30 graded severity=1"
    commitment = FIX + ", on_regrade: from_regrade, pauses: [customer]"
    assert clock(commitment, story, "10:40").state == "paused"
    assert says(clock(commitment, story + "\n10:50 resumed", "11:00")) == ("running", "11:50", None, None)


@pytest.mark.parametrize(
    ("within", "due"), [("1wd", "5 17:00"), ("1d", "4 10:30")], ids=["a working day for each closing", "its length"]
)
def test_a_pause_moves_days(within: str, due: str) -> None:
    commitment = f"starts: reported, stops: resolved, within: {within}, pauses: [customer], calendar: office"
    story = "10:00 reported\n16:30 paused reason=customer\n3 17:00 resumed"
    # One working day moves by the two closings of Monday and Tuesday, one civil day by 24 hours and a half.
    assert says(clock(commitment, story, "3 18:00")) == ("running", due, None, None)


# breached_at


def test_a_regrade_that_makes_it_late_breaches_when_it_comes_into_force() -> None:
    story = "10:00 reported\n10:00 graded severity=2\n12:00 graded severity=1"
    assert says(clock(FIX, story, "12:30")) == ("breached", "11:00", None, "12:00")


def test_a_move_that_first_makes_the_figure_known_too_late_breaches_at_the_move() -> None:
    commitment = "starts: reported, stops: resolved, within: {city: 1h, province: 2h}"
    story = "10:00 reported\n12:00 moved region=city"
    assert says(clock(commitment, story, "12:30")) == ("breached", "11:00", None, "12:00")
    assert says(clock(commitment, story + "\n12:10 resolved", "12:30")) == ("breached", "11:00", "12:10", "12:00")


def test_a_reopening_under_continue_of_a_cycle_stopped_in_time_breaches_at_the_reopening() -> None:
    assert says(clock(HOUR, "10:00 reported\n10:30 resolved\n12:00 reopened", "12:30")) == (
        "breached",
        "11:00",
        None,
        "12:00",
    )


def test_a_reopening_of_a_cycle_stopped_late_leaves_the_breach_where_it_was() -> None:
    assert says(clock(HOUR, "10:00 reported\n11:30 resolved\n12:00 reopened", "12:30")) == (
        "breached",
        "11:00",
        None,
        "11:00",
    )


def test_a_change_that_brings_the_deadline_back_into_the_future_lifts_a_breach() -> None:
    story = "10:00 reported\n10:00 graded severity=1\n12:00 graded severity=2"
    assert says(clock(FIX, story, "11:30")) == ("breached", "11:00", None, "11:00")
    assert says(clock(FIX, story, "12:30")) == ("running", "14:00", None, None)


# Order, corrections, the future


def test_entries_after_now_do_not_count_yet_and_wake_the_clock() -> None:
    one = clock(HOUR, "10:00 reported\n10:11 resolved", "10:10")
    assert (one.state, short(one.changes_at)) == ("running", "10:11")
    assert clock(HOUR, "10:00 reported\n10:11 resolved", "10:11").state == "met"


def test_changes_at_is_the_deadline_of_a_running_clock_and_nothing_else() -> None:
    assert short(clock(HOUR, "10:00 reported", "10:10").changes_at) == "11:00"
    assert clock(HOUR, "10:00 reported", "12:00").changes_at is None
    assert clock(PAUSED, "10:00 reported\n10:20 paused reason=customer", "10:30").changes_at is None


def test_at_one_instant_recorded_order_decides() -> None:
    commitment = "starts: responded, stops: restored, within: 1h"
    assert clock(commitment, "10:00 reported\n10:10 responded\n10:10 restored", "10:20").state == "met"
    assert clock(commitment, "10:00 reported\n10:10 restored\n10:10 responded", "10:20").state == "running"


def test_a_clock_sees_the_corrected_entry() -> None:
    story = "10:00 reported\n11:30 resolved id=x\n11:40 corrected entry=x to=10:50"
    assert says(clock(HOUR, story, "11:35")) == ("breached", "11:00", "11:30", "11:00")
    assert says(clock(HOUR, story, "12:00")) == ("met", "11:00", "10:50", None)
    void = "10:00 reported\n10:30 resolved id=x\n10:40 corrected entry=x void=1"
    assert clock(HOUR, void, "10:50").state == "running"


# What a clock says


def test_remaining_falls_below_zero_when_overdue_and_ends_with_the_cycle() -> None:
    late = clock(HOUR, "10:00 reported", "12:00")
    assert (late.promised, late.promised_s, late.used_s, late.remaining_s) == ("1h", 3600, 7200, -3600)
    done = clock(HOUR, "10:00 reported\n10:30 resolved", "12:00")
    assert (done.used_s, done.remaining_s) == (1800, None)


@pytest.mark.parametrize("within", ["1wd", "1d", "1mo"])
def test_figures_in_days_have_no_seconds(within: str) -> None:
    one = clock(f"starts: reported, stops: resolved, within: {within}", "10:00 reported", "10:30")
    assert (one.promised, one.promised_s, one.used_s, one.remaining_s) == (within, None, None, None)


def test_a_deadline_in_a_year_without_a_published_schedule_is_provisional() -> None:
    for within, expected in {"10d": False, "90h": False, "9000h": True, "5000wd": True, "20mo": False}.items():
        one = clock(
            f"starts: reported, stops: resolved, within: {within}, calendar: chinese", "10:00 reported", "10:10"
        )
        assert one.provisional is expected, within


def test_one_commitment_alone_says_what_all_say() -> None:
    contract = terms(FIX)
    entries = timeline(contract, "10:00 reported\n10:10 graded severity=1")
    alone = assess_commitment(contract, contract.commitments[1], entries, at("10:20"))
    assert alone == assess(contract, entries, at("10:20"))
    assert assess_commitment(contract, contract.commitments[0], entries, at("10:20")) == []
