"""The outbox: deliveries are written beside the alert they tell of, leased, sent with no transaction open, recorded."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from alerts import pace
from alerts.channels import ACKNOWLEDGED, FORGETFUL, LIMITED, limits
from alerts.message import Mention, Message, Recipient, next_rung
from alerts.pace import Limits, Pace
from alerts.ports import Delivery
from alerts.reasons import Reason
from alerts.telling import Fired, Told
from callcenter.store import queries, telling
from callcenter.store.contracts import Terms
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)
_DETAIL = 500
# How many alerts one message carries at most, and how many of them it names.
_GATHERED, _LISTED = 5000, 50


async def enqueue(conn: Connection, fired: Sequence[tuple[Fired, Told]], ended: Sequence[int], now: datetime) -> None:
    """New alerts have deliveries on every channel that serves them; ended ones are cancelled or told to be over."""
    if fired:
        await telling.tell(conn, fired, now)
    if ended:
        await _sql.cancel_gathered(conn, alerts=ended)
        await _sql.cancel(conn, alerts=ended)
        await _sql.release(conn, ids=[], alerts=ended)
        await _sql.tell_end(conn, alerts=ended, now=now)
        await telling.spare(conn, ended, now)


async def tell_acknowledged(conn: Connection, alert: int, now: datetime) -> None:
    """Receivers that keep a matter of their own are told that somebody has it."""
    await _sql.tell_acknowledged(conn, alert=alert, kinds=ACKNOWLEDGED, now=now)


async def of_alert(conn: Connection, alert: int) -> list[Row]:
    """The deliveries of an alert, oldest first."""
    return [row async for row in _sql.of_alert(conn, alert=alert)]


async def of_alerts(conn: Connection, alerts: Sequence[int]) -> dict[int, list[Row]]:
    """The deliveries of several alerts, oldest first, by alert."""
    found: dict[int, list[Row]] = {}
    async for row in _sql.of_alerts(conn, alerts=list(alerts)):
        found.setdefault(row["alert"], []).append(row)
    return found


async def depth(conn: Connection) -> tuple[int, datetime | None]:
    """How many deliveries wait or are under way, and since when the oldest has."""
    row = await _sql.depth(conn)
    return row["depth"], row["oldest"]


class DatabaseOutbox:
    """The outbox as `alerts.dispatcher` takes from it; every call is a short transaction of its own."""

    def __init__(self, pool: asyncpg.Pool, terms: Terms) -> None:
        self._pool = pool
        self._terms = terms

    async def channels(self) -> Sequence[int]:
        """Ids of all channels, those switched off too."""
        async with self._pool.acquire() as conn:
            return [row["id"] async for row in _sql.channels(conn)]

    async def lease(self, room: Mapping[int, int], by: str, now: datetime, until: datetime) -> Sequence[Delivery]:
        """Marks up to `room[channel]` ready deliveries of each channel as sending, expired leases among them.

        Never more than the channel's pace allows, counted over all workers.
        """
        async with self._pool.acquire() as conn, conn.transaction():
            gated = [row async for row in _sql.gated(conn, channels=list(room), limited=LIMITED, now=now)]
            paces = await _paces(conn, [row for row in gated if row["ready"]])
            idle = {row["id"] for row in gated if not row["ready"]}
            free = {channel: slots for channel, slots in room.items() if channel not in idle}
            allowed = {channel: slots for channel, slots in _allowed(free, paces, now).items() if slots > 0}
            if not allowed:
                return []
            rows = _sql.lease(conn, channels=list(allowed), slots=list(allowed.values()), by=by, now=now, until=until)
            taken = await _in_company(conn, [row async for row in rows])
            if not taken:
                return []
            for channel, (kept, _) in paces.items():
                mine = [row["id"] for row in taken if row["channel"] == channel]
                if mine:
                    await _save(conn, channel, pace.taken(kept, mine, now, until))
            return await self._deliveries(conn, [row["id"] for row in taken])

    async def resend(self, busy: Iterable[int], now: datetime) -> Sequence[Delivery]:
        """What is due to be told again to receivers that forget, each due again in a minute; `busy` ones left out."""
        async with self._pool.acquire() as conn:
            rows = _sql.resend(conn, busy=list(busy), now=now)
            ids = [row["id"] async for row in rows if row["goes_on"]]
            return await self._deliveries(conn, ids) if ids else []

    async def sent(self, deliveries: Iterable[UUID], by: str, now: datetime) -> None:
        """Records success of deliveries this process holds, and that their channels answer."""
        async with self._pool.acquire() as conn:
            await _sql.sent(conn, ids=list(deliveries), by=by, now=now, forgetful=FORGETFUL)

    async def failed(
        self, delivery: Delivery, by: str, reason: Reason, detail: str, now: datetime, next_try_at: datetime | None
    ) -> None:
        """Records how this try failed: to be tried again at the instant, or dead when None; the channel's pace knows.

        A try that another has followed, as its lease was over, changes nothing any more.
        """
        tried = {"id": delivery.id, "by": by, "attempt": delivery.attempts}
        clean = detail.replace("\x00", "")[:_DETAIL]
        async with self._pool.acquire() as conn, conn.transaction():
            if not await _sql.failed(conn, **tried, reason=reason.value, detail=clean, next_try_at=next_try_at):
                return
            # where its alert was withdrawn meanwhile, whatever went with it goes on without
            await _sql.release(conn, ids=[delivery.id], alerts=[])
            before = (await _locked(conn, [delivery.channel]))[delivery.channel]
            after = pace.failed(before, delivery.id, reason, now, next_try_at)
            if after != before:
                await _save(conn, delivery.channel, after)

    async def give_back(self, deliveries: Iterable[UUID], by: str, now: datetime) -> None:
        """Makes leased deliveries ready at once; the attempt is not counted."""
        async with self._pool.acquire() as conn:
            await _sql.give_back(conn, ids=list(deliveries), by=by, now=now)

    async def depth(self) -> tuple[int, datetime | None]:
        """How many deliveries wait or are under way, and since when the oldest has."""
        async with self._pool.acquire() as conn:
            return await depth(conn)

    async def _deliveries(self, conn: Connection, ids: list[UUID]) -> list[Delivery]:
        rows = [row async for row in _sql.facts(conn, ids=ids)]
        company: dict[UUID, Row] = {}
        if carriers := [row["id"] for row in rows if row["batch"]]:
            company = {row["carrier"]: row async for row in _sql.company(conn, ids=carriers, most=_LISTED)}
        return [await self._delivery(conn, row, company.get(row["id"])) for row in rows]

    async def _delivery(self, conn: Connection, row: Row, company: Row | None) -> Delivery:
        return Delivery(
            id=row["id"],
            channel=row["channel"],
            kind=row["channel_kind"],
            config=row["config"],
            channel_active=row["active"],
            attempts=row["attempts"],
            traceparent=row["traceparent"],
            message=Message(
                id=row["id"],
                next_rung=await self._next_rung(conn, row),
                told=tuple(row["told"]),
                recipients=tuple(Recipient(**person) for person in row["people"]),
                because=row["settled_because"],
                timezone=row["timezone"] or "UTC",
                nobody_for=tuple(row["nobody_for"]),
                silent=tuple(row["silent"]) if row["silent"] else None,
                others=company["n"] if company else 0,
                listed=tuple(msgspec.convert(company["listed"], list[Mention])) if company else (),
                **{name: row[name] for name in _PLAIN},
            ),
        )

    async def _next_rung(self, conn: Connection, row: Row) -> str | None:
        try:
            terms = await self._terms.of(conn, row["contract_version"]) if row["contract_version"] else None
        except ValueError:  # terms that cannot be read any more must not hold up the alert
            return None
        return next_rung(terms, row["step"]) if terms else None


_PLAIN = (
    "event", "kind", "alert", "ticket", "title", "customer", "contract", "commitment", "cycle", "clause", "severity",
    "promised", "due_at", "fires_at", "recorded_at", "stopped_at", "repeat", "clock", "step", "ended_at", "standing",
    "acknowledged_by",
)  # fmt: skip


async def _in_company(conn: Connection, rows: list[Row]) -> list[Row]:
    """Those of the leased rows that are to be sent, each with everything that leaves in the same message."""
    if dropped := [row["id"] for row in rows if row["state"] != "sending" and row["batch"]]:
        await _sql.release(conn, ids=dropped, alerts=[])
    taken = [row for row in rows if row["state"] == "sending"]
    if batched := [row["id"] for row in taken if row["batch"]]:
        carried = {row["id"] async for row in _sql.gather(conn, ids=batched, most=_GATHERED)}
        taken = [row for row in taken if row["id"] not in carried]
    return taken


def _allowed(room: Mapping[int, int], paces: Mapping[int, tuple[Pace, Limits]], now: datetime) -> dict[int, int]:
    return {
        channel: pace.allowance(*paces[channel], now, slots) if channel in paces else slots
        for channel, slots in room.items()
    }


def _limits(kind: str, per_minute: object) -> Limits:
    """What the other side of the kind takes, or less where the channel's settings say so."""
    usual, per_second = limits(kind)
    if isinstance(per_minute, int) and per_minute > 0:
        usual = per_minute
    return Limits(usual, per_second)


