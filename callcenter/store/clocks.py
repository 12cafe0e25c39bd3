"""Clock rows: the cache of what `sla.clock` says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from alerts.policy import Outcome, StoredClock
from callcenter.store import queries
from callcenter.store.types import Connection
from sla.clock import Clock

_sql = queries.load(__file__)

# columns that are an attribute of the clock of the same name
FACTS = (
    "commitment", "cycle", "owner", "state", "severity", "region", "promised", "promised_s", "calendar", "clause",
    "started_at", "due_at", "stopped_at", "breached_at", "used_s", "paused_s", "provisional",
)  # fmt: skip
_NOT_STORED = [name for name in Clock.__struct_fields__ if name not in FACTS]


def new_rows(outcomes: Sequence[Outcome], common: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a ticket that is being opened, as `tickets.log` takes them; what is due is due at once."""
    rows = []
    for one in outcomes:
        assert one.clock is not None, "a new ticket's clocks are there"
        row = msgspec.structs.asdict(one.clock)
        for name in _NOT_STORED:
            del row[name]
        rows.append({**row, **common, "wake_at": one.first_wake})
    return rows


async def judged_at(conn: Connection, ticket: int) -> datetime | None:
    """The latest instant at which a clock of the ticket was judged."""
    at: datetime | None = await _sql.judged_at(conn, ticket=ticket)
    return at


async def stored_clocks(conn: Connection, ticket: int) -> list[StoredClock]:
    """The ticket's clock rows as they were last judged."""
    rows = [row async for row in _sql.stored_of(conn, ticket=ticket)]
    return [StoredClock(**{name: row[name] for name in StoredClock.__struct_fields__}) for row in rows]
