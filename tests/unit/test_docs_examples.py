"""Examples of the documents are run: contract files are read, worked examples are worked out again."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sla import check
from sla.arithmetic_lines import due_line
from sla.calendar_spec import KEYS as CALENDAR_KEYS
from sla.commitment import _KEYS as COMMITMENT_KEYS
from sla.commitment import _LATER as COMMITMENT_LATER
from sla.contract import _KEYS as CONTRACT_KEYS
from sla.contract import _LATER as CONTRACT_LATER
from sla.contract import read, read_data
from sla.document import parse
from sla.duration import parse as duration
from sla.entry import CHANNELS, TYPES
from sla.evaluation import evaluate_line
from sla.grading import FACTS

DOCS = Path(__file__).parents[2] / "docs"
CONTRACTS = (DOCS / "contracts.md").read_text("utf-8")
CLOCKS = (DOCS / "clocks.md").read_text("utf-8")
TIME = "%a %Y-%m-%d %H:%M"

Row = dict[str, str]
Table = list[Row]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def tables(page: str) -> Iterator[Table]:
    """The tables of a page, each row by the names of its columns."""
    for found in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in found.splitlines())
        yield [dict(zip(head, row, strict=True)) for row in rows]


WHOLE = [block for block in blocks(CONTRACTS, "yaml") if block.startswith("contract:")]
PARTS = [block for block in blocks(CONTRACTS, "yaml") if block.startswith("# part of a contract")]
REFUSED = [block for block in blocks(CONTRACTS, "yaml") if block.startswith("# refused")]


def test_every_yaml_block_says_what_it_is() -> None:
    assert len(WHOLE) >= 1
    assert len(PARTS) >= 6
    assert len(REFUSED) == 1
    assert len(blocks(CONTRACTS, "yaml")) == len(WHOLE) + len(PARTS) + len(REFUSED)


@pytest.mark.parametrize("text", WHOLE)
def test_a_whole_contract_is_read(text: str) -> None:
    assert read(text).code


@pytest.mark.parametrize("text", PARTS)
def test_a_part_is_read_in_place_of_its_like_in_the_first_contract(text: str) -> None:
    first, part = parse(WHOLE[0]).value, parse(text).value
    assert isinstance(first, dict)
    assert isinstance(part, dict)
    assert read_data({**first, **part}).commitments


def test_the_errors_shown_are_the_errors_given() -> None:
    shown = blocks(CONTRACTS, "text")
    given = "".join(f"lift.yaml:{one.line}: error: {one.key}: {one.message}\n" for one in check.errors(REFUSED[0]))
    assert shown == [given]


@pytest.mark.parametrize("key", [*CONTRACT_KEYS, *CONTRACT_LATER, *COMMITMENT_KEYS, *COMMITMENT_LATER, *CALENDAR_KEYS])
def test_every_key_of_the_file_is_explained(key: str) -> None:
    assert f"`{key}`" in CONTRACTS


def test_every_fact_and_its_answers_are_listed() -> None:
    rows = next(table for table in tables(CONTRACTS) if "answers" in table[0])
    listed = {row["fact"].strip("`"): tuple(re.findall(r"`(\w+)`", row["answers"])) for row in rows}
    assert listed == dict(FACTS)


def test_every_entry_is_listed_with_what_it_may_carry() -> None:
    rows = next(table for table in tables(CLOCKS) if "entry" in table[0] and "may carry" in table[0])
    listed = {name: set(_words(row["may carry"])) for row in rows for name in _words(row["entry"])}
    assert set(listed) == set(TYPES)
    for name, words in listed.items():
        carried = words - set(CHANNELS) - {"fault", "true", "void: true"}
        special = set(TYPES[name].data) - {"text", "reason", "who"}
        assert carried | ({"void"} if name == "corrected" else set()) in (special, special | {"reason"}), name


def _words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# worked examples: a table of what happened, one of answers, perhaps the derivation of the last answer

PENCIL = blocks(CLOCKS, "yaml")[0]
ZONE = read(PENCIL).zone


def _at(text: str) -> str:
    """The instant of a cell; its weekday must be the date's."""
    wall = datetime.strptime(text, TIME).replace(tzinfo=ZONE)
    assert wall.strftime(TIME) == text, "this weekday is not that date's"
    return wall.isoformat()


