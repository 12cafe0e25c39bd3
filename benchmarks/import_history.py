"""How long do 100,000 tickets with 300,000 timeline entries take to import, and to verify and export afterwards?

A made-up history under one of the example contracts: reported, graded, and for four of five tickets resolved; one in
five stays open. Each step is a process of its own, as an operator runs it, on an embedded PostgreSQL of its own with
its ordinary settings. With `--month` all of it was reported within one month, and what follows the import are that month's
reports, as somebody asks for them first.

    python benchmarks/import_history.py [--tickets 100000] [--contract FILE] [--dsn DSN] [--month]
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

EXAMPLES = Path(__file__).parents[1] / "examples" / "contracts"


def write_history(path: Path, contract: Path, tickets: int, days: int) -> int:
    """Writes the history of so many days, returns its entries."""
    terms = yaml.safe_load(contract.read_text(encoding="utf-8"))
    regions, chance = list(terms["regions"]), random.Random(1)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    entries = 0
    with path.open("w", encoding="utf-8") as file:
        for number in range(tickets):
            at = first + timedelta(seconds=chance.randrange(days * 86400))
            told: list[dict[str, object]] = [
                {"type": "reported"},
                {"type": "graded", "severity": chance.choice([1, 2, 3])},
            ]
            told.append({"type": "resolved"} if chance.random() < 0.8 else {"type": "responded"})
            for event in told:
                event["occurred_at"] = at.isoformat()
                at += timedelta(seconds=chance.randrange(60, 86400))
            entries += len(told)
            ticket = {
                "ref": f"H{number:07}",
                "contract": terms["contract"],
                "kind": "fault",
                "region": chance.choice(regions),
                "title": f"Fault {number}",
                "caller": f"Caller {chance.randrange(tickets // 5 + 1)}",
                "events": told,
            }
            file.write(json.dumps({"ticket": ticket}) + "\n")
    return entries


def timed(environment: dict[str, str], *arguments: str) -> str:
    """Runs a command of the service and says how long it took, its CPU and its memory."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", *arguments],
        env=environment, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    took, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{arguments}: {done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = done.stdout.strip().rsplit("\n", 1)[-1][:120]
    name = " ".join(arguments[:2])
    return f"{name:24} {took:7.1f} s, CPU {cpu:6.1f} s, largest process so far {after.ru_maxrss // 1024} MB: {said}"


def main() -> None:
    """Prints one line a step."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=100_000)
    options.add_argument("--contract", type=Path, default=EXAMPLES / "public-health.yaml")
    options.add_argument("--dsn", help="a database of its own to use instead of the embedded one")
    options.add_argument("--month", action="store_true", help="one month, and its reports")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CALLCENTER_DATA": f"{folder}/data"}  # noqa: TID251 of the benchmark, not the service
        if given.dsn:
            environment["DATABASE_URL"] = given.dsn
        history = Path(folder) / "history.jsonl"
        entries = write_history(history, given.contract, given.tickets, 31 if given.month else 300)
        print(f"{given.tickets} tickets, {entries} entries, {history.stat().st_size // 1024} kB")
        timed(environment, "contract", "import", str(given.contract))
        print(timed(environment, "import", "history", str(history)), flush=True)
        if given.month:
            code = yaml.safe_load(given.contract.read_text(encoding="utf-8"))["contract"]
            for form in ("json", "pdf"):
                month = ("--month", "2026-01", "--format", form, "-o", f"{folder}/report.{form}")
                print(timed(environment, "report", code, *month), flush=True)
            return
        print(timed(environment, "import", "history", str(history)), flush=True)
        print(timed(environment, "verify"), flush=True)
        print(timed(environment, "export", "clocks"), flush=True)


if __name__ == "__main__":
    main()
