"""Every query of every panel, variable and annotation on a day of metrics, asked of a real Prometheus.

The day is written as OpenMetrics, the service's own page at every other minute, and our recording rules are worked out
over it. So a panel is seen over a whole day: that it shows something all the time, with its labels, and in its range.
"""

import json
import math
import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from callcenter.alarm import Health
from callcenter.figures import Known, render
from callcenter.metrics import Everyone, ProcessMetrics
from callcenter.now import system_now
from callcenter.store.metrics import Figures, Names
from tests.integration.monitoring import ROOT, RULES, Prometheus, prometheus, tool, until

ENGLISH = [
    json.loads(file.read_text("utf-8")) for file in sorted((ROOT / "deploy/grafana/dashboards/en").glob("*.json"))
]
HOSTS = ("a:8080", "b:8080")
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)
LABELS = {
    "instance": set(HOSTS),
    "queue": {"main", "vip"},
    "contract": {"C1"},
    "commitment": {"on_site", "response"},
    "severity": {"1", "2", "none"},
    "kind": {"warning", "breach", "overdue"},
    "channel": {"email", "webhook"},
    "result": {"sent", "timeout"},
    "status": {"201", "503"},
    "method": {"POST"},
    "route": {"/api/v1/calls"},
    "duty": {"dispatcher", "supervisor"},
}
# What a number of a unit may be at all: seconds that are milliseconds or instants, or per cent not of 1, fail.
RANGES = {
    "s": (-86_400.0, 86_400.0),
    "percentunit": (-1.0, 1.0),
    "short": (-100.0, 100_000.0),
    "cps": (0.0, 1_000.0),
    "reqps": (0.0, 1_000.0),
    "bytes": (1e6, 1e11),
}
KNOWN = Known(
    names=Names(["C1"], ["response", "on_site"], ["fault"]),
    promised=[("C1", "on_site")],
    graded=[("response", "1"), ("on_site", "1"), ("on_site", "2")],
    severities=["1", "2", "none"],
    targets=[("C1", "on_site", 0.95)],
    horizons=[("CN", datetime(2027, 1, 1, tzinfo=UTC))],
)


class _Pool:
    def get_size(self) -> int:
        return 5

    def get_idle_size(self) -> int:
        return 3

    def get_max_size(self) -> int:
        return 10


def _figures(now: datetime) -> Figures:
    return Figures(
        as_of=now, queues=[("main", 20), ("vip", 10)], channels=["email"], tickets_open=[(1, "fault", 3)],
        clocks_open=[("on_site", 1, "running", 4, now + timedelta(minutes=20)), ("response", 1, "breached", 1, None)],
        month=[("C1", "on_site", "met", 40), ("C1", "on_site", "breached", 1), ("C1", "on_site", "open", 9)],
        calls_waiting=[("main", 1 + now.hour % 3, now - timedelta(seconds=35))], next_wake=now - timedelta(seconds=1),
        alerts_unsettled=[("breach", "firing", 1)], outbox=[("email", 1, now - timedelta(seconds=4))],
        firing_oldest=[("breach", now - timedelta(seconds=90))], last_call=now - timedelta(seconds=50),
        last_beat=now - timedelta(seconds=20), agents=[("on_call", now.hour % 5), ("signed_in", 3)],
        on_duty=[("dispatcher", 1), ("supervisor", 0)],
        totals=[(("offered", "main"), 9.0)], since=now, counted=[], tickets=[],
    )  # fmt: skip


def _page(now: datetime) -> list[Metric]:
    """The page as the service would show it, its counters yet to be filled in."""
    registry = CollectorRegistry()
    metrics = ProcessMetrics(registry)
    metrics.answered("POST", "/api/v1/calls", 201, 0.004)
    metrics.answered("POST", "/api/v1/calls", 503, 0.004)
    health = Health(last_pass_at=now, passes=5, clocks=2, listening=True)
    metrics.publish(health, {("email", "sent"): 2, ("webhook", "timeout"): 1}, _Pool())  # type: ignore[arg-type]
    up = Metric("callcenter_database_up", "Whether it answered.", "gauge")
    up.add_sample("callcenter_database_up", {}, 1)
    return [*Everyone(registry, None).collect(), up, *render(_figures(now), KNOWN)]