def _entry(row: Row) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": row["entry"], "occurred_at": _at(row["happened"])}
    for said in filter(None, row["says"].split(", ")):
        name, value = said.split(" ", 1)
        entry[name] = int(value) if name == "severity" else _at(value) if name == "to" else value
    return entry


def _examples() -> Iterator[tuple[Table, Table, Table]]:
    """What happened, the answers, and the derivation or nothing."""
    found = [table for table in tables(CLOCKS) if table[0].keys() & {"happened", "asked at", "because"}]
    for index, table in enumerate(found):
        if "happened" in table[0]:
            rest: list[Table] = [*found[index + 1 : index + 3], [{}], [{}]]
            yield table, rest[0], rest[1] if "because" in rest[1][0] else []


EXAMPLES = list(_examples())


def _clock(happened: Table, asked: Row) -> dict[str, Any]:
    name, _, cycle = asked["clock"].partition(" ")
    now = _at(asked["asked at"])
    known = [_entry(row) for row in happened if _at(row["happened"]) <= now]
    answer = evaluate_line({"id": 1, "now": now, "events": known}, read(PENCIL))
    assert "error" not in answer, answer
    return next(one for one in answer["clocks"] if (one["commitment"], one["cycle"]) == (name, int(cycle or 1)))


def _cell(value: Any) -> str:
    """An instant or a length as the tables write it."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(ZONE).strftime(TIME)
    hours, minutes = divmod(value // 60, 60)
    assert value % 60 == 0
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or not hours else "")


_FIELDS = {"due": "due_at", "breached at": "breached_at", "used": "used_s", "left": "remaining_s"}


def test_there_are_examples_of_everything() -> None:
    assert len(EXAMPLES) >= 15
    assert sum(bool(derivation) for _, _, derivation in EXAMPLES) >= 1
    states = {asked["state"] for _, answers, _ in EXAMPLES for asked in answers}
    assert states == {"idle", "running", "paused", "met", "breached", "cancelled"}


@pytest.mark.parametrize(("happened", "answers", "derivation"), EXAMPLES)
def test_a_worked_example_comes_out(happened: Table, answers: Table, derivation: Table) -> None:
    for asked in answers:
        clock = _clock(happened, asked)
        shown = {name: _cell(clock[_FIELDS[name]]) for name in asked.keys() & _FIELDS.keys()}
        assert {"clock": asked["clock"], "asked at": asked["asked at"], "state": clock["state"], **shown} == asked
    if derivation:
        why = _clock(happened, answers[-1])["why"]
        assert [
            {
                "from": _cell(one["from"]),
                "to": _cell(one["to"]),
                "kind": one["kind"],
                "length": _cell(one["seconds"]),
                "because": one["because"],
            }
            for one in why
        ] == derivation


def test_lengths_in_examples_are_written_as_in_contracts() -> None:
    cells = [row[name] for _, answers, _ in EXAMPLES for row in answers for name in row.keys() & {"used", "left"}]
    assert all(cell == "-" or _cell(duration(cell).micros // 1_000_000) == cell for cell in cells)


def test_sums_of_the_command_line_come_out() -> None:
    asked = [json.loads(line) for block in blocks(CLOCKS, "sh") for line in block.splitlines() if line.startswith("{")]
    shown = [json.loads(line) for line in blocks(CLOCKS, "json")[0].splitlines()]
    assert len(asked) >= 3
    assert [due_line(line) for line in asked] == shown


def test_every_state_is_explained() -> None:
    rows = next(table for table in tables(CLOCKS) if list(table[0]) == ["state", "means"])
    assert {row["state"].strip("`") for row in rows} == {
        *("idle", "running", "paused", "met", "breached", "cancelled", "none")
    }
