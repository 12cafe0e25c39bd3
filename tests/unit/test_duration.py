"""The durations of the contract format, and what is refused as one."""

import pytest

from sla.duration import Duration, parse


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("4h", 14_400),
        ("1h30m", 5_400),
        ("0m", 0),
        ("0s", 0),
        ("2h15m10s", 8_110),
        ("1h30s", 3_630),
        ("63072000s", 63_072_000),
        ("999999h", 999_999 * 3600),
    ],
)
def test_open_time_counts_microseconds(text: str, seconds: int) -> None:
    assert parse(text) == Duration(text, "open", micros=seconds * 1_000_000)


@pytest.mark.parametrize(("text", "days"), [("3wd", 3), ("0wd", 0), ("NBD", 1)])
def test_working_days(text: str, days: int) -> None:
    assert parse(text) == Duration(text, "working_days", days=days)


@pytest.mark.parametrize(
    ("text", "days", "months"), [("10d", 10, 0), ("0d", 0, 0), ("1mo", 0, 1), ("1y", 0, 12), ("18mo", 0, 18)]
)
def test_civil_time(text: str, days: int, months: int) -> None:
    assert parse(text) == Duration(text, "civil", days=days, months=months)


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "m", "5", "5min", "5 m", " 5m", "5m ", "5m\n", "5M", "1.5h", "-5m", "+5m", "1h30", "30m1h", "1h1h"],
        *["1d2h", "1mo10d", "1y6mo", "1w", "nbd", "2NBD", "wd", "1wd2h", "none", "measure", "٣h", "1000000000000h"],
        *[None, 5, 5.0, True, ["5m"]],
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(text: object) -> None:
    with pytest.raises(ValueError, match="write open time as 90s, 5m, 4h or 1h30m"):
        parse(text)
