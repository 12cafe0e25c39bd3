"""What the telephone system tells: a call came, was answered, is over. In any order, and some of it twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
import phonenumbers
from msgspec import Meta

from callcenter.services.context import Context
from callcenter.services.phones import e164
from callcenter.services.types import Actor, Line
from callcenter.store import calls, cti, events, tickets
from callcenter.store.types import Connection, Row

_Number = Annotated[str, Meta(max_length=100, pattern="^[^\\x00]*$")]
# Whoever reports itself is asked to do so each minute; two that were lost say nothing yet.
REPORTS_WITHIN = timedelta(minutes=3)
# A ring nobody told the end of is not offered for ever.
_RINGS = timedelta(minutes=10)


class CtiEvent(
    msgspec.Struct, kw_only=True, rename={"from_": "from", "call_id": "callId", "answering": "answeringNumber"}
):
    """An event of the Zammad-compatible generic hook; further fields are let pass."""

    event: Literal["newCall", "answer", "hangup"]
    call_id: Annotated[str, Meta(min_length=1, max_length=250, pattern="^[^\\x00]*$")]
    direction: Literal["in", "out"] = "in"
    from_: _Number = ""
    to: _Number = ""
    user: list[Line] | Line = []
    queue: Line | None = None
    cause: Line | None = None
    answering: _Number | None = None

    @property
    def people(self) -> list[str]:
        """Who rings or has answered, as the telephone calls them."""
        named = [self.user] if isinstance(self.user, str) else list(self.user)
        return [*([self.answering] if self.answering else []), *named]


class CtiAnswer(msgspec.Struct):
    """The call as we know it."""

    call: int


# How a call ended that nobody answered, by what the telephone gives as the cause.
_OUTCOMES: Mapping[str, str] = {
    "busy": "busy",
    "noAnswer": "missed",
    "cancel": "abandoned",
    "normalClearing": "abandoned",
    "congestion": "failed",
    "notFound": "failed",
    "forwarded": "overflow",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A call after an event, and what others are told of it."""

    values: dict[str, Any]
    told: str | None


def moved(row: Row, fresh: bool, event: CtiEvent, agent: str | None, now: datetime) -> Moved:
    """The call as it stands after the event, whatever came before; what is known is never taken back."""
    answered, ended, told = row["answered_at"], row["ended_at"], None
    outcome, who = row["outcome"], row["agent"]
    if event.event == "newCall" and fresh:
        told = "ring" if event.direction == "in" else None
    if event.event == "answer":
        who = who or agent
        if answered is None:
            # told of too late, it was answered before it ended
            answered, told = min(now, ended) if ended else now, "answered"
            outcome = "answered"
    if event.event == "hangup" and ended is None:
        ended, told = now, "ended"
        outcome = "answered" if answered else _OUTCOMES.get(event.cause or "", "abandoned")
    values = {
        "answered_at": answered,
        "ended_at": ended,
        "outcome": outcome,
        "agent": who,
        "wait_s": (answered - row["received_at"]).total_seconds() if answered else None,
    }
    return Moved(values, told)


async def take(conn: Connection, context: Context, actor: Actor, event: CtiEvent, now: datetime) -> CtiAnswer:
    """The call is as the telephone says, and those who look are told."""
    await cti.heard(conn, actor.token, now)
    async with conn.transaction():
        row, fresh = await cti.ensure(conn, event.call_id, event.direction, now)
        logins = await cti.logins(conn, event.people) if event.people else []
        agent = next(iter(logins), None) or next(iter(event.people), None)
        step = moved(row, fresh, event, agent, now)
        await cti.follow(conn, row["id"], {**await _who(conn, context, row, event, now), **step.values}, now)
        if step.told:
            data = {"call": row["id"], "direction": event.direction, "to": logins}
            await events.add(conn, step.told, row["ticket"], data, now)
    return CtiAnswer(row["id"])


async def beat(conn: Connection, actor: Actor, now: datetime) -> None:
    """The telephone system has said that it is there: from now on its silence is a fault."""
    await cti.beat(conn, actor.token, now)


async def _who(conn: Connection, context: Context, row: Row, event: CtiEvent, now: datetime) -> dict[str, Any]:
    """Numbers, queue and contact: what is known stays, what is new is added."""
    outside, inside = (event.from_, event.to) if event.direction == "in" else (event.to, event.from_)
    raw = row["caller_raw"] or (outside if outside.lower() != "anonymous" else "") or None
    caller = row["caller"] or (_international(raw, context) if raw else None)
    queue = row["queue"] or (await calls.ensure_queue(conn, event.queue, now) if event.queue else None)
    contact = row["contact"] or (await tickets.resolve_caller(conn, phone=caller) if caller else None)
    return {
        "queue": queue,
        "contact": contact,
        "caller": caller,
        "caller_raw": raw,
        "called": row["called"] or inside or None,
        "direction": event.direction,
        "queued_at": row["queued_at"] or (row["received_at"] if queue else None),
    }


def _international(raw: str, context: Context) -> str:
    """The number in E.164; telephone systems often leave the plus away, so what is a number only with it has one."""
    region = context.settings.default_region
    if raw.isascii() and raw.isdigit() and not _valid(raw, region) and _valid(f"+{raw}", None):
        raw = f"+{raw}"
    return e164(raw, region) or raw


def _valid(text: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


async def ringing(conn: Connection, actor: Actor, now: datetime) -> list[int]:
    """Calls that ring now, or that the person answered and has not logged."""
    return await cti.ringing(conn, actor.login or actor.name, now - _RINGS)
