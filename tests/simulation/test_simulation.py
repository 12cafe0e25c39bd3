"""Simulated days: what the alerts of every seed should have been, and that a seed is always the same day."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Databases

sys.path.insert(0, str(Path(__file__).parent))
from simulated_run import Simulator, simulator

SEEDS = range(1, 21)


@pytest.fixture(scope="module")
def days(databases: "Databases") -> Iterator[Simulator]:
    """A database of its own on which days are simulated one after the other."""
    name = databases.clone()
    with simulator(databases.url(name)) as made:
        yield made
    databases.drop(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_busy_day_loses_nothing_and_tells_nothing_twice(days: Simulator, seed: int) -> None:
    result = days.day(seed)
    assert result.violations == [], f"make simulate FIRST={seed} SEEDS=1"
    assert result.counts["alerts"] or not result.counts["tickets"]


def test_a_seed_is_the_same_day_whenever_it_is_simulated(days: Simulator) -> None:
    once = days.day(2)
    assert once.counts["alerts"] > 0
    days.day(1)
    assert days.day(2).digest == once.digest
