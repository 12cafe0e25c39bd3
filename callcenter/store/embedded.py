"""PostgreSQL beside the service: started as its child, gone when it goes, its data kept between starts.

A data folder holds ``postgres`` (the cluster), ``embedded.lock`` (held by the server's processes themselves, so a
free lock means no server), ``embedded.json`` (who runs it and where, once it answers) and ``postgres.log``. The server
listens on no port: only on a socket in a folder closed to everyone but its account and root, which is also why it asks
no password.
"""

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import msgspec

from callcenter.store.embedded_binaries import Binaries, choose, installed, reachable
from callcenter.store.embedded_cluster import (
    DATABASE,
    ROLE,
    create,
    drop_stale_pid_file,
    passable,
    pid_file,
    ready,
    version,
)
from callcenter.store.embedded_host import (
    Account,
    Child,
    EmbeddedError,
    alive,
    closing,
    drop_run_folder,
    keep_folder,
    make_run_folder,
    server_account,
    try_lock,
)

__all__ = ["EmbeddedError", "EmbeddedPostgres"]

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
    lasting: bool

    @property
    def dsn(self) -> str:
        socket = quote(f"{self.run_folder}/s", safe="")
        return f"postgresql://{ROLE}@/{DATABASE}?host={socket}&port=5432"


class EmbeddedPostgres:
    """A PostgreSQL server on one data folder, started here (`owned`) or found running.

    A server that was joined belongs to the process that started it: when that ends, connections break and say so. A
    service says that it is `lasting` and then never joins the server of a command, but waits for the command to end.
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
        lasting: bool = False,
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
                    with closing(lock):
                        return cls._start(folder, lock, lasting, settings or {}, binaries, timeout)
                running = _running(folder)
                if running and (running.lasting or not lasting):
                    return cls(folder, running)
                _end_orphan(folder)
                _pause()
        except OSError as error:
            raise EmbeddedError(f"the data folder {folder} cannot be used: {error}") from error
        raise EmbeddedError(f"another process keeps the data folder {folder} to itself; see its postgres.log")

    @classmethod
    def _start(
        cls,
        folder: Path,
        lock: int,
        lasting: bool,
        settings: Mapping[str, str],
        binaries: Binaries | None,
        timeout: float,
    ) -> Self:
        with ExitStack() as undo:
            _forget(folder)
            account = server_account(folder / "postgres")
            run_folder = make_run_folder(account)
            undo.callback(drop_run_folder, run_folder)
            programs = reachable(binaries or choose(installed(), version(folder)), account, run_folder)
            create(folder, programs, account, lock)
            child = _launch(folder, run_folder, programs, account, lock, settings)
            undo.callback(_end, child)
            _wait_untilready(folder, child, timeout)
            running = Running(server=child.pid, owner=os.getpid(), run_folder=str(run_folder), lasting=lasting)
            _write(folder / "embedded.json", msgspec.json.encode(running))
            undo.pop_all()
        return cls(folder, running, child)

    def stop(self) -> None:
        """The server is down and all was written, if it was started here; a server that was joined goes on."""
        child, self._child = self._child, None
        if child is None:
            return
        if _named(self.folder) == self._running:  # else it died, and another has taken its place
            (self.folder / "embedded.json").unlink()  # first: nobody joins a server that is going
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
    return running if ready(folder, running.server) else None


def _named(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode((folder / "embedded.json").read_bytes(), type=Running)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _end_orphan(folder: Path) -> None:
    """A server whose owner has died is told to go; on Linux the kernel has told it already."""
    running = _named(folder)
    if running and not alive(running.owner) and pid_file(folder)[:1] == [str(running.server)]:
        with suppress(ProcessLookupError):
            os.kill(running.server, signal.SIGINT)


def _forget(folder: Path) -> None:
    """Nothing is left of a server that has gone. The lock is held: no server started by us is running."""
    if stale := _named(folder):
        drop_run_folder(Path(stale.run_folder))
    (folder / "embedded.json").unlink(missing_ok=True)
    drop_stale_pid_file(folder)


def _launch(
    folder: Path, run_folder: Path, programs: Binaries, account: Account | None, lock: int, settings: Mapping[str, str]
) -> Child:
    log = folder / "postgres.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(folder / "postgres.log.1")
    options = {**_SETTINGS, **settings, "unix_socket_directories": f"{run_folder}/s", "port": "5432"}
    switches = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with passable(folder / "postgres", account) as (path, keep), closing(keep_folder(run_folder)) as kept:
        return Child([programs.postgres, "-D", path, *switches], account, keep=[lock, kept, *keep], log=log)


def _wait_untilready(folder: Path, child: Child, timeout: float) -> None:
    for _ in range(round(timeout / _STEP)):
        if child.gone.wait(_STEP):
            break
        if ready(folder, child.pid):
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


def _pause() -> None:
    threading.Event().wait(_STEP)