async def _paces(conn: Connection, gated: Sequence[Row]) -> dict[int, tuple[Pace, Limits]]:
    """The pace and limits of the channels, locked until the transaction ends."""
    if not gated:
        return {}
    states = await _locked(conn, [row["id"] for row in gated])
    return {row["id"]: (states[row["id"]], _limits(row["kind"], row["per_minute"])) for row in gated}


async def _locked(conn: Connection, channels: list[int]) -> dict[int, Pace]:
    await _sql.begin_states(conn, channels=channels)
    return {row["channel"]: _pace(row) async for row in _sql.lock_states(conn, channels=channels)}


def _pace(row: Row) -> Pace:
    return Pace(**{name: row[name] for name in Pace.__struct_fields__})


async def _save(conn: Connection, channel: int, kept: Pace) -> None:
    await _sql.save_state(conn, channel=channel, **{name: getattr(kept, name) for name in Pace.__struct_fields__})


async def pace_of(conn: Connection, channel: int) -> tuple[Pace, Limits] | None:
    """How a channel fares and what it may be given; None where there is no such channel."""
    row = await _sql.state(conn, channel=channel)
    if row is None:
        return None
    kept = _pace(row) if row["channel"] is not None else Pace()
    return kept, _limits(row["kind"], row["config"].get("per_minute"))


