"""Deliveries and channels as the outside sees them: the log, trying again, testing, and acknowledging by link."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alerts import link
from alerts.channels import Setup, send_test
from alerts.message import Recipient
from alerts.pace import MINUTE, Circuit, circuit
from alerts.reasons import SendFailed
from callcenter.errors import Conflict, NotFound
from callcenter.now import Now
from callcenter.services import alerts as alert_service
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.store import alerts as alert_store
from callcenter.store import deliveries as store
from callcenter.store import resources
from callcenter.store.types import Connection, Row

_KEY = "acknowledge"


class DeliveryLogged(msgspec.Struct, kw_only=True):
    """One message on one channel; `id` is the message's id however often it is sent."""

    id: UUID
    alert: int
    ticket: int
    channel: str
    channel_kind: str
    event: str
    state: str
    attempts: int
    recipients: list[str]
    reason: str | None
    detail: str | None
    created_at: datetime
    next_try_at: datetime | None
    sent_at: datetime | None
    resent: int
    resent_at: datetime | None


class ChannelState(msgspec.Struct, kw_only=True):
    """How a channel fares.

    `open` and `half_open`: it did not answer, one message tries at `retry_at`. `held`: it asked for peace until then.
    """

    state: Circuit
    failures: int
    since: datetime | None
    retry_at: datetime | None
    reason: str | None
    per_minute: int | None
    taken_in_a_minute: int


class Tested(msgspec.Struct, kw_only=True):
    """What came of a test message; `reason` is of the closed list."""

    ok: bool
    reason: str | None = None
    detail: str | None = None


def _logged(row: Row) -> DeliveryLogged:
    return DeliveryLogged(**{name: row[name] for name in DeliveryLogged.__struct_fields__})


async def log(conn: Connection, filters: dict[str, Any], limit: int) -> list[tuple[int, DeliveryLogged]]:
    """Deliveries that pass the filters, newest first, each with its place in the list."""
    return [(row["seq"], _logged(row)) for row in await store.log(conn, filters, limit)]


async def get(conn: Connection, delivery: UUID) -> DeliveryLogged:
    """One delivery; NotFound where there is none."""
    rows = await store.log(conn, {"id": delivery}, 1)
    if not rows:
        raise NotFound(f"no delivery {delivery}")
    return _logged(rows[0])


async def retry(conn: Connection, delivery: UUID, now: datetime) -> DeliveryLogged:
    """The delivery is tried at once, with as many attempts as a new one; Conflict where it is not dead or waiting."""
    async with conn.transaction():
        found = await get(conn, delivery)
        if not await store.retry(conn, delivery, now):
            raise Conflict(f"it is {found.state}: what is dead or waits to be tried again can be retried")
        await alert_store.announce(conn, [now], now)
        return await get(conn, delivery)


async def channel_state(conn: Connection, channel: int, now: datetime) -> ChannelState:
    """How the channel fares; NotFound where there is none."""
    found = await store.pace_of(conn, channel)
    if found is None:
        raise NotFound(f"no record {channel} among channels")
    pace, limits = found
    state = circuit(pace, now)
    return ChannelState(
        state=state,
        failures=pace.failures,
        since=pace.opened_at,
        retry_at={"closed": None, "held": pace.held_until}.get(state, pace.probe_at),
        reason=pace.reason,
        per_minute=limits.per_minute,
        taken_in_a_minute=sum(at > now - MINUTE for at in pace.leased_at),
    )


async def test_channel(conn: Connection, context: Context, channel: int, actor: Actor) -> Tested:
    """A made-up warning to the actor has gone out on the channel, or why it has not."""
    row = await resources.get(conn, "channels", channel)
    if row is None:
        raise NotFound(f"no record {channel} among channels")
    person = await store.person(conn, actor.login) if actor.login else None
    to = (
        Recipient(person["login"], person["name"], person["email"], person["phone"])
        if person
        else Recipient(actor.name)
    )
    settings = context.settings
    try:
        await send_test(row["kind"], row["config"], Setup(context.now, settings.base_url, settings.journal), to)
    except SendFailed as failure:
        return Tested(ok=False, reason=failure.reason.value, detail=failure.detail)
    return Tested(ok=True)


class Linked(msgspec.Struct, kw_only=True):
    """What a link is about, and how the alert stands; `others` left in the same message and wait as well."""

    alert: alert_service.AlertShown
    others: int
    actor: Actor
    locale: str


async def linked(conn: Connection, token: str, now: datetime) -> Linked:
    """What the link is about; raises link.BadLink, and NotFound where person or alert are no more."""
    claim = link.read(await store.secret(conn, _KEY), token, now)
    person = await store.person(conn, claim.login)
    if person is None:
        raise NotFound(f"nobody signs in as {claim.login}")
    actor = Actor(person["login"], person["role"], 0, person["login"], person["partner"])
    shown = await alert_service.get(conn, claim.alert, actor)
    others = len(await store.company_of(conn, claim.alert))
    return Linked(alert=shown, others=others, actor=actor, locale=person["locale"])


async def acknowledge_by_link(conn: Connection, context: Context, token: str) -> Linked:
    """The alerts its message named are acknowledged by the person the link names; the same exceptions as `linked`."""
    found = await linked(conn, token, context.now())
    await alert_service.acknowledge(conn, context, found.alert.id, found.actor, by_link=True)
    for alert in await store.company_of(conn, found.alert.id):
        with suppress(NotFound):  # an outside engineer acknowledges what is theirs
            await alert_service.acknowledge(conn, context, alert, found.actor, by_link=True)
    return await linked(conn, token, context.now())


async def link_path(conn: Connection, now: Now) -> Callable[[int, str], str]:
    """Makes the path of a link for an alert and a login, good from the moment it is made."""
    key = await store.secret(conn, _KEY)
    return lambda alert, login: link.path(key, alert, login, now())
