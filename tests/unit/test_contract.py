"""Reading a contract: what it means, and what is refused with the line, the key and what would be right."""

import copy
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sla.check import errors
from sla.contract import ContractError, Offset, Percent, Rung, needs_region, read, read_data
from sla.document import MAX_CHARACTERS
from sla.within import AGREED, MEASURE, NONE, Within

EXAMPLES = Path(__file__).parents[2] / "examples" / "contracts"

DATA: dict[str, Any] = {
    "contract": "T-1",
    "customer": "c",
    "valid": {"from": "2026-01-01", "until": "2027-12-31"},
    "timezone": "Asia/Shanghai",
    "regions": {"city": "c", "province": "p"},
    "phases": ["trial", "warranty"],
    "severities": {"1": {"name": "a", "meaning": "m"}, "2": {"name": "b"}, "3": {"name": "c"}},
    "calendars": {"always": "24x7"},
    "commitments": [{"name": "k", "starts": "reported", "stops": "resolved", "within": "1h", "calendar": "always"}],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """DATA with the value at `a.b.0.c`; None takes the key away."""
    data = copy.deepcopy(DATA)
    *parents, last = [int(one) if one.isdigit() and one in "0" else one for one in path.split(".")]
    place: Any = data
    for one in parents:
        place = place[one] if isinstance(place, list) else place.setdefault(one, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return data


def within(value: Any) -> Within:
    return read_data(changed("commitments.0.within", value)).commitments[0].within


@pytest.mark.parametrize("name", ["public-health.yaml", "office-hours.yaml"])
def test_the_examples_are_without_error(name: str) -> None:
    assert errors((EXAMPLES / name).read_text(encoding="utf-8")) == []


def test_the_terms_of_an_example() -> None:
    contract = read((EXAMPLES / "public-health.yaml").read_text(encoding="utf-8"))
    assert (contract.code, contract.version, contract.effective) == ("HF-2026-PH", 1, date(2026, 1, 1))
    assert contract.severities[1].name == "严重故障"
    assert contract.pause_reasons == {"waiting_customer", "force_majeure"}
    restore = next(one for one in contract.commitments if one.name == "restore")
    assert restore.credit is not None
    assert (restore.credit.amount, restore.credit.currency) == (Decimal(100), "CNY")
    assert contract.reporting.target["response"] == Fraction(98, 100)
    assert contract.ladder[1] == Rung(Percent(Fraction(4, 5)), ("assignee", "supervisor"))
    assert contract.ladder[2].at == "breach"
    assert contract.ladder[3] == Rung(Offset(1_800_000_000), ("head_of_service",), 1_800_000_000, "acknowledged")


def test_what_is_left_out_has_its_default() -> None:
    contract = read_data(DATA)
    (one,) = contract.commitments
    assert (contract.title, contract.version, contract.effective) == ("T-1", 1, date(2026, 1, 1))
    assert (one.kinds, one.phases, one.on_regrade, one.on_reopen, one.owner) == (
        ("fault",), (), "from_start", "continue", "customer",
    )  # fmt: skip


def test_a_start_that_is_not_stated_is_the_report_and_known_to_be_missing() -> None:
    (one,) = read_data(changed("commitments.0.starts", None)).commitments
    assert (one.starts, one.start_stated) == (("reported",), False)


def test_yaml_words_are_taken_as_written() -> None:
    text = (EXAMPLES / "office-hours.yaml").read_text(encoding="utf-8")
    contract = read(text.replace("title: Printers and network at three offices", "title: NO").replace("town:", "NO:"))
    assert contract.title == "NO"
    assert "NO" in contract.regions


# Figures


def test_one_figure_needs_no_grade() -> None:
    for value in ("1h", {"default": "1h"}):
        figure = within(value).figure(None, None, None)
        assert figure is not None
        assert figure.text == "1h"


def test_words_instead_of_a_duration() -> None:
    assert within("none").figure(None, None, None) == NONE
    assert within("measure").figure(None, None, None) == MEASURE
    assert within("agreed").figure(None, None, None) == AGREED


def text_of(table: Within, severity: int | None, region: str | None = None, category: str | None = None) -> str | None:
    figure = table.figure(severity, region, category)
    return None if figure is None else figure.text


def test_a_map_by_severity() -> None:
    table = within({"1": "1h", "default": "2h"})
    assert [text_of(table, severity) for severity in (None, 1, 2)] == [None, "1h", "2h"]
    assert text_of(within({"1": "1h"}), 2) == "none"


def test_a_map_by_region_of_figures_and_of_maps() -> None:
    table = within({"city": {"1": "1h"}, "default": "3h", "province": "2h"})
    assert text_of(table, 1) is None
    assert text_of(table, None, "city") is None
    assert text_of(table, None, "province") == "2h"
    assert text_of(table, 1, "city") == "1h"
    # `default` beside the regions stands for another region, not for the city's other severities.
    assert text_of(table, 2, "city") == "none"
    assert text_of(within({"city": "1h", "default": {"1": "2h", "default": "3h"}}), 2, "province") == "3h"


def test_the_long_form_takes_the_first_match() -> None:
    table = within(
        [
            {"category": "light", "for": "85h"},
            {"severity": [1, 2], "region": "city", "for": "40m"},
            {"severity": 1, "for": "1h"},
            {"otherwise": "none"},
        ]
    )
    assert text_of(table, None, None, "light") == "85h"
    assert text_of(table, 1, "city", "light") == "85h"
    assert text_of(table, 1, "city") == "40m"
    assert text_of(table, 1, None) is None
    assert text_of(table, 1, "province") == "1h"
    assert text_of(table, 3, None) == "none"
    assert text_of(table, None, "province", "other") is None


def test_figures_are_the_same_by_what_they_promise() -> None:
    assert within("60m").figure(1, None, None) == within("1h").figure(1, None, None)
    assert within("NBD").figure(1, None, None) == within("1wd").figure(1, None, None)
    assert within("24h").figure(1, None, None) != within("1d").figure(1, None, None)


def test_a_region_is_needed_where_a_figure_hangs_on_it() -> None:
    contract = read_data(
        changed("commitments.0.within", [{"severity": 1, "region": "city", "for": "1h"}, {"otherwise": "2h"}])
    )
    assert needs_region(contract, "fault", None, None, 1)
    assert needs_region(contract, "fault", None, None, None)
    assert not needs_region(contract, "fault", None, None, 2)
    assert not needs_region(contract, "complaint", None, None, 1)


# Refusals


@pytest.mark.parametrize(
    ("path", "value", "key", "code", "right"),
    [
        ("colour", "red", "colour", "unknown_key", "known are"),
        ("commitment", [], "commitment", "unknown_key", "'commitments'"),
        ("commitments.0.stop", "x", "commitments[0].stop", "unknown_key", "'stops'"),
        ("commitments.0.stops", "teleported", "commitments[0].stops", "unknown_type", "nothing emits it"),
        ("commitments.0.stops", "resolvd", "commitments[0].stops", "unknown_type", "'resolved'"),
        ("commitments.0.stops", "cancelled", "commitments[0].stops", "unknown_type", "leave it out"),
        ("commitments.0.stops", [], "commitments[0].stops", "empty", "name at least one"),
        ("commitments.0.stops", None, "commitments[0]", "missing_key", "'stops'"),
        ("commitments.0.calendar", "alwais", "commitments[0].calendar", "unknown_calendar", "'always'"),
        ("commitments.0.calendar", None, "commitments[0]", "missing_key", "known are always"),
        ("commitments.0.phases", ["trail"], "commitments[0].phases", "unknown_phase", "'trial'"),
        ("commitments.0.owner", "me", "commitments[0].owner", "unknown_value", "customer"),
        ("commitments.0.on_reopen", "restrt", "commitments[0].on_reopen", "unknown_value", "'restart'"),
        ("commitments.0.within", "1 hour", "commitments[0].within", "bad_duration", "1h30m"),
        ("commitments.0.within", 30, "commitments[0].within", "bad_duration", "30m"),
        ("commitments.0.within", {}, "commitments[0].within", "empty", "duration"),
        ("commitments.0.within", [], "commitments[0].within", "empty", "otherwise"),
        ("commitments.0.within", "900000h", "commitments[0].within", "bad_duration", "hundred years"),
        ("commitments.0.within", {"1": "1h", "9": "2h"}, "commitments[0].within.9", "unknown_severity", "1, 2, 3"),
        ("commitments.0.within", {"01": "1h"}, "commitments[0].within.01", "unknown_region", "'1'"),
        ("commitments.0.within", {"ctiy": "1h"}, "commitments[0].within.ctiy", "unknown_region", "'city'"),
        ("commitments.0.within", {"city": {"9": "1h"}}, "commitments[0].within.city.9", "unknown_severity", "1, 2"),
        (
            "commitments.0.within",
            [{"region": "x", "for": "1h"}],
            "commitments[0].within[0].region",
            "unknown_region",
            "city",
        ),
        (
            "commitments.0.within",
            [{"severity": 9, "for": "1h"}],
            "commitments[0].within[0].severity",
            "unknown_severity",
            "1",
        ),
        ("commitments.0.within", [{"severity": 1}], "commitments[0].within[0]", "missing_key", "'for'"),
        ("commitments.0.within", [{"for": "1h"}], "commitments[0].within[0]", "bad_row", "otherwise"),
        ("commitments.0.within", [{"severity": 1, "otherwise": "1h"}], "commitments[0].within[0]", "bad_row", "for"),
        ("commitments.0.every", "1mo", "commitments[0].every", "not_supported", "not supported yet"),
        (
            "commitments.0.credit",
            {"amount": 1, "currency": "CNY", "per": "day"},
            "commitments[0].credit",
            "not_supported",
            "breach",
        ),
        (
            "commitments.0.credit",
            {"amount": "x", "currency": "CNY"},
            "commitments[0].credit.amount",
            "bad_amount",
            "100",
        ),
        (
            "commitments.0.credit",
            {"amount": 1, "currency": "yuan"},
            "commitments[0].credit.currency",
            "bad_currency",
            "CNY",
        ),
        ("commitments", [], "commitments", "empty", "at least one"),
        ("commitments", {"a": 1}, "commitments", "wrong_type", "a list belongs"),
        ("customer", None, "", "missing_key", "'customer'"),
        ("contract", "a/b", "contract", "bad_code", "HF-2005-PH"),
        ("version", 0, "version", "bad_version", "from 1"),
        ("version", "one", "version", "wrong_type", "whole number"),
        ("timezone", "Mars/Olympus", "timezone", "unknown_zone", "Asia/Shanghai"),
        ("valid.until", "2025-01-01", "valid.until", "bad_date", "before"),
        ("valid.until", "2025-02-30", "valid.until", "bad_date", "2026-10-08"),
        ("effective", 20260101, "effective", "bad_date", "2026-10-08"),
        ("severities", {}, "severities", "empty", "at least one"),
        ("severities.one", {"name": "x"}, "severities.one", "wrong_type", "whole number"),
        ("severities.1", {"meaning": "x"}, "severities.1", "missing_key", "'name'"),
        ("regions", {"city": {"name": "c", "areas": []}}, "regions.city", "not_supported", "not supported yet"),
        ("regions", {"default": "c"}, "regions.default", "bad_name", "another name"),
        ("phases", {"warranty": {"for": "3y"}}, "phases", "not_supported", "not supported yet"),
        ("events", {"x": {}}, "events", "not_supported", "not supported yet"),
        ("upstream", [], "upstream", "not_supported", "not supported yet"),
        ("calendars", {"always": 5}, "calendars.always", "wrong_type", "24x7"),
        (
            "calendars",
            {"always": "24x7", "x": {"week": {"mon": "closed"}}},
            "calendars.x.week",
            "bad_calendar",
            "never open",
        ),
        ("calendars", {"always": "24x7", "x": {"timezone": "Mars"}}, "calendars.x.timezone", "bad_calendar", "Mars"),
        ("grading", [{"when": {"impct": "down"}, "severity": 1}], "grading[0].when.impct", "unknown_fact", "'impact'"),
        ("grading", [{"when": {"impact": "dwn"}, "severity": 1}], "grading[0].when.impact", "unknown_fact", "'down'"),
        ("grading", [{"when": {"impact": "down"}, "severity": 9}], "grading[0].severity", "unknown_severity", "1, 2"),
        ("grading", [{"otherwise": 9}], "grading[0].otherwise", "unknown_severity", "1, 2"),
        ("grading", [{"when": {}, "severity": 1}], "grading[0].when", "bad_rule", "otherwise"),
        ("grading", [{"severity": 1}], "grading[0]", "missing_key", "'when'"),
        ("facts", {"impact": {"x": "y"}}, "facts.impact", "duplicate_fact", "another name"),
        ("reporting", {"target": {"kk": "98%"}}, "reporting.target.kk", "unknown_commitment", "'k'"),
        ("reporting", {"target": {"k": 0.98}}, "reporting.target.k", "bad_percent", "95%"),
        ("reporting", {"cap": "101%"}, "reporting.cap", "bad_percent", "100%"),
        (
            "reporting",
            {"credits": [{"commitment": "x", "below": "9%", "credit": "1%"}]},
            "reporting.credits[0].commitment",
            "unknown_commitment",
            "k",
        ),
        ("alerts", {"ladder": [{"at": "soon", "notify": "x"}]}, "alerts.ladder[0].at", "bad_step", "50%"),
        ("alerts", {"ladder": [{"at": "+1wd", "notify": "x"}]}, "alerts.ladder[0].at", "bad_duration", "wall time"),
        ("alerts", {"ladder": [{"at": "50%"}]}, "alerts.ladder[0]", "missing_key", "'notify'"),
        (
            "alerts",
            {"ladder": [{"at": "+5m", "notify": "x", "repeat": "0m"}]},
            "alerts.ladder[0].repeat",
            "bad_duration",
            "30m",
        ),
        (
            "alerts",
            {"ladder": [{"at": "+5m", "notify": "x", "until": "acknowledged"}]},
            "alerts.ladder[0].until",
            "missing_key",
            "repeat",
        ),
    ],
)
def test_refused_with_the_key_and_what_would_be_right(path: str, value: Any, key: str, code: str, right: str) -> None:
    with pytest.raises(ContractError) as caught:
        read_data(changed(path, value))
    (finding,) = caught.value.findings
    assert (finding.key, finding.code) == (key, code)
    assert right in finding.message


def test_two_commitments_of_one_name_must_be_kept_apart() -> None:
    one = DATA["commitments"][0]

    def codes(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
        try:
            read_data({**DATA, "commitments": [{**one, **first}, {**one, **second}]})
        except ContractError as refused:
            return [f"{finding.key} {finding.code}" for finding in refused.findings]
        return []

    doubled = ["commitments[1].name duplicate_commitment"]
    assert codes({}, {}) == doubled
    assert codes({"categories": ["a"]}, {}) == doubled
    assert codes({"categories": ["a", "b"]}, {"categories": ["b"]}) == doubled
    assert codes({"categories": ["a"]}, {"categories": ["b"]}) == []
    assert codes({"phases": ["trial"]}, {"phases": ["warranty"]}) == []
    assert codes({"kinds": ["complaint"]}, {}) == []


def test_every_finding_is_told_at_once_with_its_line() -> None:
    text = (EXAMPLES / "office-hours.yaml").read_text(encoding="utf-8")
    bad = text.replace("stops: responded", "stops: respnded", 1).replace("town: {1: 4h", "twn: {1: 4h")
    lines = bad.splitlines()
    found = errors(bad)
    assert [one.code for one in found] == ["unknown_type", "unknown_region"]
    assert "respnded" in lines[(found[0].line or 0) - 1]
    assert "twn" in lines[(found[1].line or 0) - 1]
    assert str(found[0]) == f"line {found[0].line}: {found[0].key}: {found[0].message}"


def test_a_broken_calendar_is_told_once_and_not_of_those_who_use_it() -> None:
    text = (EXAMPLES / "office-hours.yaml").read_text(encoding="utf-8")
    assert [one.key for one in errors(text.replace("holidays: CN", "holidays: XX"))] == ["calendars.office.holidays"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "wrong_type", None),
        ("a: [", "not_yaml", 2),
        ("a: b: c", "not_yaml", 1),
        ("a: 1\n---\nb: 2", "not_yaml", 2),
        ("a: &x 1\nb: *x", "alias", 1),
        ("a: !!python/none x", "tag", 1),
        ("a: 1\nb: 2\na: 3", "duplicate_key", 3),
        ("? [a]\n: b", "bad_key", 1),
        ("[" * 100 + "]" * 100, "too_deep", 1),
        ("a: '" + "x" * MAX_CHARACTERS + "'", "too_large", None),
        ("a: \x00", "not_yaml", None),
        ("- 1", "wrong_type", 1),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_is_not_plain_yaml_is_refused(text: str, code: str, line: int | None) -> None:
    (found,) = errors(text)
    assert (found.code, found.line) == (code, line)