def _busy(at: datetime) -> float:
    """The share of the busiest minute's work: little at night, most at noon."""
    return 0.6 - 0.4 * math.cos(math.tau * at.hour / 24)


def _pace(name: str, labels: dict[str, str]) -> float:
    """By how much a counter rises in the two busiest minutes; buckets rise with their bound, as a histogram does."""
    bound = labels.get("le")
    if bound is None:
        return 60.0 if name.endswith("_sum") else 4.0
    return min(4.0, 1 + float(bound) / 20)


def _idle(name: str, labels: dict[str, str]) -> bool:
    """Whether nothing was ever sent that way: hundreds of such series would only take their time."""
    pair = (labels.get("channel"), labels.get("result"))
    return name == "alerts_deliveries_total" and pair not in {("email", "sent"), ("webhook", "timeout")}


def _written(instants: Sequence[datetime], work: Sequence[float], only: str) -> Iterator[str]:
    """OpenMetrics of two hosts that show the page at each instant; counters have risen by the work done until then."""
    pages = [_page(at) for at in instants]
    for place, family in enumerate(pages[0]):
        if not family.name.startswith(only):
            continue
        yield f"# TYPE {family.name} {family.type}"
        for number, sample in enumerate(family.samples):
            if _idle(sample.name, sample.labels):
                continue
            rises = _pace(sample.name, sample.labels) if family.type in ("counter", "histogram") else None
            for host in HOSTS:
                labels = {**sample.labels, "job": "callcenter", "instance": host}
                said = ",".join(f'{name}="{value}"' for name, value in labels.items())
                for page, at, done in zip(pages, instants, work, strict=True):
                    value = page[place].samples[number].value if rises is None else done * rises
                    yield f"{sample.name}{{{said}}} {value} {at.timestamp()}"
    yield "# EOF"


