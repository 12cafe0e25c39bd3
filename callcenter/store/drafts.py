"""What somebody was typing: one row a tab of a form, and what came of it once it was saved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)


async def keep(conn: Connection, draft: UUID, login: str, form: str, data: dict[str, Any], now: datetime) -> bool:
    """The draft holds this data; False where it was saved already, is newer, or belongs to somebody else."""
    return await _sql.keep(conn, id=draft, login=login, form=form, data=data, now=now) is not None


async def of_login(conn: Connection, login: str, form: str) -> list[Row]:
    """The person's drafts of a form, oldest first."""
    return [row async for row in _sql.of_login(conn, login=login, form=form)]


async def claim(conn: Connection, draft: UUID, login: str, form: str, now: datetime) -> Row | None:
    """Holds the draft until the transaction ends; gives its `saved`, or None where it is somebody else's."""
    return await _sql.claim(conn, id=draft, login=login, form=form, now=now)


async def finish(conn: Connection, draft: UUID, saved: dict[str, Any], now: datetime) -> None:
    """The draft was saved, and this came of it."""
    await _sql.finish(conn, id=draft, saved=saved, now=now)


async def drop(conn: Connection, draft: UUID, login: str) -> None:
    """The draft is gone."""
    await _sql.drop(conn, id=draft, login=login)


async def expire(conn: Connection, before: datetime) -> None:
    """Drafts nobody touched since are gone."""
    await _sql.expire(conn, before=before)
