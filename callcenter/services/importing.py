"""What all imports share: lines in, refusals and counts out, and the queues, agents and callers they name."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from callcenter.errors import CallcenterError
from callcenter.services.phones import e164
from callcenter.store import bulk
from callcenter.store.types import Connection

T = TypeVar("T")

BY = "import"
# Lines of one transaction: enough that the commit costs nothing, few enough that a crash loses seconds.
CHUNK = 1000


class LineRefused(CallcenterError):
    """A line that is not taken: where in it (a key path, a column, or None for the whole line) and why."""

    def __init__(self, column: str | None, code: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.code, self.reason = column, code, reason


class Refusal(msgspec.Struct, frozen=True):
    """A refused line of the report."""

    line: int
    column: str | None
    code: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason} ({self.code})"


class Report(msgspec.Struct):
    """What an import came to. With `dry_run`, `loaded` is what would have been loaded and nothing was created."""

    dry_run: bool = False
    loaded: dict[str, int] = {}
    already_there: int = 0
    created: dict[str, int] = {}
    refused: list[Refusal] = []

    def refuse(self, line: int, why: LineRefused) -> None:
        """The line is on the list of the refused."""
        self.refused.append(Refusal(line, why.column, why.code, why.reason))

    def count(self, what: str, number: int) -> None:
        """So many more were loaded."""
        self.loaded[what] = self.loaded.get(what, 0) + number

    def made(self, what: str, number: int) -> None:
        """So many more came into being because a line named them."""
        self.created[what] = self.created.get(what, 0) + number

    def summary(self) -> str:
        """One line for people."""
        done = ", ".join(f"{number} {what}" for what, number in self.loaded.items()) or "nothing"
        verb = "would load" if self.dry_run else "loaded"
        parts = [f"{verb} {done}", f"{self.already_there} already there", f"{len(self.refused)} refused"]
        if not self.dry_run:
            parts.append("created " + ", ".join(f"{self.created.get(w, 0)} {w}" for w in self.created))
        return "; ".join(parts)


class Refs:
    """The refs of one file and the line each was first seen on."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def take(self, ref: str, line: int, column: str) -> None:
        """The ref is this line's; LineRefused where an earlier line has it."""
        first = self._lines.setdefault(ref, line)
        if first != line:
            raise LineRefused(column, "ref_twice", f"line {first} of this file has the ref {ref!r} already")

    def __contains__(self, ref: str) -> bool:
        return ref in self._lines


def numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1, blank ones left out, a byte order mark at the beginning too."""
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield number, text


def chunked(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    chunk: list[T] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


_AT = re.compile(r" - at `\$\.?(.*)`$")
_BYTE = re.compile(r" \(byte (\d+)\)$")
_KEY = re.compile(r"field `(.*)`$")


def decoded(decode: Any, line: bytes) -> Any:
    """The line as `decode` reads it; LineRefused names the key path, or the column where it is not JSON."""
    try:
        return decode(line)
    except msgspec.ValidationError as error:
        raise misfit(error) from error
    except msgspec.DecodeError as error:
        said = str(error)
        byte = _BYTE.search(said)
        column = f"column {int(byte[1]) + 1}" if byte else None
        raise LineRefused(column, "not_json", _BYTE.sub("", said)) from error
    except (RecursionError, UnicodeDecodeError) as error:
        raise LineRefused(None, "not_json", str(error)) from error


def misfit(error: msgspec.ValidationError) -> LineRefused:
    """The refusal of a value of the wrong shape, with the path of its key."""
    said = str(error)
    at = _AT.search(said)
    reason = _AT.sub("", said)
    key = _KEY.search(reason)
    path = ".".join(part for part in (at[1] if at else "", key[1] if key else "") if part)
    return LineRefused(path or None, "bad_value", reason)


_PHONE = re.compile(r"[+\d][\d\s()./-]*")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")


class Parties:
    """The queues, agents and callers that lines name; those not known yet are created once and counted."""

    def __init__(self, region: str, report: Report, now: datetime) -> None:
        self._region = region
        self._report = report
        self._now = now
        self._queues: dict[str, int] = {}
        self._agents: set[str] = set()
        self._contacts: dict[tuple[int | None, str], int | None] = {}
        for what in ("queues", "agents", "callers"):
            report.made(what, 0)

    def phone(self, caller: str) -> str | None:
        """The caller in E.164 where the text is a telephone number and nothing else."""
        return e164(caller, self._region) if _PHONE.fullmatch(caller) else None

    async def queues(self, conn: Connection, names: Iterable[str | None]) -> dict[str, int]:
        """Ids of all queues met so far, these among them."""
        new = {name for name in names if name is not None} - self._queues.keys()
        if new:
            ids, created = await bulk.ensure_queues(conn, sorted(new), self._now)
            self._queues |= ids
            self._report.made("queues", created)
        return self._queues

    async def agents(self, conn: Connection, names: Iterable[str | None]) -> None:
        """Each of these is a person of the service, without a password until somebody sets one."""
        new = sorted({name for name in names if name is not None} - self._agents)
        if new:
            self._report.made("agents", await bulk.ensure_agents(conn, [(_login(n), n) for n in new], self._now))
            self._agents |= set(new)

    async def contacts(
        self, conn: Connection, callers: Iterable[tuple[int | None, str]]
    ) -> dict[tuple[int | None, str], int | None]:
        """Contacts of callers met so far by (account, text); None where several share the telephone number."""
        new = [key for key in dict.fromkeys(callers) if key not in self._contacts]
        if new:
            wanted = [(account, text, self.phone(text)) for account, text in new]
            found, created = await bulk.ensure_contacts(conn, wanted, self._now)
            self._contacts |= dict(zip(new, found, strict=True))
            self._report.made("callers", created)
        return self._contacts


def _login(name: str) -> str:
    """The name where it can be signed in with, else one made from it, the same each time."""
    return name if _LOGIN.fullmatch(name) else f"agent-{sha256(name.encode()).hexdigest()[:8]}"
