"""The page on channels against the code."""

import re
from pathlib import Path

import msgspec
import pytest

from alerts.backoff import ATTEMPTS
from alerts.channels import KINDS, limits, secret_settings
from alerts.channels.sms import FACTS
from alerts.link import LIFE
from alerts.pace import FAILURES, FIRST_WAIT, LONGEST_WAIT, MINUTE
from alerts.reasons import PERMANENT, Reason

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text("utf-8")
CELLS = [re.split(r"\s*\|\s*", line)[1:-1] for line in PAGE.splitlines() if line.startswith("| `")]
ROWS = {cells[0]: cells for cells in CELLS}
COMMON = {"url", "allow_private", "per_minute", "locale"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_and_setting_is_documented(kind: str) -> None:
    from alerts.channels import _KINDS

    row = " ".join(ROWS[f"`{kind}`"])
    names = {field.encode_name for field in msgspec.structs.fields(_KINDS[kind].config)}
    over_http = "allow_private" in names
    missing = [name for name in names - (COMMON if over_http else {"locale"}) if f"`{name}`" not in row]
    assert missing == []
    if secret_settings(kind) - {"url"}:
        assert "*secret*" in row
    per_minute, _ = limits(kind)
    assert per_minute is None or f"{per_minute} a minute" in row


def test_every_reason_is_documented_with_what_becomes_of_it() -> None:
    told = {name: cells for name, cells in ROWS.items() if name.strip("`") in set(Reason)}
    assert set(told) == {f"`{reason.value}`" for reason in Reason}
    for reason in Reason:
        assert told[f"`{reason.value}`"][2].startswith("no" if reason in PERMANENT else "yes")


def test_the_figures_are_the_codes() -> None:
    words = {20: "twenty times", 5: "five messages in a row"}
    assert words[ATTEMPTS] in PAGE
    assert f"After {words[FAILURES]}" in PAGE
    assert f"{FIRST_WAIT.total_seconds():g} seconds; then one" in PAGE
    assert LONGEST_WAIT.total_seconds() == 120
    assert f"the last {MINUTE.total_seconds():g} seconds" in PAGE
    assert f"{LIFE.total_seconds() / 3600:g} hours" in PAGE


def test_the_facts_of_the_example_exist() -> None:
    example = re.search(r"`\{(\"no\".*?)\}`", PAGE)
    assert example is not None
    assert set(re.findall(r': "(\w+)"', example[1])) <= set(FACTS)
