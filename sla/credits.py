"""What a month's breaches cost: credits per breach, bands on the compliance, their cap. All are proposals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

from sla.contract import Contract
from sla.reporting import CreditBand

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a commitment was kept and broken in a month, exempted breaches left out."""

    met: int = 0
    breached: int = 0


@dataclass(frozen=True, slots=True)
class Credit:
    """One line: so many breaches at an amount each, or the deepest band that a commitment's compliance reached.

    `key` names the line within its month; `share` is the band's part of the fee (of 1).
    """

    key: str
    commitment: str
    kind: Literal["breach", "band"]
    amount: Decimal
    currency: str
    breaches: int
    each: Decimal | None = None
    below: Fraction | None = None
    share: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """All lines of one currency together: before the cap, the cap where there is one, and what is left."""

    currency: str
    before: Decimal
    cap: Decimal | None

    @property
    def amount(self) -> Decimal:
        """What the customer is owed."""
        return self.before if self.cap is None else min(self.before, self.cap)


@dataclass(frozen=True, slots=True)
class Step:
    """`more` further breaches of a commitment raise what is owed by `extra`."""

    commitment: str
    more: int
    extra: Decimal
    currency: str


def credits(contract: Contract, tallies: Mapping[str, Tally]) -> list[Credit]:
    """The lines of a month, in the contract's order; best-effort promises and those not to the customer are free."""
    firm = {one.name: one for one in contract.commitments if one.owner == "customer" and one.binding == "firm"}
    lines = []
    for name, commitment in firm.items():
        tally = tallies.get(name, Tally())
        each = commitment.credit
        if each is not None and tally.breached:
            amount = _money(each.amount * tally.breached)
            lines.append(Credit(f"breach:{name}", name, "breach", amount, each.currency, tally.breached, each.amount))
        band = _deepest(contract.reporting.credits, name, tally)
        fee = contract.reporting.month_fee
        if band is not None and fee is not None and band.credit:
            amount = _share(fee.amount, band.credit)
            key = f"band:{name}"
            lines.append(Credit(key, name, "band", amount, fee.currency, tally.breached, None, band.below, band.credit))
    return lines


def sums(contract: Contract, lines: Sequence[Credit]) -> list[Sum]:
    """What the lines come to by currency; the cap is a share of the month's fee and holds in the fee's currency."""
    fee, cap = contract.reporting.month_fee, contract.reporting.cap
    found = []
    for currency in dict.fromkeys(line.currency for line in lines):
        before = sum((line.amount for line in lines if line.currency == currency), Decimal(0))
        most = _share(fee.amount, cap) if fee is not None and cap is not None and fee.currency == currency else None
        found.append(Sum(currency, before, most))
    return found


def forecast(contract: Contract, tallies: Mapping[str, Tally], open_: Mapping[str, int], most: int = 50) -> list[Step]:
    """For each commitment with open clocks: the fewest further breaches that cost more, and how much more.

    Other clocks stay as they are; no more breaches are assumed than clocks are open, nor more than `most`.
    """
    now = _owed(contract, tallies)
    steps = []
    for name, count in open_.items():
        for more in range(1, min(count, most) + 1):
            tally = tallies.get(name, Tally())
            then = _owed(contract, {**tallies, name: Tally(tally.met, tally.breached + more)})
            extra = [(currency, amount - now.get(currency, Decimal(0))) for currency, amount in then.items()]
            if costs := [(currency, amount) for currency, amount in extra if amount > 0]:
                steps += [Step(name, more, amount, currency) for currency, amount in costs]
                break
    return steps


def _owed(contract: Contract, tallies: Mapping[str, Tally]) -> dict[str, Decimal]:
    return {one.currency: one.amount for one in sums(contract, credits(contract, tallies))}


def _deepest(bands: Sequence[CreditBand], commitment: str, tally: Tally) -> CreditBand | None:
    """The band with the lowest bound that the compliance lies below; it applies alone. No case reaches none."""
    cases = tally.met + tally.breached
    if not cases:
        return None
    kept = Fraction(tally.met, cases)
    reached = [band for band in bands if band.commitment == commitment and kept < band.below]
    return min(reached, key=lambda band: band.below, default=None)


def _share(amount: Decimal, share: Fraction) -> Decimal:
    return _money(amount * share.numerator / share.denominator)


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
