"""The doctor behind a real PgBouncer in transaction mode: what it says while it is not set up for that, and then."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests.acceptance.test_crash import ROOT, Server
from tests.acceptance.test_pgbouncer import bouncer


def _doctor(environment: dict[str, str]) -> dict[str, str]:
    """The level of each finding."""
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "doctor"], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == "", done.stderr
    *lines, counted = done.stdout.splitlines()
    levels = {line[6:].split(": ")[0]: line[:4].strip() for line in lines}
    failures = list(levels.values()).count("fail")
    assert counted.endswith(f"{failures or 'no'} failure{'' if failures == 1 else 's'}")
    assert done.returncode == (1 if failures else 0)
    return levels


async def _limit_idle(dsn: str) -> None:
    """As docs/operations.md says."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("alter role callcenter set idle_in_transaction_session_timeout = '30s'")
    await connection.close()


def test_it_sees_how_a_pooler_is_set_up_and_whether_notifications_pass_it(tmp_path: Path) -> None:
    postgres = Server(tmp_path / "server")
    try:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}  # noqa: TID251  a child's
        ways = ("direct way", "pooler", "listening", "idle transactions")
        straight = _doctor({**kept, "DATABASE_URL": postgres.dsn})
        assert [straight.get(name) for name in ways] == [None, None, "ok", None]
        with bouncer(tmp_path / "bouncer", postgres.dsn) as dsn:
            behind = _doctor({**kept, "DATABASE_URL": dsn})
            assert [behind.get(name) for name in ways] == ["warn", "warn", "warn", "warn"]
            more = {"CALLCENTER_STATEMENT_CACHE": "false", "CALLCENTER_DIRECT_DATABASE_URL": postgres.dsn}
            well = _doctor({**kept, "DATABASE_URL": dsn, **more})
            assert [well.get(name) for name in ways] == [None, None, "ok", "warn"]
        asyncio.run(_limit_idle(postgres.dsn))
        with bouncer(tmp_path / "another", postgres.dsn) as dsn:  # it logs in anew, as the role is now
            limited = _doctor({**kept, "DATABASE_URL": dsn, **more})
            assert [limited.get(name) for name in ways] == [None, None, "ok", None]
    finally:
        postgres.stop()
