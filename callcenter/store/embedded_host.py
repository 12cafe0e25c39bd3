"""What the embedded server needs of the host: an account to run as, a short run folder, a lock, a child process."""

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from callcenter.errors import CallcenterError

_CHILD = Path(__file__).with_name("embedded_child.py")
_ACCOUNTS = ("postgres", "nobody")
_SOCKET_LIMIT = 107 - len("/callcenter-12345678/s/.s.PGSQL.5432")
# Nothing of this process's environment: PGPORT, PGDATA or a locale must not reach the server.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class EmbeddedError(CallcenterError):
    """The embedded server cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The ordinary user a server started by root runs as."""

    name: str
    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """The account to run the server as: None (this process's own) unless it is root.

    The owner of an existing data folder comes first, so that a folder keeps its owner when an account is added later.
    """
    if os.geteuid() != 0:
        _require_name(os.geteuid())
        return None
    known = {entry.pw_uid: entry for entry in pwd.getpwall()}
    named = {entry.pw_name: entry for entry in known.values()}
    owner = [known.get(data.stat().st_uid)] if data.exists() else []
    for entry in [*owner, *(named.get(name) for name in _ACCOUNTS)]:
        if entry is not None and entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError("PostgreSQL does not run as root and there is no user postgres or nobody; set DATABASE_URL")


def _require_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL refuses a user without a name: uid {uid} is unknown; set DATABASE_URL"
        ) from None


def hand_over(path: Path, account: Account | None) -> None:
    """Everything at `path` belongs to the account."""
    if account is None or path.stat().st_uid == account.uid:
        return
    for inner in path.rglob("*"):
        os.chown(inner, account.uid, account.gid, follow_symlinks=False)
    os.chown(path, account.uid, account.gid)  # last: its owner says whether all was handed over


def make_run_folder(account: Account | None) -> Path:
    """A new private folder with ``s`` for the socket: the path of a socket is limited to 107 bytes."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 a private folder is made inside
        if len(os.fsencode(parent)) <= _SOCKET_LIMIT and (account is None or _open_to_all(Path(parent))):
            break
    else:
        raise EmbeddedError("no temporary folder has a path short and open enough for the server's socket")
    folder = Path(tempfile.mkdtemp(prefix="callcenter-", dir=parent))
    (folder / "s").mkdir(mode=0o700)
    if account is not None:
        folder.chmod(0o711)
        hand_over(folder / "s", account)
    return folder


def _open_to_all(folder: Path) -> bool:
    whole = folder.resolve()
    return all(part.is_dir() and part.stat().st_mode & 0o001 for part in (whole, *whole.parents))


def drop_run_folder(folder: Path) -> None:
    """The run folder is gone, if it is one."""
    if folder.name.startswith("callcenter-") and (folder / "s").is_dir() and folder.lstat().st_uid == os.geteuid():
        shutil.rmtree(folder, ignore_errors=True)


def try_lock(path: Path) -> int | None:
    """A descriptor holding the exclusive lock of the file, None while another holder lives.

    The lock belongs to the open file, not the process: handed down to the server it is held until the last process of
    the server has gone, however its starter ended.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def closing(descriptor: int) -> Iterator[int]:
    """The descriptor, closed afterwards."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def keep_folder(folder: Path) -> int:
    """A descriptor that holds the folder locked, which keeps systemd-tmpfiles from cleaning it away as it ages."""
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def alive(pid: int) -> bool:
    """Whether a process of this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command(program: Sequence[str], account: Account | None) -> list[str]:
    """The command line that runs a program as the account, dying with this process."""
    who = f"{account.uid}:{account.gid}" if account else "-"
    return [sys.executable, "-I", "-S", str(_CHILD), str(os.getpid()), who, *program]


def run(
    program: Sequence[str], account: Account | None, *, keep: Sequence[int] = (), text: str = ""
) -> subprocess.CompletedProcess[str]:
    """What a program said, run to its end as the account; `keep` are descriptors it inherits, `text` its input."""
    return subprocess.run(  # noqa: S603
        command(program, account),
        check=False,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=_ENVIRONMENT,
        pass_fds=tuple(keep),
        start_new_session=True,
    )


class Child:
    """A running program and the thread that started it.

    The kernel's death signal follows the thread that forked, so that thread stays until the program has ended. A
    session of its own keeps a terminal's Ctrl-C from the server: its owner still has work to finish.
    """

    def __init__(self, program: Sequence[str], account: Account | None, *, keep: Sequence[int], log: Path) -> None:
        self.gone = threading.Event()
        self._started: Future[subprocess.Popen[bytes]] = Future()
        arguments = (command(program, account), tuple(keep), log)
        threading.Thread(target=self._stay, args=arguments, name="embedded-postgres", daemon=True).start()
        self.pid = self._started.result().pid

    def _stay(self, line: list[str], keep: tuple[int, ...], log: Path) -> None:
        try:
            with open(log, "ab", opener=_private) as output:
                process = _spawn(line, keep, output)
        except OSError as error:
            self.gone.set()
            self._started.set_exception(error)
            return
        self._started.set_result(process)
        process.wait()
        self.gone.set()

    def signal(self, number: int) -> None:
        """The signal has been sent, unless the program has ended."""
        self._started.result().send_signal(number)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # a log holds what statements held


def _spawn(line: list[str], keep: tuple[int, ...], output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        line,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=_ENVIRONMENT,
        pass_fds=keep,
        start_new_session=True,
    )
