"""`callcenter serve` and `callcenter migrate`."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from tempfile import TemporaryDirectory

import click
import msgspec
import structlog
import uvloop
from prometheus_client.multiprocess import mark_process_dead

from callcenter.app import bound, listening, service
from callcenter.commands.opening import Opened, opened, run, settings_or_exit
from callcenter.settings import Settings, child_environment

log = structlog.get_logger("callcenter.serve")
RESTART_AFTER_S = 1.0


@click.command()
@click.option("--host", help="Address to listen on (default CALLCENTER_HOST or 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default CALLCENTER_PORT or 8080).")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that share the work."
)
def serve(host: str | None, port: int | None, workers: int) -> None:
    """Run the service: API, engine and alerts.

    PostgreSQL comes from DATABASE_URL; without it an embedded one is started in CALLCENTER_DATA. Any number of workers
    and hosts may share one database.
    """
    settings = settings_or_exit()
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = msgspec.structs.replace(settings, **changed)
    try:
        uvloop.run(_serve(settings, workers))
    except OSError as error:
        raise click.ClickException(f"{settings.host}:{settings.port}: {error.strerror or error}") from error


async def _serve(settings: Settings, workers: int) -> None:
    stop = _stop_signal()
    with bound(settings) as sock:
        sock.listen(1024)
        async with opened(settings, 1, lasting=True) as store:
            if workers == 1:
                await _work(settings, store.dsn, store.direct_dsn, sock, stop)
            else:
                _say(f"http://{settings.host}:{sock.getsockname()[1]}", workers)
                with TemporaryDirectory(prefix="callcenter-metrics-") as folder:
                    kept = (_keep_worker(settings, store, sock, stop, folder) for _ in range(workers))
                    await asyncio.gather(*kept)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    return stop


def _say(address: str, workers: int) -> None:
    click.echo(f"Callcenter listens on {address} ({workers} worker{'s' if workers > 1 else ''}); Ctrl-C stops it.")


async def _work(settings: Settings, dsn: str, direct: str, sock: socket.socket, stop: asyncio.Event) -> None:
    async with service(settings, dsn, direct) as running, listening(running.web, sock) as address:
        _say(address, 1)
        await stop.wait()


async def _keep_worker(
    settings: Settings, store: Opened, sock: socket.socket, stop: asyncio.Event, folder: str
) -> None:
    """Keeps one worker process running until told to stop; one that dies is replaced. Metrics are shared in the folder.

    The worker's standard input is a pipe from here: when this process is gone, however, it reads the end and stops too.
    """
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        environment = child_environment(
            settings, database_url=store.dsn, direct_database_url=store.direct_dsn, metrics_folder=folder
        )
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "callcenter", "worker", str(sock.fileno()), stdin=asyncio.subprocess.PIPE,
            pass_fds=[sock.fileno()], env=environment, start_new_session=True,
        )  # fmt: skip
        ended = asyncio.create_task(worker.wait())
        await asyncio.wait({stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            with suppress(ProcessLookupError):
                worker.terminate()
            await ended
            return
        mark_process_dead(worker.pid, folder)  # type: ignore[no-untyped-call]
        log.error("worker_died", pid=worker.pid, exit_status=worker.returncode)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(stopped), RESTART_AFTER_S)


@click.command(hidden=True)
@click.argument("descriptor", type=int)
def worker(descriptor: int) -> None:
    """One worker of `serve`, on a socket it was handed."""
    settings = settings_or_exit()
    uvloop.run(_worker(settings, descriptor))


async def _worker(settings: Settings, descriptor: int) -> None:
    assert settings.database_url is not None, "serve tells its workers where the database is"
    stop = _stop_signal()
    asyncio.get_running_loop().add_reader(0, _read_end, stop)
    direct = settings.direct_database_url or settings.database_url
    with socket.socket(fileno=descriptor) as sock:
        async with service(settings, settings.database_url, direct) as running, listening(running.web, sock):
            await stop.wait()


def _read_end(stop: asyncio.Event) -> None:
    if not os.read(0, 1024):
        asyncio.get_running_loop().remove_reader(0)
        stop.set()


@click.command()
def migrate() -> None:
    """Apply migrations; safe from several starts at once."""

    async def done(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            count = await conn.fetchval("select count(*) from migrations")
        click.echo(f"{count} migrations are applied, none is missing.")

    run(done)
