"""Attachments of a ticket: photos, faxes, signed reports."""

import hashlib
from datetime import datetime

import msgspec

from callcenter.errors import Invalid, NotFound
from callcenter.services import tickets as ticket_service
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.store import files
from callcenter.store.types import Connection, Row


class FileShown(msgspec.Struct, kw_only=True):
    """An attachment, without its content."""

    id: int
    ticket: int
    name: str
    media_type: str
    size: int
    sha256: str
    by: str
    created_at: datetime


class Files(msgspec.Struct, kw_only=True):
    """The attachments of a ticket."""

    items: list[FileShown]


class Content(msgspec.Struct, kw_only=True):
    """An attachment's bytes and what they are."""

    name: str
    media_type: str
    content: bytes


async def add(
    conn: Connection,
    context: Context,
    number: int,
    name: str,
    media_type: str,
    content: bytes,
    actor: Actor,
    now: datetime,
) -> FileShown:
    """The attachment is stored with the ticket."""
    await ticket_service.found(conn, context, number, actor)
    if not content:
        raise Invalid.field("/file", "empty", "the file is empty")
    digest = hashlib.sha256(content).digest()
    row = await files.add(conn, number, name, media_type, content, digest, actor.name, now)
    return _shown(row)


async def listing(conn: Connection, context: Context, number: int, actor: Actor) -> Files:
    """The attachments of a ticket."""
    await ticket_service.found(conn, context, number, actor)
    return Files(items=[_shown(row) for row in await files.of_ticket(conn, number)])


async def content(conn: Connection, context: Context, number: int, file: int, actor: Actor) -> Content:
    """One attachment; NotFound where the ticket has no such file."""
    await ticket_service.found(conn, context, number, actor)
    row = await files.get(conn, number, file)
    if row is None:
        raise NotFound(f"ticket {number} has no file {file}")
    return Content(name=row["name"], media_type=row["media_type"], content=row["content"])


def _shown(row: Row) -> FileShown:
    names = [name for name in FileShown.__struct_fields__ if name != "sha256"]
    return FileShown(sha256=row["sha256"].hex(), **{name: row[name] for name in names})
