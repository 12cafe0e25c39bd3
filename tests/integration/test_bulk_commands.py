"""The commands for bulk work as they are run: exit status, standard output, standard error."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
CONTRACT = _ROOT / "examples" / "contracts" / "office-hours.yaml"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(database_url: str) -> Run:
    """Runs a command on the test's database."""

    def go(*arguments: str, text: str | None = None, url: str = database_url) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DATABASE_URL": url, "PYTHONWARNINGS": "error"}  # noqa: TID251 of the test
        line = [sys.executable, "-m", "callcenter", *arguments]
        return subprocess.run(line, input=text, env=environment, cwd=_ROOT, capture_output=True, text=True, check=False)

    return go


def ticket(ref: str, **more: object) -> str:
    events = [{"type": "reported", "occurred_at": "2026-11-02T09:00:00+08:00"}]
    told = {"ref": ref, "contract": "OFFICE-2026", "kind": "fault", "region": "town", "title": "Jam", "events": events}
    return json.dumps({"ticket": told | more}) + "\n"


def test_history_in_clocks_out_backup_and_back(run: Run, empty_url: str, tmp_path: Path) -> None:
    assert run("contract", "import", str(CONTRACT)).returncode == 0
    file = tmp_path / "history.jsonl"
    file.write_text("".join(ticket(f"T{n}") for n in range(5)) + ticket("bad", colour="red"))

    dry = run("import", "history", str(file), "--dry-run")
    assert (dry.returncode, dry.stdout) == (1, "would load 5 tickets, 0 calls; 0 already there; 1 refused\n")
    first = run("import", "history", str(file))
    assert first.returncode == 1
    assert first.stdout.startswith("loaded 5 tickets, 0 calls; 0 already there; 1 refused")
    assert first.stderr == "line 6, ticket.colour: Object contains unknown field `colour` (bad_value)\n"

    packed = tmp_path / "history.jsonl.gz"
    packed.write_bytes(gzip.compress(ticket("T5").encode()))
    assert run("import", "history", str(packed)).stdout.startswith("loaded 1 tickets")
    piped = run("import", "history", "-", text=ticket("T5") + ticket("T6"))
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.startswith("loaded 1 tickets, 0 calls; 1 already there; 0 refused")

    clocks = [json.loads(line) for line in run("export", "clocks").stdout.splitlines()]
    assert {clock["ref"] for clock in clocks} == {f"T{n}" for n in range(7)}
    header = run("export", "clocks", "--format", "csv", "--contract", "OFFICE-2026").stdout.splitlines()[0]
    assert header.split(",") == list(clocks[0])
    unknown = run("export", "clocks", "--contract", "NONE")
    assert (unknown.returncode, unknown.stdout) == (1, "")

    verified = run("verify")
    assert (verified.returncode, verified.stdout.splitlines()[-1].rsplit(": ")[-1]) == (0, "no differences")
    assert run("backup", str(tmp_path / "b.dump")).returncode == 0
    assert run("restore", str(tmp_path / "b.dump"), url=empty_url).returncode == 0
    assert run("verify", url=empty_url).stdout == verified.stdout
    refused = run("restore", str(tmp_path / "b.dump"), url=empty_url)
    assert refused.returncode == 1
    assert "--force" in refused.stderr


def test_doctor_says_what_to_do(run: Run, empty_url: str) -> None:
    healthy = run("doctor")
    assert healthy.returncode == 0, healthy.stdout
    assert "warn  contracts: none is in force; `callcenter contract import FILE` stores one" in healthy.stdout
    assert run("contract", "import", str(CONTRACT)).returncode == 0
    assert "calendar CN: published through" in run("doctor").stdout
    bare = run("doctor", url=empty_url)
    assert bare.returncode == 1
    assert "run `callcenter migrate`" in bare.stdout
    away = run("doctor", url="postgresql://127.0.0.1:9/nothing")
    assert away.returncode == 1
    assert away.stdout.startswith("fail  database: ")
