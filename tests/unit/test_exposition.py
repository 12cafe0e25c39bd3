"""The metrics page, held to what prometheus_client itself would write."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parsed

from callcenter.metrics import DURATION, HTTP_BOUNDS, Everyone, ProcessMetrics
from callcenter.web.exposition import Exposition
from callcenter.web.metrics_page import Unasked


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


def test_a_histogram_at_0_is_what_the_library_writes() -> None:
    made = CollectorRegistry()
    took = Histogram("took", "x", ["route", "method"], buckets=HTTP_BOUNDS, registry=made)
    page = Exposition()
    empty = page.write(Everyone(made, None).collect(), openmetrics=True)
    took.labels("/a", "GET")
    whole = page.write(Everyone(made, None).collect(), openmetrics=True).decode()
    lines = page.empty_histogram("took", {"method": "GET", "route": "/a"}, HTTP_BOUNDS)
    assert lines in whole
    metrics = list(Everyone(made, None).collect())
    metrics[0].samples = []
    assert page.write(metrics, openmetrics=True) == empty
    assert page.write(metrics, openmetrics=True, more={"took": [lines]}).decode() == whole


def test_routes_nobody_asked_are_there_at_0_and_none_is_there_twice() -> None:
    made = CollectorRegistry()
    metrics = ProcessMetrics(made)
    for path in ("/a", "/b"):
        metrics.known_route("GET", path, (200,))
    page = Exposition()
    unasked = Unasked(metrics.routes, page)
    own = Everyone(made, None).collect()
    nothing = [one for one in own if one.name != DURATION]  # as where workers share files, before the first request
    assert [one.name for one in unasked.there(nothing)][-1] == DURATION
    assert _counts(page, unasked, list(made.collect())) == {"/a": 0, "/b": 0}
    metrics.answered("GET", "/a", 200, 0.02)
    metrics.answered("GET", "unmatched", 404, 0.01)
    assert _counts(page, unasked, list(made.collect())) == {"/a": 1, "/b": 0, "unmatched": 1}


def _counts(page: Exposition, unasked: Unasked, metrics: list[Metric]) -> dict[str, float]:
    known = unasked.there(metrics)
    text = page.write(known, openmetrics=False, more={DURATION: unasked.lines(known)}).decode()
    counts = [one for family in parsed(text) for one in family.samples if one.name == f"{DURATION}_count"]
    found = {one.labels["route"]: one.value for one in counts}
    assert len(found) == len(counts)
    return found


def test_labels_of_the_same_values_under_other_names_are_not_confused() -> None:
    made = CollectorRegistry()
    one = Gauge("g", "x", ["a"], registry=made)
    one.labels("v").set(1)
    page = Exposition()
    first = page.write(Everyone(made, None).collect(), openmetrics=False)
    other = CollectorRegistry()
    Gauge("g", "x", ["b"], registry=other).labels("v").set(1)
    assert page.write(Everyone(other, None).collect(), openmetrics=False) == first.replace(b"a=", b"b=")
