"""A month counted: which clocks belong to it, and how well they were kept."""

from datetime import UTC, datetime, timedelta

import pytest

from sla.compliance import Case, Row, count, month_bounds, rate
from sla.contract import Contract, read_data

IN_MARCH = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def contract() -> Contract:
    commitment = {"stops": "resolved", "within": "1h", "calendar": "always"}
    return read_data(
        {
            "contract": "T",
            "customer": "c",
            "valid": {"from": "2026-01-01", "until": "2027-12-31"},
            "timezone": "Asia/Shanghai",
            "regions": {"city": "c", "province": "p"},
            "severities": {"1": {"name": "a"}, "2": {"name": "b"}},
            "calendars": {"always": "24x7"},
            "commitments": [{"name": "response", **commitment}, {"name": "restore", **commitment}],
            "reporting": {"target": {"response": "98%", "restore": "99.5%"}},
        }
    )


def case(state: str, due: datetime | None = IN_MARCH, *, name: str = "response", **place: object) -> Case:
    severity, region = place.get("severity", 1), place.get("region", "city")
    assert isinstance(severity, int)
    assert isinstance(region, str)
    return Case(name, severity, region, state, due, place.get("stopped_at"), bool(place.get("exempt")))  # type: ignore[arg-type]


def only(contract: Contract, *cases: Case) -> Row:
    (row,) = count(contract, 2026, 3, cases)
    return row


def test_compliance_is_met_of_met_and_breached_rounded_down(contract: Contract) -> None:
    row = only(contract, case("met"), case("met"), case("breached"))
    assert (row.due, row.met, row.breached, row.compliance, row.target) == (3, 2, 1, 66.6, 98)


@pytest.mark.parametrize(("kept", "cases", "expected"), [(0, 0, None), (0, 3, 0), (3, 3, 100), (1999, 2000, 99.9)])
def test_no_case_is_no_case_and_a_hundred_is_only_for_all(kept: int, cases: int, expected: float | None) -> None:
    assert rate(kept, cases) == expected


def test_a_case_belongs_to_the_month_of_its_deadline_in_the_contract_s_zone(contract: Contract) -> None:
    first, following = month_bounds(2026, 3, contract.zone)
    assert first == datetime(2026, 2, 28, 16, tzinfo=UTC)
    instant = timedelta(microseconds=1)
    row = only(contract, case("met", first), case("met", first - instant), case("met", following))
    assert row.met == 1
    assert only(contract, case("met", following - instant)).met == 1
    assert month_bounds(2026, 12, contract.zone)[1] == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_open_and_overdue_counts_as_breached_and_not_yet_due_counts_as_neither(contract: Contract) -> None:
    row = only(contract, case("breached"), case("running"))
    assert (row.due, row.met, row.breached, row.compliance) == (2, 0, 1, 0)
    assert only(contract, case("running")).compliance is None


def test_cancelled_paused_and_exempt_are_listed_not_hidden(contract: Contract) -> None:
    row = only(
        contract,
        case("met"),
        case("breached"),
        case("breached", exempt=True),
        case("cancelled"),
        case("cancelled", None, stopped_at=IN_MARCH),
        case("paused", None),
    )
    assert (row.due, row.cancelled, row.paused, row.exempt, row.breached) == (3, 2, 1, 1, 2)
    assert (row.compliance, row.net) == (33.3, 50.0)


def test_what_has_no_deadline_is_no_case(contract: Contract) -> None:
    assert count(contract, 2026, 3, [case("idle", None), case("none", None), case("cancelled", None)]) == []


def test_rows_come_in_the_contract_s_order(contract: Contract) -> None:
    cases = [
        case("met", name="restore"),
        case("met", severity=2),
        case("met", region="province"),
        case("met"),
    ]
    rows = count(contract, 2026, 3, cases)
    assert [(row.commitment, row.severity, row.region, row.target) for row in rows] == [
        ("response", 1, "city", 98),
        ("response", 1, "province", 98),
        ("response", 2, "city", 98),
        ("restore", 1, "city", 99.5),
    ]
