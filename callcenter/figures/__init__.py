"""Figures about the database on the scrape page: the same whichever worker of whichever host is asked.

They are read when somebody asks. Where that takes long the page shows what was read last, by anybody, and reads anew
behind it: a scrape stays quick with a million tickets, and what a shared port shows never goes back.
"""

import asyncio
from time import perf_counter

import asyncpg
import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from callcenter.figures.families import render
from callcenter.figures.known import MOST_NAMES, Known, horizons, on_duty
from callcenter.services.context import Context
from callcenter.store import metrics as store
from callcenter.store.duty import Rosters
from callcenter.store.metrics import Figures, Names, severity_label
from callcenter.store.types import Connection

__all__ = ["DatabaseFigures", "Known", "on_duty", "render"]

log = structlog.get_logger("callcenter.figures")

# The rest of the page must not go down with the figures.
FAILED = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
ANSWER_WITHIN_S = 3.0
# Reading that counts fewer rows takes some 10 ms and is done while the scrape waits.
QUICK_ROWS = 30_000
# Reading takes a twentieth of the time at most, and what is older than this is not shown at all.
SHARE = 20
OLDEST_S = 300.0
USUAL_KINDS = ("complaint", "fault", "question", "request")


class DatabaseFigures:
    """Reads the figures for the page, or takes those another worker has just read."""

    def __init__(self, pool: asyncpg.Pool, context: Context) -> None:
        self._pool = pool
        self._context = context
        self._rosters = Rosters()
        self._reading: asyncio.Task[Figures | None] | None = None

    async def families(self) -> list[Metric]:
        """All metrics about the database; `callcenter_database_up` alone, at 0, where it does not answer."""
        up = GaugeMetricFamily("callcenter_database_up", "Whether the database answered this scrape.")
        families: list[Metric] = [up]
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S), self._pool.acquire(timeout=ANSWER_WITHIN_S) as conn:
                known, kept = await self._known(conn), await store.kept(conn)
            figures = await self._figures(known, kept)
            families += render(figures, known) if figures is not None else ()
            up.add_metric([], 1)
        except FAILED as error:
            log.warning("no_figures", error=repr(error))
            up.add_metric([], 0)
        return families

    async def close(self) -> None:
        """Nothing is read any more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _known(self, conn: Connection) -> Known:
        codes = self._context.settings.metrics_contracts
        listed = await store.listed(conn, codes.split(",") if codes else None)
        terms = []
        for row in listed:
            try:
                terms.append(await self._context.terms.of(conn, row["version"]))
            except ValueError as error:  # terms that cannot be read any more must not take the page down
                log.error("terms_not_read", contract=row["code"], error=repr(error))
        commitments = list(dict.fromkeys(one.name for contract in terms for one in contract.commitments))[:MOST_NAMES]
        kinds = {kind for contract in terms for one in contract.commitments for kind in one.kinds}
        usual = [*USUAL_KINDS, *sorted(kinds - set(USUAL_KINDS))][:MOST_NAMES]
        told = [(contract, one.name) for contract in terms for one in contract.commitments if one.name in commitments]
        return Known(
            names=Names([row["code"] for row in listed], commitments, usual),
            promised=list(dict.fromkeys((contract.code, name) for contract, name in told)),
            graded=list(
                dict.fromkeys((name, severity_label(one)) for contract, name in told for one in contract.severities)
            ),
            severities=sorted({severity_label(one) for contract in terms for one in contract.severities} | {"none"}),
            targets=[
                (contract.code, name, float(share))
                for contract in terms
                for name, share in contract.reporting.target.items()
                if name in commitments
            ],
            horizons=horizons(
                {code for contract in terms for one in contract.calendars.values() for code in one.codes}
            ),
        )

    async def _figures(self, known: Known, kept: store.Kept | None) -> Figures | None:
        """The figures to show; None where there are none yet and reading takes longer than a scrape may."""
        if kept is not None and kept.figures.rows < QUICK_ROWS:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._read(known)
        if kept is not None and kept.age_s <= min(kept.read_s * SHARE, OLDEST_S):
            return kept.figures
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_behind(known))
        if kept is not None and kept.age_s <= OLDEST_S:
            return kept.figures
        done, _ = await asyncio.wait({self._reading}, timeout=ANSWER_WITHIN_S)
        return self._reading.result() if done else None

    async def _read_behind(self, known: Known) -> Figures | None:
        try:
            return await self._read(known)
        except FAILED as error:
            log.warning("no_figures", error=repr(error))
            return None

    async def _read(self, known: Known) -> Figures:
        """Reads anew, one process at a time, for all to see."""
        asked = perf_counter()
        async with self._pool.acquire(timeout=ANSWER_WITHIN_S) as conn, conn.transaction():
            await store.lock(conn)
            kept = await store.kept(conn)
            if kept is not None and kept.age_s < perf_counter() - asked - kept.read_s:
                return kept.figures  # another began after we asked
            began, now = perf_counter(), self._context.now()
            figures = await store.read(conn, known.names, now, kept.figures if kept else None)
            figures.on_duty = on_duty(await self._rosters.current(conn, now), now)
            figures.read_s = perf_counter() - began
            await store.keep(conn, figures)
        return figures
