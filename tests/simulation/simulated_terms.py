"""The contracts of a simulated day, each as written and with its promises cut to a share of what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Literal

from sla.contract import Contract, read

At = timedelta | Fraction | Literal["breach"]


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder as a contract writes it: a share of the promise, `breach`, or an offset from the deadline."""

    at: At
    notify: tuple[str, ...]
    repeat: timedelta | None = None

    def written(self) -> str:
        at = self.at
        if isinstance(at, Fraction):
            text = f"{at * 100}%"
        elif isinstance(at, timedelta):
            minutes = at // timedelta(minutes=1)
            text = f"{'+' if minutes >= 0 else '-'}{abs(minutes)}m"
        else:
            text = at
        again = f", repeat: {self.repeat // timedelta(minutes=1)}m, until: acknowledged" if self.repeat else ""
        return f"    - {{at: {text}{again}, notify: [{', '.join(self.notify)}]}}"


@dataclass(frozen=True, slots=True)
class Terms:
    """One contract: `minutes` are figures of the template, `ladder` its alerts."""

    code: str
    template: str
    minutes: dict[str, int]
    ladder: Sequence[Rung]
    severities: tuple[int, ...] = (1, 2, 3)

    def text(self, share: Fraction = Fraction(1)) -> str:
        """The file, with every figure cut to the share."""
        figures = {name: f"{int(minutes * 60 * share)}s" for name, minutes in self.minutes.items()}
        return (
            self.template.format(code=self.code, **figures) + "\n".join(rung.written() for rung in self.ladder) + "\n"
        )

    def contract(self, share: Fraction = Fraction(1)) -> Contract:
        """The terms as the service reads them."""
        return read(self.text(share))


_HEAD = """
contract: {code}
customer: Somebody
valid: {{from: 2026-01-01, until: 2026-12-31}}
timezone: Asia/Shanghai
regions: {{city: City, province: Province}}
severities: {{1: {{name: grave}}, 2: {{name: light}}, 3: {{name: slight}}}}
calendars:
  always: 24x7
  office: {{week: {{mon-fri: "09:00-12:00 13:30-18:00"}}}}
"""
_FIELD = Terms(
    "FIELD",
    _HEAD
    + """commitments:
  - {{name: response, starts: reported, stops: responded, within: {{1: {quick}, 2: {soon}, 3: none}}, calendar: always}}
  - name: on_site
    starts: reported
    stops: arrived
    within: {{city: {{1: {hour}, 2: {long}, 3: {long}}}, province: {day}}}
    calendar: office
    pauses: [weather, customer]
  - name: restore
    starts: reported
    stops: restored
    within: {{1: {long}, 2: {day}, 3: {day}}}
    calendar: always
    pauses: [customer]
    on_reopen: resume
alerts:
  ladder:
""",
    {"quick": 10, "soon": 20, "hour": 60, "long": 120, "day": 360},
    (
        Rung(Fraction(1, 2), ("assignee",)),
        Rung(Fraction(4, 5), ("assignee", "supervisor")),
        Rung("breach", ("supervisor",)),
        Rung(timedelta(minutes=30), ("admin",), timedelta(minutes=100)),
    ),
)
_HOUSE = Terms(
    "HOUSE",
    _HEAD
    + """commitments:
  - {{name: response, starts: reported, stops: [responded, arrived], within: {soon}, calendar: always}}
  - name: restore
    starts: reported
    stops: [restored, resolved]
    within: {{1: {hour}, 2: {long}, 3: none}}
    calendar: office
    pauses: [customer, weather]
    on_regrade: from_regrade
    on_reopen: restart
  - {{name: news, starts: reported, renews: updated, stops: resolved, within: {{1: {hour}, default: {long}}},
      calendar: always, on_reopen: restart}}
  - {{name: follow_up, starts: resolved, stops: followed_up, within: {long}, calendar: office}}
alerts:
  ladder:
""",
    {"soon": 15, "hour": 60, "long": 180},
    (
        Rung(Fraction(4, 5), ("assignee", "supervisor")),
        Rung(Fraction(1, 2), ("assignee",)),
        Rung(timedelta(minutes=-6), ("supervisor",), timedelta(minutes=110)),
        Rung("breach", ("supervisor", "admin")),
        Rung(timedelta(minutes=20), ("admin",)),
        Rung(timedelta(minutes=60), ("admin",), timedelta(minutes=120)),
    ),
)
# Nobody here has a rota: every rung comes at the ladder's own instant.
_PLAIN = Terms(
    "PLAIN",
    _HEAD
    + """commitments:
  - {{name: response, starts: reported, stops: [responded, arrived], within: {soon}, calendar: always}}
  - {{name: on_site, starts: reported, stops: arrived, within: {{city: {soon}, province: {long}}}, calendar: always,
      on_regrade: from_regrade}}
  - {{name: follow_up, starts: resolved, stops: followed_up, within: {long}, calendar: office}}
alerts:
  ladder:
""",
    {"soon": 40, "long": 100},
    (
        Rung(Fraction(4, 5), ("assignee",)),
        Rung(Fraction(1, 2), ("assignee", "admin")),
        Rung("breach", ("admin",)),
        Rung(timedelta(minutes=20), ("admin",), timedelta(minutes=90)),
    ),
)
# So many promises end at one instant that their alerts are a storm.
_FLEET = Terms(
    "FLEET",
    _HEAD
    + "commitments:\n"
    + "".join(
        f"  - {{{{name: unit_{number:02}, starts: reported, stops: responded, within: {{soon}}, calendar: always}}}}\n"
        for number in range(1, 13)
    )
    + """alerts:
  ladder:
""",
    {"soon": 30},
    (Rung("breach", ("supervisor",)),),
)
STORMY = _FLEET.code
CONTRACTS = {terms.code: terms for terms in (_FIELD, _HOUSE, _PLAIN, _FLEET)}
