"""Working on a ticket at a desk: entries made on what was seen, told apart when somebody was quicker, and undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from callcenter.errors import Conflict, Forbidden, Stale
from callcenter.services import tickets as ticket_service
from callcenter.services import timeline
from callcenter.services.context import Context
from callcenter.services.tickets import ChangeTicket, TicketShown
from callcenter.services.timeline import EntryShown, Recorded
from callcenter.services.types import Actor
from callcenter.store import tickets
from callcenter.store.types import Connection

# What people see counts ten seconds down; the way here takes some, too.
UNDO_WITHIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of a ticket somebody acts on: its version, and how many entries it had."""

    version: int
    entries: int


class Meanwhile(Stale):
    """Somebody was quicker: what they wrote `since`, `by` whom, how long ago, and how the ticket is `now_seen`."""

    def __init__(self, detail: str, since: list[EntryShown], by: str | None, ago_s: float, now_seen: Seen) -> None:
        super().__init__(detail)
        self.since = since
        self.by = by
        self.ago_s = ago_s
        self.now_seen = now_seen


async def record(
    conn: Connection, context: Context, number: int, entries: Sequence[dict[str, Any]], actor: Actor, seen: Seen
) -> Recorded:
    """The entries are on the timeline; Meanwhile where the ticket is not as it was seen."""
    async with conn.transaction():
        await _as_seen(conn, context, number, actor, seen)
        return await timeline.record(conn, context, number, list(entries), actor)


async def rewrite(
    conn: Connection, context: Context, number: int, title: str, description: str, actor: Actor, seen: Seen
) -> TicketShown:
    """Title and description are the new ones; what they were before stays on the timeline."""
    async with conn.transaction():
        loaded = await _as_seen(conn, context, number, actor, seen)
        row = loaded.row
        before = {name: row[name] or "" for name in ("title", "description")}
        if before == {"title": title, "description": description}:
            return ticket_service.shown(row)
        change = ChangeTicket(title=title, description=description or None)
        await ticket_service.change(conn, context, number, change, actor, seen.version, context.now())
        told = "\n".join(text for text in before.values() if text)
        entry = {"type": "noted", "to": "rewritten", "text": told}
        return (await timeline.record(conn, context, number, entry, actor)).ticket


async def undo(conn: Connection, context: Context, number: int, entries: Sequence[str], actor: Actor) -> Recorded:
    """The entries are void with the reason "undo"; only their author may, and only for some seconds."""
    async with conn.transaction():
        loaded = await ticket_service.found(conn, context, number, actor, lock=True)
        now = context.now()
        rows = {str(row["seq"]): row for row in await tickets.entries_of(conn, number)}
        for entry in entries:
            row = rows.get(entry)
            if row is None or row["by"] != actor.name:
                raise Forbidden("only who made an entry can undo it")
            if now - row["recorded_at"] > UNDO_WITHIN:
                raise Conflict("it is too late to undo this; correct it with a reason")
        voids = [{"type": "corrected", "entry": entry, "void": True, "reason": "undo"} for entry in reversed(entries)]
        assert loaded.entries
        return await timeline.record(conn, context, number, voids, actor)


async def _as_seen(conn: Connection, context: Context, number: int, actor: Actor, seen: Seen) -> tickets.Loaded:
    loaded = await ticket_service.found(conn, context, number, actor, lock=True)
    row = loaded.row
    if row["version"] == seen.version:
        return loaded
    rows = (await tickets.entries_of(conn, number))[seen.entries :]
    since = [timeline.entry_shown(one) for one in rows]
    at: datetime = rows[-1]["recorded_at"] if rows else row["updated_at"]
    by = rows[-1]["by"] if rows else None
    ago = max(0.0, (context.now() - at).total_seconds())
    raise Meanwhile(
        f"ticket {number} was changed {ago:.0f} s ago by {by or 'somebody'}", since, by, ago,
        Seen(row["version"], row["entries"]),
    )  # fmt: skip
