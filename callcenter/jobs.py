"""What is done by the calendar rather than by a deadline, once across all hosts."""

from datetime import UTC

import asyncpg
from apscheduler.triggers.cron import CronTrigger

from callcenter.alarm import CronJob
from callcenter.services import housekeeping


def cron_jobs(pool: asyncpg.Pool) -> list[CronJob]:
    """The jobs of a service on this database."""
    return [CronJob("housekeeping", CronTrigger(minute=17, timezone=UTC), lambda now: housekeeping.clean(pool, now))]
