"""The figure of a promise: which duration holds for a severity, a region and a category."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from sla.duration import Duration

T = TypeVar("T")
_Asked = tuple[int | None, str | None, str | None]

FigureKind = Literal["duration", "none", "measure", "agreed"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell of the table. Two figures are equal when they promise the same, however they are written."""

    kind: FigureKind
    text: str = field(compare=False)
    duration: Duration | None = field(default=None, compare=False)
    amount: tuple[str, int, int, int] | None = None


NONE = Figure("none", "none")
MEASURE = Figure("measure", "measure")
AGREED = Figure("agreed", "agreed")
WORDS: Mapping[str, Figure] = {"none": NONE, "measure": MEASURE, "agreed": AGREED}


@dataclass(frozen=True, slots=True)
class Case:
    """A row: what it asks for (None asks nothing) and the figure that holds then."""

    figure: Figure
    severities: frozenset[int] | None = None
    regions: frozenset[str] | None = None
    categories: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Within:
    """The rows of one commitment in the order they are tried; what no row covers has no promise."""

    cases: tuple[Case, ...]
    _categories: frozenset[str]
    _answers: dict[_Asked, Figure | None] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, cases: Iterable[Case]) -> "Within":
        """The table of these rows."""
        rows = tuple(cases)
        return cls(rows, frozenset[str]().union(*(row.categories for row in rows if row.categories)))

    def figure(self, severity: int | None, region: str | None, category: str | None) -> Figure | None:
        """The figure that holds; None while it hangs on a severity or region that is not known yet."""
        known = (severity, region, category if category in self._categories else None)
        try:
            return self._answers[known]
        except KeyError:
            return self._answers.setdefault(known, self._decide(*known))

    def _decide(self, severity: int | None, region: str | None, category: str | None) -> Figure | None:
        for case in self.cases:
            if case.categories is not None and category not in case.categories:
                continue
            fits = (_fits(case.severities, severity), _fits(case.regions, region))
            if False in fits:
                continue
            return None if None in fits else case.figure
        return NONE

    def figures(self) -> Sequence[Figure]:
        """Every figure of the table, in its order."""
        return [case.figure for case in self.cases]


def _fits(asked: frozenset[T] | None, known: T | None) -> bool | None:
    if asked is None:
        return True
    return None if known is None else known in asked
