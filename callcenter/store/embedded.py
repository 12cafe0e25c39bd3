"""PostgreSQL beside the service: started as its child, gone when it goes, its data kept between starts.

A data folder holds ``postgres`` (the cluster), ``embedded.lock`` (held by the server's processes themselves, so a
free lock means no server), ``embedded.json`` (who runs it and where, once it answers) and ``postgres.log``. The server
listens on no port: only on a socket in a folder closed to everyone but its account and root, which is also why it asks
no password.
"""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import msgspec

from callcenter.store.embedded_binaries import Binaries, choose, installed, reachable
from callcenter.store.embedded_host import (
    Account,
    Child,
    EmbeddedError,
    alive,
    drop_run_folder,
    hand_over,
    keep_folder,
    make_run_folder,
    run,
    server_account,
    try_lock,
)

__all__ = ["EmbeddedError", "EmbeddedPostgres"]

_ROLE = _DATABASE = "callcenter"
_STEP = 0.02  # seconds between two looks at a server that is starting or stopping
_LOG_LIMIT = 10_000_000  # bytes; a longer log is moved aside at the next start
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "callcenter",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Running(msgspec.Struct, frozen=True):
    """What ``embedded.json`` says of a server that answers."""

    server: int
    owner: int
    run_folder: str

    @property
    def dsn(self) -> str:
        socket = quote(f"{self.run_folder}/s", safe="")
        return f"postgresql://{_ROLE}@/{_DATABASE}?host={socket}&port=5432"


