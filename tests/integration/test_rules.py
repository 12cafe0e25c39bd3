"""The rules Prometheus is given: they parse, every alert fires when it should and not before, and leads somewhere."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.monitoring import ROOT, tool
from tests.integration.monitoring import RULES as PROMETHEUS

RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))


def run(*command: str) -> str:
    """What the program said; a status other than 0 fails the test."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROMETHEUS, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def alerts() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]:
        yield from group["rules"]


ALERTS = {alert["alert"]: alert for alert in alerts()}


def test_prometheus_takes_its_configuration() -> None:
    said = run(tool("promtool"), "check", "config", "prometheus.yml")
    assert "2 rule files found" in said


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should(file: Path) -> None:
    assert "SUCCESS" in run(tool("promtool"), "test", "rules", f"tests/{file.name}")


def _held(file: Path) -> Iterator[tuple[str, bool]]:
    """The alerts a file of rule tests speaks of, each with whether it is seen to fire there."""
    for case in yaml.safe_load(file.read_text("utf-8"))["tests"]:
        for one in case.get("alert_rule_test", ()):
            yield one["alertname"], bool(one["exp_alerts"])
        for one in case.get("promql_expr_test", ()):
            named = re.search(r'alertname=~?"([\w|]+)"', one["expr"])
            told = {re.search(r'alertname="(\w+)"', sample["labels"]) for sample in one["exp_samples"]} - {None}
            if named is None:
                continue
            for name in named[1].split("|"):
                fires = bool(one["exp_samples"]) and (not told or any(name == match[1] for match in told if match))
                yield name, fires


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_seen_to_fire_and_not_to(name: str) -> None:
    seen = {fires for file in RULE_TESTS for alert, fires in _held(file) if alert == name}
    # the watchdog's alert has no other state
    assert seen == ({True} if name == "CallcenterAlertingWorks" else {True, False})


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_every_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    said = alert["annotations"]
    assert set(said) == {"summary", "description", "runbook_url", "dashboard"}
    assert alert["labels"]["severity"] in ("critical", "warning", "none")
    page = ROOT / "docs" / "runbooks" / said["runbook_url"].rsplit("/", 1)[1]
    text = page.read_text("utf-8")
    assert f"`{alert['alert']}`" in text, f"{page.name} does not name the alert"
    for part in ("## What it means", "## What to do"):
        assert part in text, f"{page.name} lacks {part}"
    uid = said["dashboard"].rsplit("/", 1)[1]
    assert (ROOT / "deploy" / "grafana" / "dashboards" / "en" / f"{uid}.json").is_file()


def test_no_page_is_about_an_alert_that_is_gone() -> None:
    pages = {page.name for page in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert pages == {alert["annotations"]["runbook_url"].rsplit("/", 1)[1] for alert in ALERTS.values()}


def test_rules_ask_for_documented_metrics_only() -> None:
    known = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "metrics.md").read_text("utf-8"), re.MULTILINE))
    text = (PROMETHEUS / "alerts.yml").read_text("utf-8") + (PROMETHEUS / "recording.yml").read_text("utf-8")
    asked = set(re.findall(r"\b((?:callcenter|sla|alerts)_\w+)\b", text))
    histograms = {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}
    assert histograms <= known, histograms - known
