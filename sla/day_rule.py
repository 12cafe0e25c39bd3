"""Which hours one date has, and the words that say why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sla.calendar_spec import CalendarSpec
from sla.holiday import holiday_year
from sla.hours import WEEKDAYS, Hours, clock_text


@dataclass(frozen=True, slots=True)
class DayRule:
    """The hours of a date and what made them: a weekday, a single day, a holiday or a make-up day."""

    because: str
    hours: Hours

    def closed_because(self, from_minute: int, to_minute: int) -> str:
        """Why the date is closed between those minutes; a date without hours gives its reason alone."""
        if not self.hours:
            return self.because
        before = [span.closes for span in self.hours if span.closes <= from_minute]
        after = [span.opens for span in self.hours if span.opens >= to_minute]
        if before and after:
            return f"{self.because} break {clock_text(max(before))}-{clock_text(min(after))}"
        if after:
            return f"{self.because} before {clock_text(min(after))}"
        return f"{self.because} after {clock_text(max(span.closes for span in self.hours))}"


@dataclass(slots=True)
class DayRules:
    """The rule of every date of one calendar, by the precedence of the contract format."""

    spec: CalendarSpec
    _week: tuple[DayRule, ...] = field(init=False)
    _plain: bool = field(init=False)
    _public: dict[int, dict[date, DayRule]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._week = tuple(DayRule(WEEKDAYS[day], hours) for day, hours in enumerate(self.spec.week))
        self._plain = not self.spec.days and not self.spec.holidays

    def hours_of(self, ordinal: int) -> Hours:
        """The hours of the date with that ordinal."""
        return self.of(ordinal).hours

    def of(self, ordinal: int) -> DayRule:
        """The rule of the date: single days, listed dates, make-up days, public holidays, the week, in that order."""
        weekday = self._week[(ordinal - 1) % 7]
        if self._plain:
            return weekday
        day = date.fromordinal(ordinal)
        if day in self.spec.days:
            hours = self.spec.days[day]
            return DayRule(f"days {day}" if hours else f"days {day}: closed", hours)
        listed = self.spec.holidays
        if day in listed.dates:
            return DayRule(f"holiday {day}", self.spec.holiday_hours)
        if (day.month, day.day) in listed.yearly:
            return DayRule(f"holiday {day:%m-%d}", self.spec.holiday_hours)
        return self._public_of(day.year).get(day, weekday) if listed.codes else weekday

    def _public_of(self, year: int) -> dict[date, DayRule]:
        """Make-up days and public holidays of all regions of the calendar; a make-up day wins."""
        if year not in self._public:
            found = [holiday_year(code, year) for code in self.spec.holidays.codes]
            rules = {day: DayRule(name, self.spec.holiday_hours) for one in found for day, name in one.names.items()}
            model = next((rule for rule in self._week[:5] if rule.hours), None)
            if model is not None:
                worked = {day for one in found for day in one.make_up_days}
                rules |= {day: DayRule(f"make-up day {day} (as {model.because})", model.hours) for day in worked}
            self._public[year] = rules
        return self._public[year]
