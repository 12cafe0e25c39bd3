"""Working at the customer's: the jobs somebody has, and the customer's signature on the service report."""

import base64
import binascii
from datetime import datetime

from callcenter.errors import Invalid
from callcenter.services import casework
from callcenter.services import files as file_service
from callcenter.services.case import Case, look
from callcenter.services.casework import Seen
from callcenter.services.context import Context
from callcenter.services.timeline import Recorded
from callcenter.services.types import Actor
from callcenter.store import agenda, visits
from callcenter.store.types import Connection

_MOST = 30
_PNG = b"\x89PNG\r\n\x1a\n"
SIGNATURE = "signature"


async def jobs(conn: Connection, context: Context, actor: Actor, now: datetime) -> list[Case]:
    """The jobs of an engineer, or of the actor's whole partner firm, those due next first."""
    logins = await agenda.of_partner(conn, actor.partner) if actor.role == "partner" else [actor.login or ""]
    numbers = await visits.jobs(conn, logins, _MOST)
    cases = [await look(conn, context, number, actor, now) for number in numbers]
    return sorted(cases, key=_next_due)


def _next_due(case: Case) -> tuple[bool, float]:
    due = [clock.due_at.timestamp() for clock in case.clocks if clock.due_at and not clock.stopped_at]
    return case.ticket.state in ("resolved",), min(due, default=float("inf"))


async def sign(
    conn: Connection, context: Context, number: int, drawing: str, who: str, actor: Actor, seen: Seen
) -> Recorded:
    """The drawing is with the ticket, and the timeline says who signed; Invalid where it is no picture."""
    if not who:
        raise Invalid.field("/who", "missing", "the name of who signs")
    picture = _picture(drawing)
    async with conn.transaction():
        recorded = await casework.record(conn, context, number, [{"type": "signed", "who": who}], actor, seen)
        name = f"{SIGNATURE}-{recorded.entries[0].id}.png"
        await file_service.add(conn, context, number, name, "image/png", picture, actor, context.now())
    return recorded


def _picture(drawing: str) -> bytes:
    head, _, body = drawing.partition(",")
    try:
        content = base64.b64decode(body, validate=True) if head == "data:image/png;base64" else b""
    except binascii.Error:
        content = b""
    if not content.startswith(_PNG) or len(content) > 500_000:
        raise Invalid.field("/drawing", "missing", "nobody has signed yet")
    return content
