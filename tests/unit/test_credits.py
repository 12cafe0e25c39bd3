"""Credits worked out by hand: per breach, bands, the cap, and what further breaches would cost."""

from decimal import Decimal

import pytest

from sla.contract import Contract, read
from sla.credits import Credit, Step, Sum, Tally, credits, forecast, sums

CONTRACT = """
contract: C-1
customer: Somebody
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave}}
calendars: {always: 24x7}
commitments:
  - {name: response, stops: responded, within: 5m, calendar: always, credit: {amount: 100, currency: CNY, per: breach}}
  - {name: restore, stops: restored, within: 4h, calendar: always}
  - {name: best, stops: diagnosed, within: 4h, calendar: always, binding: best_effort,
     credit: {amount: 7, currency: CNY, per: breach}}
  - {name: ours, stops: updated, within: 4h, calendar: always, owner: internal,
     credit: {amount: 7, currency: CNY, per: breach}}
  - {name: abroad, stops: arrived, within: 4h, calendar: always, credit: {amount: 3.335, currency: USD, per: breach}}
reporting:
  month_fee: {amount: 20000, currency: CNY}
  credits:
    - {commitment: restore, below: 95%, credit: 5%}
    - {commitment: restore, below: 90%, credit: 10%}
    - {commitment: best, below: 100%, credit: 5%}
  cap: 8%
"""


@pytest.fixture(scope="module")
def contract() -> Contract:
    return read(CONTRACT)


def amounts(lines: list[Credit]) -> dict[str, Decimal]:
    return {line.key: line.amount for line in lines}


def test_each_breach_costs_its_amount(contract: Contract) -> None:
    lines = credits(contract, {"response": Tally(5, 3), "abroad": Tally(0, 1)})
    assert amounts(lines) == {"breach:response": 300, "breach:abroad": Decimal("3.34")}  # half a cent goes up


@pytest.mark.parametrize(
    ("met", "breached", "amount"),
    [(95, 5, None), (949, 51, 1000), (90, 10, 1000), (899, 101, 2000), (0, 1, 2000), (0, 0, None)],
)
def test_the_deepest_band_reached_applies_alone(
    contract: Contract, met: int, breached: int, amount: int | None
) -> None:
    found = amounts(credits(contract, {"restore": Tally(met, breached)}))
    assert found == ({} if amount is None else {"band:restore": amount})


def test_a_band_is_judged_by_the_exact_figure_not_the_rounded_one(contract: Contract) -> None:
    # 94.995 % prints as 94.9; 95.0001 % would as 95.0: only what lies below 95 % is in the band
    assert amounts(credits(contract, {"restore": Tally(18_999, 1001)})) == {"band:restore": 1000}
    assert credits(contract, {"restore": Tally(95_001, 4_999)}) == []


def test_what_is_not_firmly_promised_to_the_customer_is_free(contract: Contract) -> None:
    assert credits(contract, {"best": Tally(0, 9), "ours": Tally(0, 9)}) == []


def test_the_cap_holds_in_the_currency_of_the_fee(contract: Contract) -> None:
    lines = credits(contract, {"response": Tally(0, 9), "restore": Tally(1, 1), "abroad": Tally(0, 2)})
    found = sums(contract, lines)
    assert found == [Sum("CNY", Decimal(2900), Decimal(1600)), Sum("USD", Decimal("6.67"), None)]
    assert [one.amount for one in found] == [1600, Decimal("6.67")]


def test_the_forecast_says_how_many_more_cost_how_much(contract: Contract) -> None:
    tallies = {"restore": Tally(39, 1), "response": Tally(10, 0)}
    steps = forecast(contract, tallies, {"restore": 9, "response": 1, "best": 4})
    # 39 of 41 is 95.1 %, 39 of 42 is 92.8 %: two more
    assert steps == [Step("restore", 2, Decimal(1000), "CNY"), Step("response", 1, Decimal(100), "CNY")]


def test_nothing_more_is_forecast_where_nothing_is_open_or_the_cap_is_reached(contract: Contract) -> None:
    assert forecast(contract, {"restore": Tally(39, 1)}, {"restore": 1}) == []
    assert forecast(contract, {"restore": Tally(0, 9), "response": Tally(0, 9)}, {"response": 5}) == []
