"""The cluster of an embedded server: its folder, made once, and what its files say."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callcenter.store.embedded_binaries import Binaries
from callcenter.store.embedded_host import Account, EmbeddedError, alive, closing, hand_over, run

ROLE = DATABASE = "callcenter"


def version(folder: Path) -> int | None:
    """The major version that made the data folder, None before there is one."""
    try:
        return int((folder / "postgres" / "PG_VERSION").read_text().split(".")[0])
    except FileNotFoundError:
        return None


def create(folder: Path, programs: Binaries, account: Account | None, lock: int) -> None:
    """The cluster with its database exists; a creation that broke off is begun again."""
    if (folder / "postgres").exists():
        hand_over(folder / "postgres", account)
        return
    fresh = folder / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    hand_over(fresh, account)
    with passable(fresh, account) as (path, keep):
        _initialise(path, programs, account, [lock, *keep])
        statement = f"CREATE DATABASE {DATABASE}\n"
        single = [programs.postgres, "--single", "-c", "exit_on_error=on", "-D", path, "postgres"]
        made = run(single, account, keep=[lock, *keep], text=statement)
        if made.returncode != 0:
            raise EmbeddedError(f"the database could not be created: {made.stdout.strip()}")
    fresh.rename(folder / "postgres")


def _initialise(path: str, programs: Binaries, account: Account | None, keep: list[int]) -> None:
    """Text sorts by code point on every host; letters are told from signs by Unicode where the host knows C.UTF-8."""
    common = ["-D", path, "-U", ROLE, "-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
    access = ["--auth-local=trust", "--auth-host=reject"]
    for kind in (["--lc-ctype=C.UTF-8"], []):
        made = run([programs.initdb, *common, *access, *kind], account, keep=keep)
        if made.returncode == 0:
            return
    raise EmbeddedError(f"the data folder could not be created: {made.stdout.strip()}")


@contextmanager
def passable(data: Path, account: Account | None) -> Iterator[tuple[str, list[int]]]:
    """A path by which the server's account reaches the data folder, with the descriptors it must inherit.

    Folders above may be closed to the account (root's home, a test's temporary folder). Rather than open them, root
    opens the data folder and hands the descriptor down; the kernel follows it without asking the folders above.
    """
    if account is None or sys.platform != "linux":
        yield str(data), []
        return
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    with closing(descriptor):
        yield f"/proc/self/fd/{descriptor}", [descriptor]


def pid_file(folder: Path) -> list[str]:
    """The lines of the file a server keeps about itself, none where there is none."""
    try:
        return (folder / "postgres" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def ready(folder: Path, pid: int) -> bool:
    """Whether the server itself says that it takes connections: first and eighth line of its pid file."""
    lines = pid_file(folder)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def drop_stale_pid_file(folder: Path) -> None:
    """A pid file whose number has gone to another process, as after a reboot, is gone: PostgreSQL would not start."""
    pid = next(iter(pid_file(folder)), "")
    if pid.isdigit() and alive(int(pid)) and not _works_in(int(pid), folder / "postgres"):
        (folder / "postgres" / "postmaster.pid").unlink()


def _works_in(pid: int, data: Path) -> bool:
    """Whether the process may be a server of this data folder, started by other hands; in doubt it is."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", data)
    except FileNotFoundError:
        return sys.platform != "linux"
    except PermissionError:
        return True
