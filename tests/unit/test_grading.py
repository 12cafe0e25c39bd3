"""Grading: the first rule that matches, which one it was, and answers nobody knows."""

from typing import Any

import pytest

from sla.contract import Contract, read_data
from sla.grading import Grade, grade

TERMS: dict[str, Any] = {
    "contract": "T",
    "customer": "c",
    "valid": {"from": "2026-01-01", "until": "2027-12-31"},
    "timezone": "UTC",
    "severities": {str(number): {"name": "s"} for number in (1, 2, 3, 4)},
    "facts": {"smoke": {"yes": "有烟", "no": "无烟"}, "floor": ["upper", "lower"]},
    "grading": [
        {"when": {"liability": ["customer", "third_party"]}, "severity": 4},
        {"when": {"impact": "down", "smoke": "yes"}, "severity": 1},
        {"when": {"impact": ["down", "severe"]}, "severity": 2},
    ],
    "calendars": {"always": "24x7"},
    "commitments": [{"name": "k", "stops": "resolved", "within": "1h", "calendar": "always"}],
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return read_data(TERMS)


@pytest.mark.parametrize(
    ("facts", "severity", "rule"),
    [
        ({"impact": "down", "smoke": "yes"}, 1, 1),
        ({"impact": "down", "smoke": "no"}, 2, 2),
        ({"impact": "severe"}, 2, 2),
        ({"impact": "down", "smoke": "yes", "liability": "customer"}, 4, 0),
    ],
)
def test_the_first_rule_that_matches_grades_and_the_grade_says_which(
    contract: Contract, facts: dict[str, str], severity: int, rule: int
) -> None:
    found = grade(contract, facts)
    assert found == Grade(severity, rule, contract.grading[rule].text)


def test_the_rule_in_words(contract: Contract) -> None:
    found = grade(contract, {"impact": "down", "smoke": "yes"})
    assert found is not None
    assert found.text == "impact is down and smoke is yes: severity 1"


def test_an_answer_not_given_matches_no_rule_that_asks_for_it(contract: Contract) -> None:
    assert grade(contract, {"smoke": "yes"}) is None
    assert grade(contract, {}) is None


def test_otherwise_grades_the_rest() -> None:
    contract = read_data({**TERMS, "grading": [*TERMS["grading"], {"otherwise": 3}]})
    assert grade(contract, {}) == Grade(3, 3, "otherwise: severity 3")


def test_a_contract_s_own_facts_have_labels(contract: Contract) -> None:
    assert contract.facts["smoke"] == {"yes": "有烟", "no": "无烟"}
    assert list(contract.facts["floor"]) == ["upper", "lower"]
    assert "impact" in contract.facts


def test_an_unknown_fact_or_answer_is_named_with_what_would_be_right(contract: Contract) -> None:
    with pytest.raises(ValueError, match="'impct' is unknown; did you mean 'impact'"):
        grade(contract, {"impct": "down"})
    with pytest.raises(ValueError, match="impact cannot be 'dwn'; did you mean 'down'"):
        grade(contract, {"impact": "dwn"})