def _blocks(folder: Path, instants: Sequence[datetime], only: str = "") -> None:
    """The page at these instants is blocks of Prometheus in the folder's `data`, written part by part.

    A block is two hours, and promtool reads what it is given once for each.
    """
    work = list(accumulate((_busy(at) for at in instants), initial=0.0))[:-1]
    parts = groupby(zip(instants, work, strict=True), lambda pair: pair[0].timestamp() // 7200)
    for _, part in parts:
        whole = list(part)
        text = folder / "part.om"
        lines = _written([at for at, _ in whole], [done for _, done in whole], only)
        text.write_text("".join(f"{line}\n" for line in lines))
        _promtool("openmetrics", str(text), str(folder / "data"))


def _promtool(*arguments: str) -> None:
    command = [tool("promtool"), "tsdb", "create-blocks-from", *arguments]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def _stages() -> list[list[dict[str, Any]]]:
    """Our recording rules, those that ask for others' series after those."""
    groups = yaml.safe_load((RULES / "recording.yml").read_text("utf-8"))["groups"]
    left = [rule for group in groups for rule in group["rules"]]
    stages = []
    while left:
        names = [rule["record"] for rule in left]
        now = [rule for rule in left if not any(name in rule["expr"] for name in names)]
        assert now, "rules that ask for one another"
        stages.append(now)
        left = [rule for rule in left if rule not in now]
    return stages


def _record(folder: Path, start: datetime, end: datetime) -> None:
    """Our recording rules have been evaluated every other minute of the time."""
    span = [f"--start={int(start.timestamp())}", f"--end={int(end.timestamp())}", "--eval-interval=120s"]
    for number, rules in enumerate(_stages()):
        file = folder / f"stage{number}.yml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "stage", "rules": rules}]}))
        with prometheus(folder, {}) as known:
            _promtool("rules", *span, f"--url=http://{known.address}", f"--output-dir={folder / 'data'}", str(file))


class Day(Prometheus):
    """A Prometheus that knows a day, and when it ends."""

    end: datetime


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A Prometheus with a day of two hosts, calls of the day a week before, and our rules worked out over all of it."""
    folder = tmp_path_factory.mktemp("day")
    last = system_now().replace(microsecond=0) - timedelta(seconds=20)
    instants = [last - minute * MINUTE for minute in range(1440, -1, -2)]
    _blocks(folder, instants)
    _blocks(folder, [at - WEEK for at in instants], only="callcenter_calls_offered")
    _record(folder, instants[0], last)
    files = [str(RULES / "recording.yml"), str(RULES / "alerts.yml")]
    config = {"global": {"evaluation_interval": "1s"}, "rule_files": files}
    with prometheus(folder, config) as server:
        made = Day(int(server.address.rpartition(":")[2]))
        made.end = last
        until(lambda: "CallcenterAlertingWorks" in made.firing(), "alert rules have been evaluated")
        yield made


def asked() -> Iterator[Any]:
    """Every PromQL expression of every panel as a test parameter, choices filled in as Grafana does for All."""
    for board in ENGLISH:
        for panel in board["panels"]:
            for target in panel["targets"]:
                if "expr" in target:
                    expr = re.sub(r"\$(queue|contract|commitment|instance)\b", ".+", target["expr"])
                    name = f"{board['title']}: {panel['title']} {target['refId']}"
                    yield pytest.param(expr, target["legendFormat"], panel["fieldConfig"]["defaults"], id=name)


ASKED = list(asked())


def test_there_are_as_many_as_the_dashboards_have() -> None:
    assert len(ASKED) > 50


@pytest.mark.parametrize(("expr", "legend", "shown"), ASKED)
def test_a_panel_shows_its_figure_all_day(day: Day, expr: str, legend: str, shown: dict[str, Any]) -> None:
    series = day.over(expr, day.end - DAY + 10 * MINUTE, day.end, 10 * MINUTE)
    assert series, "it shows nothing"
    seen = {at for one in series for at, _ in one["values"]}
    assert len(seen) >= 0.98 * 143, f"it shows something at {len(seen)} of 143 instants"
    named = re.findall(r"{{(\w+)}}", legend)
    if not named:
        assert len(series) == 1, "one legend for several lines"
    for one in series:
        for label in named:
            assert one["metric"].get(label) in LABELS[label], one["metric"]
    assert len({tuple(one["metric"].get(label) for label in named) for one in series}) == len(series)
    lowest, highest = RANGES[shown["unit"]]
    for value in (float(point) for one in series for _, point in one["values"]):
        assert max(lowest, shown.get("min", lowest)) <= value <= min(highest, shown.get("max", highest))


def test_figures_are_right_though_two_hosts_say_them(day: Day) -> None:
    def noon(expr: str) -> float:
        at = day.end.replace(hour=12, minute=30, second=0)
        at -= DAY if at > day.end else timedelta(0)
        found = day.over(expr, at, at, MINUTE)
        assert len(found) == 1, found
        return float(found[0]["values"][0][1])

    assert noon('callcenter:calls_offered:increase30m{queue="main"}') == pytest.approx(4 * 15, rel=0.05)
    assert noon('sum(sla:clocks_open:count{commitment="on_site", state="running"})') == 4
    assert noon("sla:month_breaches_left:count") == 1  # 5 % of 50 is 2, one is gone
    # of eight each time four were answered; of these two in 20 s
    assert noon('callcenter:service_level:ratio30m{queue="main"}') == pytest.approx(2 / 8, rel=0.05)
    assert noon("sum(callcenter:http_requests:rate5m)") == pytest.approx(2 * 2 * 4 / 120, rel=0.05)
    assert noon('sla:engine_last_pass_age:seconds{instance="a:8080"}') <= 300


def test_annotations_and_variables_find_something(day: Day) -> None:
    for board in ENGLISH:
        for mark in board["annotations"]["list"]:
            if "expr" in mark:
                day.over(mark["expr"], day.end - DAY, day.end, 10 * MINUTE)
        for variable in board["templating"]["list"]:
            if isinstance(variable["query"], dict):
                found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
                assert found
                assert {one["metric"][found[2]] for one in day.series(found[1])} <= LABELS[found[2]]
