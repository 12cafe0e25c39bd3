"""What is done by the calendar rather than by a deadline, once across all hosts."""

from datetime import UTC

import asyncpg
from apscheduler.triggers.cron import CronTrigger

from callcenter.alarm import CronJob
from callcenter.services import counting, housekeeping, mails, monthly
from callcenter.services.context import Context


def cron_jobs(pool: asyncpg.Pool, context: Context) -> list[CronJob]:
    """The jobs of a service on this database."""
    return [
        CronJob("housekeeping", CronTrigger(minute=17, timezone=UTC), lambda now: housekeeping.clean(pool, now)),
        CronJob("days", CronTrigger(minute=27, timezone=UTC), lambda now: counting.count_ended(pool, context, now)),
        # asked often: a first working day begins at an hour of its own, and a start makes up for what was missed
        CronJob(
            "month reports",
            CronTrigger(minute="7-59/10", timezone=UTC),
            lambda now: monthly.make_due(pool, context, now),
        ),
        CronJob("mails", CronTrigger(second="*/10", timezone=UTC), lambda now: mails.send_due(pool, context, now)),
    ]