class EmbeddedPostgres:
    """A PostgreSQL server on one data folder, started here (`owned`) or found running.

    A server that was joined belongs to the process that started it: when that ends, connections break and say so.
    """

    def __init__(self, folder: Path, running: Running, child: Child | None = None) -> None:
        self.folder = folder
        self.dsn = running.dsn
        self.owned = child is not None
        self._running = running
        self._child = child

    @classmethod
    def start_or_join(
        cls,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        binaries: Binaries | None = None,
        timeout: float = 300.0,
    ) -> Self:
        """The server of this data folder answers: joined where one runs, else started, on a first start also created.

        `settings` go to the server's command line; `binaries` replace the search; `timeout` is in seconds and long,
        because recovery after a crash counts. Blocks: call it before the event loop or in a thread. Raises
        EmbeddedError.
        """
        folder = folder.absolute()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for _ in range(round(timeout / _STEP)):
                lock = try_lock(folder / "embedded.lock")
                if lock is not None:
                    return cls._start(folder, lock, settings or {}, binaries, timeout)
                if running := _running(folder):
                    return cls(folder, running)
                _end_orphan(folder)
                _pause()
        except OSError as error:
            raise EmbeddedError(f"the data folder {folder} cannot be used: {error}") from error
        raise EmbeddedError(f"another server holds the data folder {folder} and does not answer; see its postgres.log")

    @classmethod
    def _start(
        cls, folder: Path, lock: int, settings: Mapping[str, str], binaries: Binaries | None, timeout: float
    ) -> Self:
        with ExitStack() as undo, _closing(lock):
            _forget(folder)
            account = server_account(folder / "postgres")
            run_folder = make_run_folder(account)
            undo.callback(drop_run_folder, run_folder)
            programs = reachable(binaries or choose(installed(), _version(folder)), account, run_folder)
            _create(folder, programs, account, lock)
            child = _launch(folder, run_folder, programs, account, lock, settings)
            undo.callback(_end, child)
            _wait_until_ready(folder, child, timeout)
            running = Running(server=child.pid, owner=os.getpid(), run_folder=str(run_folder))
            _write(folder / "embedded.json", msgspec.json.encode(running))
            undo.pop_all()
        return cls(folder, running, child)

    def stop(self) -> None:
        """The server is down and all was written, if it was started here; a server that was joined goes on."""
        child, self._child = self._child, None
        if child is None:
            return
        (self.folder / "embedded.json").unlink(missing_ok=True)  # first: nobody joins a server that is going
        _end(child)
        drop_run_folder(Path(self._running.run_folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _running(folder: Path) -> Running | None:
    """The server that can be joined now: named, alive, ready, and its owner alive."""
    running = _named(folder)
    if running is None or not (alive(running.server) and alive(running.owner)):
        return None
    return running if _ready(folder, running.server) else None


def _named(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode((folder / "embedded.json").read_bytes(), type=Running)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _ready(folder: Path, pid: int) -> bool:
    """Whether the server itself says that it takes connections: first and eighth line of its pid file."""
    lines = _pid_file(folder)
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _pid_file(folder: Path) -> list[str]:
    try:
        return (folder / "postgres" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _end_orphan(folder: Path) -> None:
    """A server whose owner has died is told to go; on Linux the kernel has told it already."""
    running = _named(folder)
    if running and not alive(running.owner) and _pid_file(folder)[:1] == [str(running.server)]:
        with suppress(ProcessLookupError):
            os.kill(running.server, signal.SIGINT)


def _forget(folder: Path) -> None:
    """Nothing is left of a server that has gone. The lock is held: no server started by us is running."""
    if stale := _named(folder):
        drop_run_folder(Path(stale.run_folder))
    (folder / "embedded.json").unlink(missing_ok=True)
    pid = next(iter(_pid_file(folder)), "")
    if pid.isdigit() and alive(int(pid)) and not _works_in(int(pid), folder / "postgres"):
        # The number has gone to another process, as after a reboot: PostgreSQL would refuse to start.
        (folder / "postgres" / "postmaster.pid").unlink()


def _works_in(pid: int, data: Path) -> bool:
    """Whether the process may be a server of this data folder, started by other hands; in doubt it is."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", data)
    except FileNotFoundError:
        return sys.platform != "linux"
    except PermissionError:
        return True


def _version(folder: Path) -> int | None:
    """The major version that made the data folder, None before there is one."""
    try:
        return int((folder / "postgres" / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def _create(folder: Path, programs: Binaries, account: Account | None, lock: int) -> None:
    """The cluster with its database exists; a creation that broke off is begun again."""
    if (folder / "postgres").exists():
        hand_over(folder / "postgres", account)
        return
    fresh = folder / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    hand_over(fresh, account)
    with _passable(fresh, account) as (path, keep):
        _initialise(path, programs, account, [lock, *keep])
        statement = f"CREATE DATABASE {_DATABASE}\n"
        made = run([programs.postgres, "--single", "-D", path, "postgres"], account, keep=[lock, *keep], text=statement)
        if made.returncode != 0:
            raise EmbeddedError(f"the database could not be created: {made.stdout.strip()}")
    fresh.rename(folder / "postgres")


def _initialise(path: str, programs: Binaries, account: Account | None, keep: list[int]) -> None:
    """Text sorts by code point on every host; letters are told from signs by Unicode where the host knows C.UTF-8."""
    common = ["-D", path, "-U", _ROLE, "-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
    access = ["--auth-local=trust", "--auth-host=reject"]
    for kind in (["--lc-ctype=C.UTF-8"], []):
        made = run([programs.initdb, *common, *access, *kind], account, keep=keep)
        if made.returncode == 0:
            return
    raise EmbeddedError(f"the data folder could not be created: {made.stdout.strip()}")


@contextmanager
def _passable(data: Path, account: Account | None) -> Iterator[tuple[str, list[int]]]:
    """A path by which the server's account reaches the data folder, with the descriptors it must inherit.

    Folders above may be closed to the account (root's home, a test's temporary folder). Rather than open them, root
    opens the data folder and hands the descriptor down; the kernel follows it without asking the folders above.
    """
    if account is None or sys.platform != "linux":
        yield str(data), []
        return
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    with _closing(descriptor):
        yield f"/proc/self/fd/{descriptor}", [descriptor]


def _launch(
    folder: Path, run_folder: Path, programs: Binaries, account: Account | None, lock: int, settings: Mapping[str, str]
) -> Child:
    log = folder / "postgres.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(folder / "postgres.log.1")
    options = {**_SETTINGS, **settings, "unix_socket_directories": f"{run_folder}/s", "port": "5432"}
    switches = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with _passable(folder / "postgres", account) as (path, keep), _closing(keep_folder(run_folder)) as kept:
        return Child([programs.postgres, "-D", path, *switches], account, keep=[lock, kept, *keep], log=log)


def _wait_until_ready(folder: Path, child: Child, timeout: float) -> None:
    for _ in range(round(timeout / _STEP)):
        if child.gone.wait(_STEP):
            break
        if _ready(folder, child.pid):
            return
    raise EmbeddedError(f"PostgreSQL did not start:\n{_last_lines(folder / 'postgres.log')}")


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])


def _end(child: Child) -> None:
    """The server has gone: asked to close, then to stop at once (the next start recovers), then killed."""
    for number, patience in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
        child.signal(number)
        if child.gone.wait(patience):
            return


def _write(path: Path, content: bytes) -> None:
    """The file holds the content as a whole, never a part of it."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _pause() -> None:
    threading.Event().wait(_STEP)
