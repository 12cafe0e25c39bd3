"""Why a clock says what it says: consecutive stretches that a person can check with a pencil."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

import msgspec

from sla.calendar import due as deadline_of
from sla.clock import Clock, Seconds, derived
from sla.commitment import Commitment
from sla.contract import Contract
from sla.deadline import Reckoning, Span
from sla.duration import Duration
from sla.interval import SECOND, Interval, instant
from sla.timeline import Timeline


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A stretch of a clock: `kind` is counted, closed, paused, reopened or discarded, `seconds` its elapsed time."""

    start: datetime
    end: datetime
    kind: str
    seconds: Seconds
    because: str


def why(contract: Contract, timeline: Timeline, clock: Clock, now: int) -> list[Segment]:
    """The stretches from the clock's start to its deadline; to `now` while it is paused, to its end without a deadline.

    For open time the `counted` seconds add up to `promised_s` wherever a deadline is known.
    """
    found = derived(contract, timeline, clock, now)
    if found is None or clock.started_at is None:
        return []
    return [
        Segment(instant(one.start), instant(one.end), one.kind, _seconds(one.end - one.start), one.because)
        for one in _stretches(contract, found.commitment, found.how)
    ]


def instant_at_fraction(
    contract: Contract, timeline: Timeline, clock: Clock, fraction: Fraction, now: int | None = None
) -> datetime | None:
    """When this share (of 1) of the promise is used, by the pauses known so far; None without a deadline.

    Open time is shared by open time. Working days, civil figures and agreed instants have no smaller parts: of them
    it is the share of the elapsed time from the start to the deadline. Without `now` every entry counts.
    """
    if now is None:
        known = clock.derivation
        now = known.now if known is not None and known.now >= timeline.latest else timeline.latest
    found = derived(contract, timeline, clock, now)
    if found is None:
        return None
    commitment, how = found.commitment, found.how
    if how.due is None or how.course.figure is None:
        return None
    length, origin = how.course.figure.duration, how.course.origin
    if length is None or length.kind != "open":
        # An instant agreed after it had passed has no time to share.
        return instant(min(how.due, origin) + int(max(how.due - origin, 0) * fraction))
    share = Duration(length.text, "open", micros=length.micros * fraction.numerator // fraction.denominator)
    spans = [Interval(span.start, span.end) for span in how.spans]
    return instant(deadline_of(commitment.calendar, share, origin, spans))


def _stretches(contract: Contract, commitment: Commitment, how: Reckoning) -> Iterator[Span]:
    figure = how.course.figure
    end = how.until if how.due is None else how.due
    start, origin = how.cycle.started_at, min(how.course.origin, end)
    if start < origin:
        yield Span(start, origin, "discarded", _discarded(commitment, how))
    at = origin
    for span in _apart(how.spans, origin, end) if how.spans else ():
        yield from _running(contract, commitment, how, at, span.start)
        yield Span(span.start, span.end, span.kind, _left_out(commitment, span))
        at = span.end
    if figure is not None:
        yield from _running(contract, commitment, how, at, end)


def _apart(spans: Sequence[Span], start: int, end: int) -> Iterator[Span]:
    """The spans cut to the stretch and to one another, in order: where two overlap the pause is named."""
    at = start
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    for begin, stop in pairwise(edges):
        here = [span for span in spans if span.start <= begin and stop <= span.end]
        if here and max(begin, at) < min(stop, end):
            named = min(here, key=lambda span: span.kind != "paused")
            yield Span(max(begin, at), min(stop, end), named.kind, named.because)
            at = stop


def _running(contract: Contract, commitment: Commitment, how: Reckoning, start: int, end: int) -> Iterator[Span]:
    """The stretch as counted and closed time of the promise's calendar, or as civil time."""
    if start >= end:
        return
    figure = how.course.figure
    if figure is None or figure.kind == "agreed" or (figure.duration is not None and figure.duration.kind == "civil"):
        yield Span(start, end, "counted", _cited(commitment, _civil(contract, how)))
        return
    at = start
    for interval in commitment.calendar.intervals(start, end):
        if at < interval.start:
            yield _closed(commitment, at, interval.start)
        yield Span(interval.start, interval.end, "counted", _cited(commitment, interval.because))
        at = interval.end
    if at < end:
        yield _closed(commitment, at, end)


def _closed(commitment: Commitment, start: int, end: int) -> Span:
    return Span(start, end, "closed", _cited(commitment, commitment.calendar.closed_because(start, end)))


def _civil(contract: Contract, how: Reckoning) -> str:
    figure = how.course.figure
    if figure is None or figure.duration is None:
        return "the instant agreed"
    return f"{figure.text} on the wall clock of {contract.timezone}"


def _discarded(commitment: Commitment, how: Reckoning) -> str:
    figure = how.course.figure
    if figure is not None and figure.kind == "agreed":
        return _cited(commitment, "agreed later, the new instant counts")
    return _cited(commitment, "regraded, the figure counts from the regrade")


def _left_out(commitment: Commitment, span: Span) -> str:
    text = span.because if span.kind == "paused" else f"{span.because}, then reopened: the time between does not count"
    return _cited(commitment, text)


def _cited(commitment: Commitment, text: str) -> str:
    return f"{commitment.clause}: {text}" if commitment.clause else text


def _seconds(micros: int) -> Seconds:
    return micros // SECOND if micros % SECOND == 0 else micros / SECOND
