"""The four formulas of a hotline's service level, worked out by hand."""

import pytest

from callcenter.services.hotline import FORMULAS, Calls, Formula, service_level

# 90 answered, 60 of them in time; 30 abandoned, 10 of them in that time.
CALLS = Calls(answered=90, answered_within=60, abandoned=30, abandoned_within=10)


@pytest.mark.parametrize(
    ("formula", "percent"),
    [("F1", 58.3), ("F2", 66.6), ("F3", 50.0), ("F4", 54.5)],  # 70/120, 60/90, 60/120, 60/110
)
def test_each_formula_by_hand(formula: Formula, percent: float) -> None:
    assert service_level(formula, CALLS) == percent


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_call_is_no_figure(formula: Formula) -> None:
    assert service_level(formula, Calls(0, 0, 0, 0)) is None


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_is_not_whole_is_rounded_down(formula: Formula) -> None:
    assert (
        service_level(formula, Calls(answered=10_000, answered_within=8_996, abandoned=0, abandoned_within=0)) == 89.9
    )


def test_only_the_formula_that_says_so_counts_the_abandoned_as_kept() -> None:
    calls = Calls(answered=0, answered_within=0, abandoned=4, abandoned_within=4)
    assert {formula: service_level(formula, calls) for formula in FORMULAS} == {
        "F1": 100.0,
        "F2": None,
        "F3": 0.0,
        "F4": None,
    }
