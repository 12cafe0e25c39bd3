"""`callcenter sla`: the pure functions on lines of JSON; no store, no network."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
import yaml

from sla.arithmetic_lines import between_line, due_line
from sla.calendar import Calendar, CalendarError
from sla.contract import Contract, ContractError, read
from sla.evaluation import evaluate_line

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_calendar_option = click.option("--calendar", type=_FILE, help="A calendar (YAML or JSON) for lines without their own.")


@click.group()
def sla() -> None:
    """Deadlines and clocks, worked out on JSON lines."""


@sla.command()
@_calendar_option
def due(calendar: Path | None) -> None:
    """Read {"id","start","within"} lines, write {"id","due"}."""
    default = _calendar(calendar)
    _answer(lambda line: due_line(line, default))


@sla.command()
@_calendar_option
def between(calendar: Path | None) -> None:
    """Read {"id","start","end"} lines, write {"id","open_s"}."""
    default = _calendar(calendar)
    _answer(lambda line: between_line(line, default))


@sla.command()
@click.option("--contract", type=_FILE, help="A contract file for lines without their own.")
def evaluate(contract: Path | None) -> None:
    """Read {"id","now","events"} lines, write {"id","clocks"}."""
    default = _contract(contract)
    _answer(lambda line: evaluate_line(line, default))


def _answer(answer: Callable[[Any], dict[str, Any]]) -> None:
    """One answer a line; what is refused says so on its own line and the rest go on."""
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        try:
            value = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            out.write(encode({"id": None, "error": {"code": "bad_json", "message": str(error)}}) + b"\n")
            continue
        out.write(encode(answer(value)) + b"\n")
    out.flush()


def _calendar(path: Path | None) -> Calendar | None:
    if path is None:
        return None
    try:
        return Calendar.build(path.stem, yaml.load(path.read_text("utf-8"), yaml.CBaseLoader), "UTC")  # noqa: S506  plain text only
    except CalendarError as error:
        raise click.ClickException(f"{path}: {'.'.join(map(str, error.path))}: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: {error}") from error


def _contract(path: Path | None) -> Contract | None:
    if path is None:
        return None
    try:
        return read(path.read_text("utf-8"))
    except ContractError as error:
        lines = [f"{path}:{one.line or 1}: {one.key}: {one.message}" for one in error.findings]
        raise click.ClickException("\n".join(lines)) from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8: {error}") from error
