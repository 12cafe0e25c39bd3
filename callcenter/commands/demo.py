"""`callcenter demo`: a live hotline in a folder of its own, which is gone afterwards."""

import asyncio
import errno
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import asyncpg
import click
import msgspec

from callcenter.app import bound, listening, service
from callcenter.commands.opening import opened, settings_or_exit
from callcenter.demo.hotline import Hotline
from callcenter.demo.journal import read_aloud
from callcenter.demo.people import Staff
from callcenter.demo.seed import seed
from callcenter.demo.stories import OPENING, STORIES
from callcenter.errors import CallcenterError
from callcenter.now import system_now
from callcenter.settings import Settings
from callcenter.store.embedded import EmbeddedPostgres

# Nothing of the demo's database outlives it.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on (default 8080, or a free one where that is taken)."
)
@click.option("--json", "machine", is_flag=True, help="Say address, users and tokens as one line of JSON when ready.")
def demo(port: int | None, machine: bool) -> None:
    """Run a live, simulated hotline with demo data.

    Its database is its own and in a temporary folder: no other data is touched, and Ctrl-C leaves nothing behind.
    """
    settings = settings_or_exit()
    if not machine:
        read_aloud(settings.log_level)
    try:
        with _socket(settings, port) as sock:
            asyncio.run(_until_stopped(settings, sock, machine))
    except OSError as error:
        raise click.ClickException(error.strerror or str(error)) from error
    except (CallcenterError, asyncpg.PostgresError) as error:
        raise click.ClickException(str(error)) from error


def _socket(settings: Settings, port: int | None) -> socket.socket:
    """The port asked for; where none was, the usual one or else a free one."""
    wanted = msgspec.structs.replace(settings, port=settings.port if port is None else port)
    try:
        sock = bound(wanted)
        sock.listen(128)
        return sock
    except OSError as error:
        if port is not None or error.errno != errno.EADDRINUSE:
            raise click.ClickException(f"{wanted.host}:{wanted.port}: {error.strerror or error}") from error
    sock = bound(msgspec.structs.replace(settings, port=0))
    sock.listen(128)
    return sock


async def _until_stopped(settings: Settings, sock: socket.socket, machine: bool) -> None:
    """The demo runs until a signal comes; the server is down and the folder gone afterwards, however far it came."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="callcenter-demo-", ignore_cleanup_errors=True) as folder:
        server = await asyncio.to_thread(EmbeddedPostgres.start_or_join, Path(folder) / "data", settings=_FAST)
        try:
            own = msgspec.structs.replace(
                settings, database_url=server.dsn, direct_database_url=None, data=Path(folder) / "data", journal=None
            )
            running = asyncio.create_task(_run(own, sock, machine))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            for task in (running, stopped):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await running
        finally:
            await asyncio.to_thread(server.stop)
    if not machine:
        click.echo("The demo has ended; nothing of it is left.")


async def _run(settings: Settings, sock: socket.socket, machine: bool) -> None:
    host, port = sock.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    settings = msgspec.structs.replace(settings, base_url=url)
    async with opened(settings, 8) as store:
        seeded = await seed(store.pool, store.context, system_now())
    async with (
        service(settings, store.dsn, store.direct_dsn) as running,
        listening(running.web, sock) as address,
        Hotline(address, seeded.staff.tokens) as hotline,
    ):
        _say(address, seeded.staff, machine)
        hotline.go_on(seeded.coming)
        await hotline.run(OPENING, STORIES)


def _say(url: str, staff: Staff, machine: bool) -> None:
    if machine:
        users = [msgspec.structs.asdict(user) for user in staff.users]
        line = msgspec.json.encode({"url": url, "users": users, "tokens": staff.tokens})
        click.echo(line.decode())
    else:
        click.echo(f"Callcenter's demo answers at {url} (API: {url}/api/docs); Ctrl-C ends it and leaves nothing.\n")
        click.echo(f"  {'role':<18}{'login':<18}{'password':<16}API token")
        for user in staff.users:
            click.echo(f"  {user.role:<18}{user.login:<18}{user.password:<16}{staff.tokens[user.role]}")
        tokens = " ".join(f"{role.upper()}={staff.tokens[role]}" for role in ("agent", "engineer", "supervisor"))
        click.echo("\nFor the commands in README.md and docs/first-call.md, paste this into a second terminal:\n")
        click.echo(f"  export HOTLINE={url} {tokens}\n")
    sys.stdout.flush()
