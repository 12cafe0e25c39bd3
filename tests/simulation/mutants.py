"""Does the simulation notice? Each mutation is made in a copy of the packages, and days are simulated until one fails.

`python tests/simulation/mutants.py [--seeds N] [NAME ...]` prints which seed caught which, and exits 1 if one got away.
"""

# ruff: noqa: E501  the lines are those of other files
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]


class Edit(NamedTuple):
    """A text of a file that stands there once, or `all` of them, and what it becomes."""

    file: str
    old: str
    new: str
    all: bool = False


MUTANTS: dict[str, tuple[Edit, ...]] = {
    "the unique key is skipped": (
        Edit(
            "migrations/0001_core.sql",
            "settled_because   text,\n    constraint alerts_once unique (clock, step, repeat, deadline_version)",
            "settled_because   text",
        ),
        Edit("callcenter/store/alerts.sql", "on conflict on constraint alerts_once do nothing\n", ""),
    ),
    "leases end at once": (Edit("alerts/dispatcher.py", "now, now + LEASE)", "now, now)"),),
    "a lease is not looked at": (
        Edit(
            "callcenter/store/deliveries.sql",
            "state in ('pending', 'sending') and coalesce(lease_until, next_try_at) <= cast(:now as timestamptz)\n          and not exists",
            "state in ('pending', 'sending') and coalesce(next_try_at, :now) <= cast(:now as timestamptz)\n          and not exists",
        ),
    ),
    "alerts are committed before their deliveries": (
        Edit(
            "callcenter/store/alerts.py",
            "    await deliveries.enqueue(conn, fired, ended, now)\n",
            "    if conn.is_in_transaction():\n        conn.later = (*getattr(conn, 'later', ()), (fired, ended, now))\n",
        ),
        Edit(
            "callcenter/store/engine.py",
            "            yield ClockBatch(conn, self._terms, self._rosters)\n",
            "            yield ClockBatch(conn, self._terms, self._rosters)\n            late = getattr(conn, 'later', ())\n"
            "        if late:\n            from callcenter.store import deliveries\n"
            "            async with self._pool.acquire() as conn, conn.transaction():\n"
            "                for one in late:\n                    await deliveries.enqueue(conn, *one)\n",
        ),
        Edit(
            "callcenter/store/alerts.py",
            "    await announce(conn, wakes, now)\n    return raised\n",
            "    await announce(conn, wakes, now)\n    for one in getattr(conn, 'later', ()):\n        await deliveries.enqueue(conn, *one)\n"
            "    conn.later = ()\n    return raised\n",
        ),
    ),
    "verdicts by the time of writing": (
        Edit("callcenter/store/tickets.py", 'at=micros(row["occurred_at"])', 'at=micros(row["recorded_at"])'),
    ),
    "a claim leaves the tickets unlocked": (
        Edit(
            "callcenter/store/engine.sql",
            "where number = taken.ticket for update skip locked",
            "where number = taken.ticket",
            all=True,
        ),
    ),
    "a claim locks nothing": (
        Edit("callcenter/store/engine.sql", "    for update skip locked\n", "", all=True),
        Edit(
            "callcenter/store/engine.sql",
            "where number = taken.ticket for update skip locked",
            "where number = taken.ticket",
            all=True,
        ),
    ),
    "a writer reads before it has the lock": (
        Edit(
            "callcenter/services/timeline.py",
            "found(conn, context, number, actor, lock=True)",
            "found(conn, context, number, actor)",
        ),
    ),
    "the ladder does not see that the deadline moved": (
        Edit("alerts/policy.py", "[a for a in told if a.live or a.deadline_version == version]", "[*told]"),
    ),
    "the version is not raised": (
        Edit(
            "alerts/policy.py",
            "stored.deadline_version + (stored.due_at is not None and due != stored.due_at)",
            "stored.deadline_version",
        ),
    ),
    "acknowledging does not stop repeats": (
        Edit("alerts/policy.py", 'if any(a.state != "firing" for a in chain):', "if not chain:"),
    ),
    "what is withdrawn is sent": (
        Edit("callcenter/store/deliveries.sql", "and (a.state = 'withdrawn' or a.kind = 'warning')", "and false"),
        Edit(
            "callcenter/store/deliveries.sql", "d.event = 'fire' and a.state = 'withdrawn' as stale", "false as stale"
        ),
    ),
    "wakes one step too late": (
        Edit("alerts/policy.py", "wake_at = min(wakes, default=None)", "wake_at = max(wakes, default=None)"),
    ),
    "due is earlier than now": (Edit("callcenter/store/engine.sql", "c.wake_at <= :now", "c.wake_at < :now"),),
    "a rung rings after its instant": (Edit("alerts/policy.py", "if step.instant > now:", "if step.instant >= now:"),),
    "a deadline is broken when it is reached": (
        Edit(
            "sla/clock.py",
            'return "breached" if now > due else "running"',
            'return "breached" if now >= due else "running"',
        ),
    ),
    "kept only before the deadline": (
        Edit(
            "sla/clock.py",
            'return "met" if found.until <= due else "breached"',
            'return "met" if found.until < due else "breached"',
        ),
    ),
    "a crash after the claim loses the wake": (
        Edit(
            "callcenter/store/engine.py",
            '        self._contracts |= {row["ticket"]: row["contract"] for row in held}\n',
            '        self._contracts |= {row["ticket"]: row["contract"] for row in held}\n'
            "        await conn.execute('update clocks set wake_at = null where id = any ($1)', [row['id'] for row in held])\n"
            "        await conn.execute('commit')\n        await conn.execute('begin')\n",
        ),
    ),
    "rungs of an outage are dropped": (
        Edit(
            "alerts/policy.py",
            "    if step.instant < ladder_from:\n",
            "    if step.instant < max(ladder_from, now - timedelta(minutes=10)):\n",
        ),
    ),
    "the backlog is never claimed": (
        Edit("callcenter/store/engine.py", "limit=room)] if room else []", "limit=room)] if room < 0 else []"),
    ),
    "what is over is not settled": (
        Edit(
            "alerts/policy.py",
            "if alert.live else None\n        if ending",
            'if alert.live and fresh.state != "met" else None\n        if ending',
        ),
    ),
    "a moved deadline withdraws nothing": (Edit("alerts/policy.py", 'else ("withdrawn", "moved")', "else None"),),
    "recorded as sent before it is": (
        Edit(
            "alerts/dispatcher.py",
            "            failure = await self._try(delivery)\n            await self._record(delivery, failure)\n",
            "            await self._record(delivery, None)\n            await self._try(delivery)\n",
        ),
    ),
    "every try has an id of its own": (
        Edit(
            "callcenter/store/deliveries.py",
            '                id=row["id"],\n                next_rung=',
            "                id=__import__('uuid').uuid4(),\n                next_rung=",
        ),
    ),
    "a failure is final": (
        Edit("alerts/dispatcher.py", "again = None if wait is None else now + wait", "again = None"),
    ),
    "nobody hears how it ended": (
        Edit("callcenter/store/deliveries.py", "        await _sql.tell_end(conn, alerts=ended, now=now)\n", ""),
    ),
    "clocks that are off stay off": (
        Edit("callcenter/steady_now.py", "self.offset = off", "self.offset = timedelta(0)"),
    ),
    "a cycle that begins later is not noticed": (
        Edit("alerts/engine.py", "        if key not in rows\n", "        if not rows\n"),
    ),
    "a host behind writes before what was judged": (
        Edit(
            "callcenter/services/timeline.py",
            "return judged if now < judged <= now + 2 * SKEW_ALLOWED else now",
            "return now",
        ),
    ),
    "paused clocks keep their breaches": (
        Edit("alerts/policy.py", 'return None if warning else ("withdrawn", "paused")', "return None"),
    ),
    "an outage is told repeat by repeat": (
        Edit(
            "alerts/policy.py",
            "raised.append(_alert(contract, step, due_repeats, fresh))",
            "raised += [_alert(contract, step, n, fresh) for n in range(1, due_repeats + 1)]",
        ),
    ),
}


