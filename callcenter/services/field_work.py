"""Working at the customer's: the jobs somebody has, and the customer's signature on the service report."""

import base64
import binascii
from datetime import datetime

from callcenter.errors import Invalid
from callcenter.services import casework, listing
from callcenter.services import files as file_service
from callcenter.services.casework import Seen
from callcenter.services.context import Context
from callcenter.services.listing import Listed, Wanted
from callcenter.services.timeline import Recorded
from callcenter.services.types import Actor
from callcenter.store.types import Connection

_MOST = 30
_PNG = b"\x89PNG\r\n\x1a\n"
SIGNATURE = "signature"


async def jobs(conn: Connection, context: Context, actor: Actor, now: datetime) -> list[Listed]:
    """The jobs of an engineer, or of the actor's whole partner firm, those due next first."""
    wanted = Wanted(state="jobs", mine=actor.role != "partner")
    found = await listing.tickets(conn, context, wanted, _MOST, actor, now)
    return sorted(found.items, key=lambda one: one.due_at.timestamp() if one.due_at else float("inf"))


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
