"""Does the simulation notice? Each mutation is made in a copy of the packages, and days are simulated until one fails.

`python tests/simulation/mutants.py [--seeds N] [--table FILE] [NAME ...]` prints which seed caught which, and exits 1
if one got away. A NAME is a mutation's, or a part of it. With `--table` the results go into the table of that page.
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))

from mutations import MUTANTS
from simulated_run import own_database, own_server, prepare

_ROOT = Path(__file__).parents[2]
# A day that is not over after so long will never be: a pass takes the same clock again and again.
_PATIENCE_S = 120
_BEGIN, _END = "<!-- mutations: begin -->\n", "<!-- mutations: end -->\n"


class Catch(NamedTuple):
    """The seed that failed, or what happened instead, and the first thing it found."""

    seed: str
    what: str


def mutated(name: str, folder: Path) -> Path:
    """A copy of the packages with the mutation; ValueError where its text is not found any more."""
    copy = folder / re.sub(r"\W+", "_", name)
    for part in ("alerts", "callcenter", "sla", "migrations", "tests/simulation"):
        shutil.copytree(_ROOT / part, copy / part, ignore=shutil.ignore_patterns("static"))
    (copy / "tests" / "unit").mkdir()
    for path in (_ROOT / "tests" / "unit").glob("second_*.py"):
        shutil.copy(path, copy / "tests" / "unit")
    for edit in MUTANTS[name]:
        path = copy / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1 and not (edit.all and edit.old in text):
            raise ValueError(f"{edit.file} has {text.count(edit.old)} of {edit.old!r}")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    return copy


def caught(copy: Path, seeds: int, server: str, template: str | None) -> Catch:
    """What the days of the copy came to, on a copy of the template or, without, on a database made by the copy."""
    command = [sys.executable, str(copy / "tests" / "simulation"), "--seeds", str(seeds), "--server", server]
    command += ["--template", template] if template else []
    try:
        run = subprocess.run(
            command, cwd=copy, capture_output=True, text=True, check=False, timeout=_PATIENCE_S + 10 * seeds
        )
    except subprocess.TimeoutExpired as expired:
        return Catch(f"seed {len(re.findall(r'held$', str(expired.stdout))) + 1}", "the day never ends")
    seed = re.search(r"^seed (\d+) failed.*\n\s*(.*)", run.stderr, re.MULTILINE)
    if seed:
        return Catch(f"seed {seed[1]}", seed[2])
    return Catch("nothing", "") if run.returncode == 0 else Catch("at once", run.stderr.strip().rpartition("\n")[2])


def _migrates(name: str) -> bool:
    return any(edit.file.startswith("migrations") for edit in MUTANTS[name])


def chosen(parts: Iterable[str]) -> list[str]:
    """The mutations whose names hold one of the parts; all where there are none."""
    wanted = list(parts)
    return [name for name in MUTANTS if not wanted or any(part in name for part in wanted)]


def _write(page: Path, results: dict[str, Catch]) -> None:
    """The page's table says what came of each mutation, in the order of the list; others keep what they had."""
    before, rest = page.read_text(encoding="utf-8").split(_BEGIN)
    table, after = rest.split(_END)
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE))
    rows |= {name: f"{one.seed}" for name, one in results.items()}
    lines = [f"| {name} | {rows[name]} |\n" for name in MUTANTS if name in rows]
    head = "| Mutation | Caught by |\n|---|---|\n"
    page.write_text(f"{before}{_BEGIN}{head}{''.join(lines)}{_END}{after}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--table", type=Path, help="a page whose table gets the results")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    results: dict[str, Catch] = {}
    with tempfile.TemporaryDirectory() as folder, own_server() as server, own_database(server) as prepared:
        asyncio.run(prepare(prepared))
        template = urlsplit(prepared).path.strip("/")
        for name in chosen(given.names):
            try:
                copy = mutated(name, Path(folder))
            except ValueError as error:
                results[name] = Catch("no such text", str(error))
            else:
                results[name] = caught(copy, given.seeds, server, None if _migrates(name) else template)
                shutil.rmtree(copy)
            print(f"{name}: {results[name].seed}: {results[name].what[:160]}", flush=True)
            if given.table:
                _write(given.table, results)
    return 1 if any(not one.seed.startswith(("seed", "at once")) for one in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
