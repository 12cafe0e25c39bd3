"""The journal: each message as a line of the log, and of a file where one is named."""

import asyncio
import os
from pathlib import Path

import msgspec
import structlog

from alerts.channels.setup import Setup
from alerts.message import Message, payload
from alerts.reasons import Reason, SendFailed
from alerts.words import Locale

_log = structlog.get_logger("callcenter.journal")


class JournalConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of a journal channel."""

    path: str | None = None
    locale: Locale = "en"


class Journal:
    """Writes JSON lines."""

    def __init__(self, config: JournalConfig, setup: Setup) -> None:
        self._locale: Locale = config.locale
        self._setup = setup
        self._path = Path(config.path) if config.path else setup.journal

    async def send(self, message: Message) -> None:
        """The message is in the log and on disk."""
        fields = payload(message, self._locale, self._setup.now(), self._setup.base_url)
        _log.info("alert", **fields)
        if self._path is not None:
            await self._append(msgspec.json.encode(fields) + b"\n")

    async def check(self) -> None:
        """The file can be appended to."""
        if self._path is not None:
            await self._append(b"")

    async def close(self) -> None:
        """Nothing is held open."""

    async def _append(self, line: bytes) -> None:
        assert self._path is not None
        try:
            await asyncio.to_thread(_append, self._path, line)
        except OSError as error:
            raise SendFailed(Reason.UNAVAILABLE, f"{self._path}: {error.strerror}") from error


def _append(path: Path, line: bytes) -> None:
    """One write in append mode, so that lines of several processes do not mix."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
