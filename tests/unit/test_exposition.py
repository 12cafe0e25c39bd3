"""The metrics page, held to what prometheus_client itself would write."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from callcenter.metrics import Everyone, ProcessMetrics
from callcenter.web.exposition import Exposition


@pytest.fixture
def registry() -> CollectorRegistry:
    """A process's metrics, and some with names, texts and values that need care."""
    made = CollectorRegistry()
    metrics = ProcessMetrics(made)
    metrics.known_route("GET", "/api/v1/tickets/{number}", (200, 500))
    metrics.answered("GET", "/api/v1/tickets/{number}", 200, 0.02)
    odd = Gauge("odd", 'Says "so",\nor \\ not.', ["zone", "alpha"], registry=made)
    for place, value in enumerate([float("inf"), float("-inf"), float("nan"), 1e21, 12345678.0, 0.1, -3]):
        odd.labels(f'a "quote", \\ and\nline {place}', "热线").set(value)
    Counter("bare", "No labels.", registry=made).inc(2)
    Histogram("took", "With buckets.", ["a"], buckets=(1, 2.5), registry=made).labels("x").observe(2)
    return made


def test_it_is_what_the_library_writes(registry: CollectorRegistry) -> None:
    everyone, page = Everyone(registry, None), Exposition()
    whole = CollectorRegistry(auto_describe=False)
    whole.register(everyone)
    for _ in range(2):  # the second time from what it remembers
        assert page.write(everyone.collect(), openmetrics=True) == generate_openmetrics(whole)
        assert page.write(everyone.collect(), openmetrics=False) == generate_latest(whole)


def test_labels_of_the_same_values_under_other_names_are_not_confused() -> None:
    made = CollectorRegistry()
    one = Gauge("g", "x", ["a"], registry=made)
    one.labels("v").set(1)
    page = Exposition()
    first = page.write(Everyone(made, None).collect(), openmetrics=False)
    other = CollectorRegistry()
    Gauge("g", "x", ["b"], registry=other).labels("v").set(1)
    assert page.write(Everyone(other, None).collect(), openmetrics=False) == first.replace(b"a=", b"b=")
