"""A host's time held against the database's: all hosts that share a database agree on what is due."""

from datetime import datetime, timedelta

import asyncpg
import structlog

from callcenter.now import Now
from callcenter.store import cron

log = structlog.get_logger("callcenter.now")
SKEW_ALLOWED = timedelta(seconds=1)
_TRIES = 3


class SteadyNow:
    """The host's time, corrected by the database's where the two disagree."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        return self._now() + self.offset

    async def compare(self, pool: asyncpg.Pool) -> timedelta:
        """By how much the database is ahead of the host; more than a second is said and made up for.

        An answer that took longer than a second leaves too much open: it is asked for again, and what was known stays.
        """
        skew = timedelta(0)
        for _ in range(_TRIES):
            before = self._now()
            theirs = await cron.database_now(pool)
            took = self._now() - before
            skew = theirs - (before + took / 2)
            if timedelta(0) <= took <= SKEW_ALLOWED:
                self._take(skew)
                return skew
        log.warning("host_clock_unknown", because="the database answers too slowly", tries=_TRIES)
        return skew

    def _take(self, skew: timedelta) -> None:
        off = skew if abs(skew) > SKEW_ALLOWED else timedelta(0)
        if bool(off) != bool(self.offset):
            log.warning("host_clock_off" if off else "host_clock_right", ahead_of_host_s=skew.total_seconds())
        self.offset = off
