"""The page for Prometheus without a database: its names, labels, buckets and sums, and that each is documented."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from alerts.duty import Roster, Row
from alerts.reasons import Reason
from callcenter.alarm import Health
from callcenter.figures import Known, on_duty, render
from callcenter.metrics import Everyone, ProcessMetrics
from callcenter.settings import SettingsError, read_settings
from callcenter.store.metrics import CALL_BOUNDS, LATE_BOUNDS, Figures, Names, severity_label

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
KNOWN = Known(
    names=Names(["C1"], ["restore"], ["fault"]),
    promised=[("C1", "restore")],
    graded=[("restore", "1")],
    severities=["1", "none"],
    targets=[("C1", "restore", 0.95)],
    horizons=[("CN", datetime(2027, 1, 1, tzinfo=UTC))],
)


def figures(**changed: object) -> Figures:
    given: dict[str, object] = {
        "as_of": NOW,
        "queues": [("main", 20)],
        "channels": ["email"],
        "tickets_open": [],
        "clocks_open": [],
        "month": [],
        "calls_waiting": [],
        "next_wake": None,
        "alerts_unsettled": [],
        "outbox": [],
        "totals": [],
        "since": NOW,
        "counted": [],
        "tickets": [],
    }
    return Figures(**{**given, **changed})  # type: ignore[arg-type]


class Pool:
    """What the metrics ask of a pool."""

    def get_size(self) -> int:
        return 5

    def get_idle_size(self) -> int:
        return 3

    def get_max_size(self) -> int:
        return 10


def own() -> tuple[ProcessMetrics, CollectorRegistry]:
    registry = CollectorRegistry()
    metrics = ProcessMetrics(registry)
    metrics.known_route("GET", "/healthz", (200,))
    metrics.answered("GET", "/healthz", 200, 0.001)
    metrics.publish(Health(), {}, Pool())
    return metrics, registry


def everything() -> list[Metric]:
    """Every metric there is, each with a sample."""
    whole = figures(
        clocks_open=[("restore", 1, "running", 1, NOW)],
        month=[("C1", "restore", "met", 1)],
        last_call=NOW,
        last_beat=NOW,
        on_duty=[("dispatcher", 1)],
    )
    up = Metric("callcenter_database_up", "", "gauge")
    up.add_sample("callcenter_database_up", {}, 1)
    return [*Everyone(own()[1], None).collect(), up, *render(whole, KNOWN)]


def value(families: Iterator[Metric] | list[Metric], name: str, **labels: str) -> float | None:
    found = [sample.value for family in families for sample in family.samples
             if sample.name == name and sample.labels == labels]  # fmt: skip
    assert len(found) <= 1, f"{name} {labels} is there twice"
    return found[0] if found else None


def shown() -> dict[str, tuple[str, frozenset[str]]]:
    found = {}
    for family in everything():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = family.type, frozenset(family.samples[0].labels) - {"le"}
    return found


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    cells = re.findall(r"^\| `(\w+)`" + r" \|([^|]*)" * 4 + r"\|$", DOCUMENT.read_text(encoding="utf-8"), re.M)
    rows = [[cell.strip() for cell in row] for row in cells]
    for name, _, _, meaning, advice in rows:
        assert "" not in (meaning, advice), f"{name} says nothing"
    twice = [name for name, count in Counter(row[0] for row in rows).items() if count > 1]
    assert not twice
    return {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _, _ in rows}


def test_every_metric_is_documented_as_it_is_and_none_that_is_not() -> None:
    assert documented() == shown()


def test_the_document_names_the_buckets() -> None:
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    for bounds in (CALL_BOUNDS, LATE_BOUNDS):
        assert ": " + ", ".join(map(str, bounds)) + "." in text
    assert {5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600} <= set(CALL_BOUNDS)


def test_names_have_our_prefixes_and_base_units() -> None:
    for family in everything():
        assert family.name.startswith(("callcenter_", "sla_", "alerts_"))
        assert family.documentation or family.name == "callcenter_database_up"
        assert not family.name.endswith(("_ms", "_minutes", "_percent", "_milliseconds"))


def test_no_label_is_without_bounds() -> None:
    allowed = {"queue", "outcome", "severity", "kind", "commitment", "state", "result", "contract", "channel", "method",
               "route", "status", "version", "calendar", "duty"}  # fmt: skip
    assert {label for _, labels in shown().values() for label in labels} <= allowed


def test_known_labels_start_at_0() -> None:
    page = list(render(figures(), KNOWN))
    assert value(page, "callcenter_calls_offered_total", queue="main") == 0
    assert value(page, "callcenter_call_wait_seconds_bucket", queue="main", outcome="abandoned", le="20.0") == 0
    assert value(page, "sla_clocks_open", commitment="restore", severity="1", state="breached") == 0
    assert value(page, "sla_clocks_finished_total", commitment="restore", result="breached") == 0
    assert value(page, "sla_month_clocks", contract="C1", commitment="restore", result="met") == 0
    assert value(page, "alerts_outbox_deliveries", channel="email") == 0
    assert value(page, "callcenter_agents", state="on_call") == 0
    assert value(page, "callcenter_agents", state="signed_in") == 0
    assert value(page, "sla_month_compliance_ratio", contract="C1", commitment="restore") is None, "no case is no case"
    registry = own()[1]
    for reason in Reason:
        assert registry.get_sample_value("alerts_deliveries_total", {"channel": "email", "result": reason.value}) == 0


def test_buckets_add_up() -> None:
    totals = [(("wait", "main", "answered", "3"), 2.0), (("wait", "main", "answered", "15"), 1.0)]
    page = list(render(figures(totals=[*totals, (("wait_s", "main", "answered"), 4000.0)]), KNOWN))
    name, labels = "callcenter_call_wait_seconds", {"queue": "main", "outcome": "answered"}
    assert value(page, f"{name}_bucket", **labels, le="15.0") == 0
    assert value(page, f"{name}_bucket", **labels, le="20.0") == 2
    assert value(page, f"{name}_bucket", **labels, le="3600.0") == 2
    assert value(page, f"{name}_bucket", **labels, le="+Inf") == 3
    assert value(page, f"{name}_count", **labels) == 3
    assert value(page, f"{name}_sum", **labels) == 4000


def test_severities_a_contract_numbers_wildly_share_a_label() -> None:
    page = list(render(figures(tickets_open=[(700, "fault", 1), (701, "fault", 2), (None, "fault", 4)]), KNOWN))
    assert value(page, "callcenter_tickets_open", severity="other", kind="fault") == 3
    assert value(page, "callcenter_tickets_open", severity="none", kind="fault") == 4


def test_the_same_holds_where_they_are_counted() -> None:
    assert [severity_label(one) for one in (None, 0, 4, 49, 50, 32767, -1)] == [
        "none", "0", "4", "49", "other", "other", "other"
    ]  # fmt: skip


def test_ages_are_as_of_the_reading() -> None:
    page = list(render(figures(next_wake=NOW - timedelta(seconds=3), outbox=[("email", 2, NOW)]), KNOWN))
    assert value(page, "sla_engine_lag_seconds") == 3
    assert value(page, "alerts_outbox_oldest_seconds", channel="email") == 0
    ahead = list(render(figures(next_wake=NOW + timedelta(hours=1)), KNOWN))
    assert value(ahead, "sla_engine_lag_seconds") == 0, "nothing is due yet"


def test_the_telephone_was_heard_when_the_newest_of_both_was() -> None:
    name = "callcenter_telephony_last_event_timestamp_seconds"
    earlier = NOW - timedelta(hours=1)
    for call, heard, newest in ((NOW, earlier, NOW), (earlier, NOW, NOW), (None, earlier, earlier), (NOW, None, NOW)):
        assert value(list(render(figures(last_call=call, last_heard=heard), KNOWN)), name) == newest.timestamp()
    assert value(list(render(figures(), KNOWN)), name) is None


@pytest.mark.parametrize(("ago_s", "said"), [(0, 1), (180, 1), (181, 0), (86_400, 0)])
def test_who_reports_itself_is_gone_after_three_minutes(ago_s: int, said: float) -> None:
    page = list(render(figures(last_beat=NOW - timedelta(seconds=ago_s)), KNOWN))
    assert value(page, "callcenter_telephony_connected") == said
    assert value(list(render(figures(), KNOWN)), "callcenter_telephony_connected") is None, "nobody said it would"


def test_people_are_counted_by_duty_and_duties_have_bounds() -> None:
    def turn(duty: str, *people: str, hours: int = 1) -> Row:
        return Row(duty, people, NOW - timedelta(hours=1), NOW + timedelta(hours=hours))

    roster = Roster([turn("dispatcher", "wang", "li"), turn("dispatcher", "li"), turn("night", "zhao", hours=0)])
    assert on_duty(roster, NOW) == [("dispatcher", 2), ("night", 0)]
    many = Roster([turn(f"d{n:02}", "wang" if n < 55 else "li") for n in range(60)])
    counted = on_duty(many, NOW)
    assert len(counted) == 51
    assert counted[-1] == ("other", 2), "the last ten are filled by two people"
    page = list(render(figures(on_duty=on_duty(roster, NOW)), KNOWN))
    assert value(page, "callcenter_people_on_duty", duty="night") == 0


def test_publishing_again_adds_only_what_is_new() -> None:
    metrics, registry = own()
    health = Health(last_pass_at=NOW, passes=3, clocks=7, failed=1)
    for _ in range(2):
        metrics.publish(health, {("email", "sent"): 2, ("email", "timeout"): 1}, Pool())
    health.passes = 4
    metrics.publish(health, {("email", "sent"): 3}, Pool())
    assert registry.get_sample_value("sla_engine_passes_total") == 4
    assert registry.get_sample_value("sla_engine_clocks_judged_total") == 7
    assert registry.get_sample_value("sla_engine_clocks_set_aside_total") == 1
    assert registry.get_sample_value("sla_engine_last_pass_timestamp_seconds") == NOW.timestamp()
    assert registry.get_sample_value("alerts_deliveries_total", {"channel": "email", "result": "sent"}) == 3
    assert registry.get_sample_value("alerts_deliveries_total", {"channel": "email", "result": "timeout"}) == 1
    assert registry.get_sample_value("callcenter_database_connections", {"state": "in_use"}) == 2


def test_a_method_nobody_knows_is_no_label_of_its_own() -> None:
    metrics, registry = own()
    metrics.answered("PROPFIND", "unmatched", 404, None)
    labels = {"method": "other", "route": "unmatched", "status": "404"}
    assert registry.get_sample_value("callcenter_http_requests_total", labels) == 1


@pytest.mark.parametrize("codes", ["A", "A,B", ",".join(f"C{n}" for n in range(50))])
def test_up_to_fifty_contracts_may_be_listed(codes: str) -> None:
    assert read_settings({"CALLCENTER_METRICS_CONTRACTS": codes}).metrics_contracts == codes


@pytest.mark.parametrize("codes", [",A", "A,,B", ",".join(f"C{n}" for n in range(51))])
def test_more_or_none_are_refused(codes: str) -> None:
    with pytest.raises(SettingsError, match="CALLCENTER_METRICS_CONTRACTS"):
        read_settings({"CALLCENTER_METRICS_CONTRACTS": codes})


def test_the_folder_of_the_workers_has_the_name_others_gave_it() -> None:
    assert read_settings({"PROMETHEUS_MULTIPROC_DIR": "shared"}).metrics_folder == Path("shared")


def test_a_worker_that_starts_while_somebody_scrapes_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").touch()
    assert list(Everyone(own()[1], tmp_path).collect()) == []
