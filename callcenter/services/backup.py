"""Backup and restore of the whole database with PostgreSQL's own programs."""

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from callcenter.errors import CallcenterError, Conflict
from callcenter.store import backup as store
from callcenter.store.embedded_binaries import installed
from callcenter.store.migrate import migrate


class BackupError(CallcenterError):
    """The backup or restore did not happen; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """pg_dump or pg_restore of one major version."""

    path: str
    major: int


async def backup(connection: asyncpg.Connection, dsn: str, file: Path) -> None:
    """The file holds the database as it stood when the backup began.

    Until it is whole it has another name, so a backup that broke off is never taken for one.
    """
    program = suitable("pg_dump", _server_major(connection))
    part = file.with_name(f"{file.name}.part")
    try:
        part.touch(mode=0o600)
        await _run(program, dsn, "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


async def restore(connection: asyncpg.Connection, dsn: str, file: Path, *, force: bool = False) -> None:
    """The database holds what the file holds, migrated to this version; when it fails it is as it was before.

    A database that holds anything is refused unless `force` says that it may go; one that is in use always is.
    """
    program = suitable("pg_restore", _server_major(connection))
    await _check(program, file)
    users = await store.users(connection)
    if users:
        raise Conflict(f"the database is in use by {users} other connection(s): stop the service first")
    if await store.aside(connection) and not await store.put_back_if_empty(connection):
        raise Conflict(
            f"an earlier restore broke off; what was there before it is in the schema {store.ASIDE}: drop it"
        )
    if not force and (full := await store.filled(connection)):
        raise Conflict(f"the database is not empty ({', '.join(full)}): --force replaces what it holds")
    await store.set_aside(connection)
    try:
        await _run(program, dsn, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(file))
        await migrate(connection)
    except BaseException:
        await store.put_back(connection)
        raise
    await store.drop_aside(connection)


async def _check(program: Program, file: Path) -> None:
    """The file is a backup of this service that the program can read."""
    listed = await asyncio.to_thread(_listing, program, file)
    if " TABLE public tickets " not in listed:
        raise BackupError(f"{file} is no backup of this service: it has no table of tickets")


def _listing(program: Program, file: Path) -> str:
    done = subprocess.run([program.path, "--list", str(file)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BackupError(f"{file} cannot be read as a backup: {_said(done.stderr)}")
    return done.stdout


def suitable(name: str, server: int, found: Iterable[Program] | None = None) -> Program:
    """The program of the server's own version, else the next newer one; BackupError where there is none."""
    known = sorted(found if found is not None else programs(name), key=lambda program: program.major)
    for program in known:
        if program.major >= server:
            return program
    versions = ", ".join(str(program.major) for program in known) or "none"
    raise BackupError(f"{name} of PostgreSQL {server} or newer is not installed (found: {versions}); install it")


def programs(name: str) -> list[Program]:
    """Every copy of the program on this host: on the path and beside the servers."""
    on_path = shutil.which(name)
    paths = [on_path] if on_path else []
    paths += [str(binaries.folder / name) for binaries in installed()]
    return [Program(path, major) for path in dict.fromkeys(paths) if (major := _major(path)) is not None]


def _major(path: str) -> int | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(version[1]) if version else None


def _server_major(connection: asyncpg.Connection) -> int:
    return int(connection.get_server_version().major)


async def _run(program: Program, dsn: str, *arguments: str) -> None:
    done = await asyncio.to_thread(_finished, program, dsn, arguments)
    if done.returncode != 0:
        raise BackupError(f"{Path(program.path).name} {program.major}: {_said(done.stderr)}")


def _finished(program: Program, dsn: str, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """The program run to its end; a password goes to it by a file, not by a command line that others can read."""
    address, password = without_password(dsn)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as secret:  # mode 0600
        if password is not None:
            escaped = password.replace("\\", "\\\\").replace(":", "\\:")
            secret.write(f"*:*:*:*:{escaped}\n")
            secret.flush()
            address += f"{'&' if '?' in address else '?'}passfile={quote(secret.name, safe='')}"
        line = [program.path, f"--dbname={address}", "--no-password", *arguments]
        return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603


def without_password(dsn: str) -> tuple[str, str | None]:
    """The DSN as it may be seen in a list of processes, and the password it held."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn, None
    user, _, hosts = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{hosts}")), unquote(parts.password)


def _said(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if "error" in line.lower()] or text.strip().splitlines()[-1:]
    return lines[0] if lines else "it said nothing"
