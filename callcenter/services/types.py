"""The kinds of value a request may carry, and who is asking."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from callcenter.errors import Invalid

# no NUL: PostgreSQL text cannot hold one
Line = Annotated[str, Meta(min_length=1, max_length=300, pattern="^[^\\x00]*$")]
Text = Annotated[str, Meta(max_length=20_000, pattern="^[^\\x00]*$")]
Phone = Annotated[
    str, Meta(min_length=1, max_length=60, pattern="^[^\\x00]*$", description="as it was dialled or told")
]
When = Annotated[datetime, Meta(tz=True, description="an instant with its offset")]
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Severity = Annotated[int, Meta(ge=1, le=9)]

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
AHEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the name that goes on the timeline, and the role that decides what may be done."""

    name: str
    role: str
    token: int = 0
    login: str | None = None
    partner: int | None = None


def past(at: datetime, now: datetime, pointer: str) -> datetime:
    """The instant in UTC; one before 1970 or more than two minutes ahead of `now` is refused."""
    if at < _EARLIEST:
        raise Invalid.field(pointer, "too_early", f"{at.isoformat()} lies before 1970")
    if at > now + AHEAD:
        raise Invalid.field(pointer, "in_the_future", f"{at.isoformat()} lies more than 2 minutes ahead")
    return at.astimezone(UTC)


def any_time(at: datetime, pointer: str) -> datetime:
    """The instant in UTC; the years 1970 to 9998 are accepted."""
    if at < _EARLIEST or at.year > 9998:
        raise Invalid.field(pointer, "out_of_range", f"{at.isoformat()} lies outside 1970 to 9998")
    return at.astimezone(UTC)
