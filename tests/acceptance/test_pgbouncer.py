"""A service whose statements pass a real PgBouncer in transaction mode, two connections for all its workers."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import asyncpg
import pytest

from tests.acceptance.test_crash import CONTRACT, Server, Service, command, log_calls, until
from tests.integration.monitoring import free_port

CALLS = 60


@contextmanager
def bouncer(folder: Path, dsn: str) -> Iterator[str]:
    """PgBouncer before the server, two connections to it for all its clients; gives its DSN."""
    program = shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin")
    if program is None:
        said = "pgbouncer is not installed (Debian: apt-get install pgbouncer)"
        if os.environ.get("CI"):  # noqa: TID251 of the tests, not of the service
            pytest.fail(said)
        pytest.skip(said)
    sockets = str(Path(parse_qs(urlsplit(dsn).query)["host"][0]).resolve())
    owner = pwd.getpwuid(os.stat(sockets).st_uid).pw_name
    port = free_port()
    folder.mkdir()
    (folder / "bouncer.ini").write_text(
        f"[databases]\ncallcenter = host={sockets} port=5432 user=callcenter\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 2\n"
        "ignore_startup_parameters = timezone,application_name,search_path\n"
    )
    drop = ["-u", owner] if os.geteuid() == 0 else []
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, *drop, str(folder / "bouncer.ini")], stdout=log, stderr=log)
    try:
        yield f"postgresql://callcenter@127.0.0.1:{port}/callcenter"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


async def test_in_transaction_mode_everything_works_and_alerts_come_in_time(tmp_path: Path) -> None:
    postgres = await asyncio.to_thread(Server, tmp_path / "server")
    with bouncer(tmp_path / "bouncer", postgres.dsn) as dsn:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}  # noqa: TID251  a child's
        environment = {**kept, "DATABASE_URL": dsn, "CALLCENTER_STATEMENT_CACHE": "false"}
        environment["CALLCENTER_DIRECT_DATABASE_URL"] = postgres.dsn
        contract = tmp_path / "contract.yaml"
        contract.write_text(CONTRACT.replace("24s", "8s"), "utf-8")
        await asyncio.to_thread(command, environment, "contract", "import", str(contract))
        token = await asyncio.to_thread(command, environment, "token", "create", "--role", "admin")
        service = await asyncio.to_thread(Service, environment)
        try:
            await log_calls(service.url, token, CALLS)
            async with (
                aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
                session.get(f"{service.url}/api/v1/tickets?limit=100") as answer,
            ):
                assert len((await answer.json())["items"]) == CALLS
            await until(f"select count(*) = {CALLS * 2} from alerts", postgres.dsn, 60)
            unsent = "select not exists (select from deliveries where state in ('pending', 'sending'))"
            await until(unsent, postgres.dsn, 90)
            conn = await asyncpg.connect(postgres.dsn)
            late = await conn.fetchval("select max(recorded_at - fires_at) from alerts")
            await conn.close()
            assert late.total_seconds() < 5, "a NOTIFY that never came is a tick's delay, not more"
        finally:
            await asyncio.to_thread(service.end, signal.SIGTERM)
        await asyncio.to_thread(command, environment, "verify")
    await asyncio.to_thread(postgres.stop)
