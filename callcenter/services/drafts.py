"""Drafts: what is typed outlives the page, the session and the service, and is nobody else's."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from callcenter.errors import Invalid
from callcenter.services.types import Actor
from callcenter.store import drafts
from callcenter.store.types import Connection

# Long enough for a fortnight's leave. A saved one only has to outlive the repeated sending of the form.
LASTS = timedelta(days=14)
_MOST_BYTES = 100_000


class Draft(msgspec.Struct, kw_only=True):
    """One tab of a form; `data` is the form's own."""

    id: UUID
    data: dict[str, Any]


async def keep(conn: Connection, draft: UUID, form: str, data: dict[str, Any], actor: Actor, now: datetime) -> bool:
    """The draft is kept; False where it was saved already or a newer state of it is there."""
    if len(msgspec.json.encode(data)) > _MOST_BYTES:
        raise Invalid("a draft of this size cannot be kept")
    return await drafts.keep(conn, draft, actor.login or actor.name, form, data, now)


async def listing(conn: Connection, form: str, actor: Actor) -> list[Draft]:
    """The person's own drafts of a form, oldest first."""
    rows = await drafts.of_login(conn, actor.login or actor.name, form)
    return [Draft(id=row["id"], data=row["data"]) for row in rows]


async def drop(conn: Connection, draft: UUID, actor: Actor) -> None:
    """The draft is thrown away."""
    await drafts.drop(conn, draft, actor.login or actor.name)


async def expire(conn: Connection, now: datetime) -> None:
    """Forgotten drafts are gone."""
    await drafts.expire(conn, now - LASTS)