async def retry(conn: Connection, delivery: UUID, now: datetime) -> bool:
    """The delivery is ready now as if it had never been tried; False where it is neither dead nor waiting."""
    return await _sql.retry(conn, id=delivery, now=now) is not None


async def secret(conn: Connection, name: str) -> bytes:
    """A key the service has made for itself."""
    found: bytes = await _sql.secret(conn, name=name)
    return found


async def company_of(conn: Connection, alert: int) -> list[int]:
    """Other alerts that a message about this one named and nobody has acknowledged."""
    return [row["id"] async for row in _sql.company_of(conn, alert=alert, most=_LISTED)]


async def person(conn: Connection, login: str) -> Row | None:
    """An active person messages may be meant for, or None."""
    return await _sql.person(conn, login=login)


_LOGGED = """
    select d.seq, d.id, d.alert, a.ticket, ch.name as channel, ch.kind as channel_kind, d.event, d.state, d.attempts,
        d.recipients, d.reason, d.detail, d.created_at, d.next_try_at, d.sent_at, d.resent, d.resent_at
    from deliveries d join channels ch on ch.id = d.channel join alerts a on a.id = d.alert"""
_FILTERS = {
    "id": "d.id = {}",
    "state": "d.state = {}",
    "channel": "ch.name = {}",
    "alert": "d.alert = {}",
    "before": "d.seq < {}",
}


async def log(conn: Connection, filters: Mapping[str, object], limit: int) -> list[Row]:
    """Deliveries that pass all filters, newest first; the keys are those of `_FILTERS`, `before` is the cursor."""
    conditions = [_FILTERS[name].format(f"${place}") for place, name in enumerate(filters, 1)]
    # the conditions are constants of this file; values travel as parameters
    text = f"{_LOGGED} where {' and '.join(conditions) or 'true'} order by d.seq desc limit {int(limit)}"
    return list(await conn.fetch(text, *filters.values()))
