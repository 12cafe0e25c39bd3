"""A host's time held against the database's: all hosts that share a database agree on what is due."""

from datetime import datetime, timedelta

import asyncpg
import structlog

from callcenter.now import Now
from callcenter.store import cron

log = structlog.get_logger("callcenter.now")
SKEW_ALLOWED = timedelta(seconds=1)


class SteadyNow:
    """The host's time, corrected by the database's where the two disagree."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        return self._now() + self.offset

    async def compare(self, pool: asyncpg.Pool) -> timedelta:
        """By how much the database is ahead of the host; more than a second is said and made up for."""
        before = self._now()
        theirs = await cron.database_now(pool)
        skew = theirs - (before + (self._now() - before) / 2)
        off = skew if abs(skew) > SKEW_ALLOWED else timedelta(0)
        if bool(off) != bool(self.offset):
            log.warning("host_clock_off" if off else "host_clock_right", ahead_of_host_s=skew.total_seconds())
        self.offset = off
        return skew
