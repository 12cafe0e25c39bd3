"""A day of a bank's call centre: every hotline figure against a second computation, from the file, with polars."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import polars as pl
import pytest

from callcenter.services import hotline
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.hotline import Hotline, HotlineRow
from callcenter.settings import Settings
from sla.compliance import month_bounds

pytestmark = pytest.mark.shared

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ZONE = "Asia/Jerusalem"
WITHIN, SHORT = 20, 5


@pytest.fixture
def calls(shared: Path) -> pl.DataFrame:
    """The file's calls that entered a queue, with their half-hour in local time."""
    lines = pl.read_ndjson(shared / "data" / "bank_calls" / "history.jsonl").unnest("call")
    instant = pl.col("received_at", "answered_at", "ended_at").str.to_datetime(time_zone=ZONE)
    half_hour = pl.col("received_at").dt.truncate("30m").dt.strftime("%H:%M").alias("half_hour")
    return lines.with_columns(instant).with_columns(half_hour).filter(pl.col("queue").is_not_null())


@pytest.fixture
async def figures(pool: asyncpg.Pool, shared: Path) -> Hotline:
    """What the service says of the month, after importing the file."""
    async with pool.acquire() as conn:
        with (shared / "data" / "bank_calls" / "history.jsonl").open("rb") as lines:
            await import_history(conn, Context(Settings(), lambda: NOW), lines, NOW)
        since, until = month_bounds(2010, 8, ZoneInfo(ZONE))
        return await hotline.figures(conn, since, until, ZONE, None)


def floored(part: int, whole: int) -> float | None:
    """A percentage, rounded down to one decimal by its decimal digits."""
    return None if whole == 0 else int(f"{part * 1000 // whole}") / 10


def marks(lengths: pl.Series) -> tuple[Any, ...]:
    """How many, mean, 50th and 90th percentile by nearest rank, longest."""
    if lengths.is_empty():
        return 0, None, None, None, None
    ordered = lengths.sort().to_list()
    rank = [ordered[-(-len(ordered) * share // 100) - 1] for share in (50, 90, 100)]
    mean = lengths.mean()
    assert isinstance(mean, float)
    return len(ordered), round(mean, 3), *rank


def check(row: HotlineRow, calls: pl.DataFrame) -> None:
    """Every figure of the row, from these calls."""
    answered, lost = (calls.filter(pl.col("outcome") == one) for one in ("answered", "abandoned"))
    long = lost.filter(pl.col("wait_s") > SHORT)
    assert (row.offered, row.answered) == (len(calls), len(answered))
    assert (row.abandoned, row.short, row.overflow, row.waiting) == (len(long), len(lost) - len(long), 0, 0)
    assert row.offered == row.answered + row.abandoned + row.short + row.overflow
    in_y = len(answered.filter(pl.col("wait_s") <= WITHIN))
    for lost_ones, given in ((lost, row.formulas), (long, row.formulas_less_short)):
        n, lost_in = len(lost_ones), len(lost_ones.filter(pl.col("wait_s") <= WITHIN))
        assert given == {
            "F1": floored(in_y + lost_in, len(answered) + n),
            "F2": floored(in_y, len(answered)),
            "F3": floored(in_y, len(answered) + n),
            "F4": floored(in_y, len(answered) + n - lost_in),
        }
    assert row.service_level == row.formulas_less_short["F3"]
    assert row.answer_rate == floored(len(answered), len(calls))
    talk = (answered["ended_at"] - answered["answered_at"]).dt.total_seconds()
    for spread, lengths in ((row.wait, answered["wait_s"]), (row.wait_abandoned, lost["wait_s"]), (row.handle, talk)):
        assert (spread.n, spread.mean, spread.p50, spread.p90, spread.longest) == marks(lengths)


def test_the_whole_day(figures: Hotline, calls: pl.DataFrame) -> None:
    assert (figures.total.offered, figures.outside) == (2237, 120)
    check(figures.total, calls)


def test_every_queue(figures: Hotline, calls: pl.DataFrame) -> None:
    assert [row.queue for row in figures.queues] == sorted(calls["queue"].unique())
    for row in figures.queues:
        check(row, calls.filter(pl.col("queue") == row.queue))


def test_every_queue_in_every_half_hour(figures: Hotline, calls: pl.DataFrame) -> None:
    keys = [(row.queue, row.half_hour) for row in figures.half_hours]
    assert keys == calls.select("queue", "half_hour").unique().sort("queue", "half_hour").rows()
    assert len(keys) > 80
    for row in figures.half_hours:
        check(row, calls.filter((pl.col("queue") == row.queue) & (pl.col("half_hour") == row.half_hour)))
