"""What becomes a PostgreSQL program: drops to the server's account, ties its life to its parent, then executes it.

A script of its own, run with ``python -I -S``, because the steps must be taken between fork and exec, where the Python
code of a threaded process can hang. As root the interpreter itself may be out of the account's reach, so nothing is
imported after the account is taken.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    """The kernel sends this process SIGINT (PostgreSQL: fast shutdown) when the parent's thread ends."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise SystemExit("the parent went away before the server started")


def _become(account: str) -> None:
    uid, gid = (int(part) for part in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> None:
    """Never returns: ``PARENT_PID UID:GID|- PROGRAM ARGUMENT...`` has been executed."""
    parent, account, *program = arguments
    if account != "-":
        _become(account)
    os.umask(0o077)
    os.chdir("/")
    if sys.platform == "linux":
        _die_with(int(parent))  # after the account is taken: setuid clears it
    os.execv(program[0], program)  # noqa: S606 no shell wanted


if __name__ == "__main__":
    main(sys.argv[1:])