def mutated(name: str, folder: Path) -> Path:
    """A copy of the packages with the mutation; ValueError where its text is not found any more."""
    copy = folder / re.sub(r"\W+", "_", name)
    for part in ("alerts", "callcenter", "sla", "migrations", "tests/simulation"):
        shutil.copytree(_ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "static"))
    for edit in MUTANTS[name]:
        path = copy / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1 and not (edit.all and edit.old in text):
            raise ValueError(f"{name}: {edit.file} has {text.count(edit.old)} of {edit.old!r}")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    return copy


def caught(copy: Path, seeds: int) -> tuple[str, str]:
    """The seed that failed, or none, and the first thing it found."""
    run = subprocess.run(
        [sys.executable, copy / "tests" / "simulation", "--seeds", str(seeds)],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    seed = re.search(r"^seed (\d+) failed.*\n\s*(.*)", run.stderr, re.MULTILINE)
    if seed:
        return f"seed {seed[1]}", seed[2]
    return ("nothing", "") if run.returncode == 0 else ("at once", run.stderr.strip().rpartition("\n")[2])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    missed = 0
    for name in given.names or MUTANTS:
        with tempfile.TemporaryDirectory() as folder:
            seed, what = caught(mutated(name, Path(folder)), given.seeds)
        missed += seed == "nothing"
        print(f"{name}: caught by {seed}: {what[:160]}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
