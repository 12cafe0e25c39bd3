"""Promises made by word of mouth: what was made, what was kept, what is still to be kept. Pure."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from sla.entry import Entry
from sla.interval import instant, micros, read_instant
from sla.timeline import Timeline


class Spoken(msgspec.Struct, kw_only=True):
    """A promise by word of mouth; `kept_at` None while it is not kept."""

    entry: str
    what: str
    by: str
    made_at: datetime
    until: datetime | None
    kept_at: datetime | None


def promises(timeline: Timeline, now: datetime) -> list[Spoken]:
    """Every promise made so far; a `kept` keeps the oldest open one of the same words, else the oldest."""
    made: list[Spoken] = []
    for entry in timeline.as_of(micros(now)).entries:
        if entry.type == "promised":
            made.append(_made(entry))
        elif entry.type == "kept":
            _keep(made, entry)
    return made


def open_promises(timeline: Timeline, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Words and deadline of what is still to be kept."""
    for one in promises(timeline, now):
        if one.kept_at is None and one.until is not None:
            yield one.what, one.until


def _made(entry: Entry) -> Spoken:
    data, until = entry.data, entry.data.get("until")
    what = data.get("what") or data.get("text") or data.get("commitment") or ""
    return Spoken(
        entry=str(entry.seq), what=what, by=data.get("who") or entry.by or "", made_at=instant(entry.at),
        until=instant(read_instant(until)) if until else None, kept_at=None,
    )  # fmt: skip


def _keep(made: list[Spoken], entry: Entry) -> None:
    waiting = [one for one in made if one.kept_at is None]
    words = entry.data.get("what") or entry.data.get("commitment")
    for one in sorted(waiting, key=lambda each: each.what != words):
        one.kept_at = instant(entry.at)
        return
