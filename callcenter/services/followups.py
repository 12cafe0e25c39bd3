"""The call after the repair, by somebody who did not do it, and calling back who could not get through."""

from datetime import datetime, timedelta

import msgspec

from callcenter.errors import Forbidden, Invalid, NotFound
from callcenter.rights import may
from callcenter.services import calls, casework, timeline
from callcenter.services import tickets as ticket_service
from callcenter.services.context import Context
from callcenter.services.phones import masked
from callcenter.services.timeline import Recorded
from callcenter.services.types import Actor
from callcenter.services.zones import zone_of
from callcenter.store import agenda as store
from callcenter.store import tickets
from callcenter.store.types import Connection
from sla.timeline import Timeline

# Our own figures, where the contract has none.
ASK_WITHIN, LOOK_BACK = timedelta(days=1), timedelta(days=14)
SOON = timedelta(hours=2)
CALL_BACK_WITHIN, MISSED_FOR = timedelta(minutes=30), timedelta(days=2)
# A contract cannot say yet how its customers count; this is the widest scale of those we know.
SCALE = range(1, 11)
_MOST = 100


class ToAsk(msgspec.Struct, kw_only=True):
    """A repaired fault whose customer has not been asked yet; `own`: the person asking did the job."""

    ticket: int
    version: int
    entries: int
    title: str
    customer: str | None
    contract: str | None
    zone: str
    owner: str | None
    owner_name: str | None
    resolved_at: datetime
    due_at: datetime
    tries: int
    own: bool


class Missed(msgspec.Struct, kw_only=True):
    """A call nobody answered."""

    call: int
    caller: str
    contact: str | None
    customer: str | None
    queue: str | None
    outcome: str
    received_at: datetime
    due_at: datetime


async def to_ask(conn: Connection, context: Context, actor: Actor, now: datetime) -> list[ToAsk]:
    """Tickets to be followed up, those first that are due first."""
    rows = await store.resolved(conn, now - LOOK_BACK, now, _MOST)
    numbers = [row["number"] for row in rows]
    loaded, faces = await tickets.load_many(conn, context.terms, numbers), await store.faces(conn, numbers)
    found = []
    for row in rows:
        one, face = loaded[row["number"]], faces[row["number"]]
        found.append(ToAsk(
            ticket=row["number"], version=face["version"], entries=face["entries"], title=face["title"],
            customer=face["customer"], contract=face["contract"],
            zone=zone_of(one.terms, context.settings.default_region), owner=face["assignee"], owner_name=face["owner"],
            resolved_at=row["resolved_at"], due_at=row["ask_again_at"] or row["resolved_at"] + ASK_WITHIN,
            tries=row["tries"], own=actor.name in workers(timeline.standing(one, now)),
        ))  # fmt: skip
    return sorted(found, key=lambda one: one.due_at)


_DONE_BY = frozenset(("accepted", "diagnosed", "departed", "arrived", "visited", "replaced", "restored", "resolved"))


def workers(standing: Timeline) -> set[str]:
    """Who did the job: who had it, who went there, who said it was done."""
    found: set[str] = set()
    for entry in standing.entries:
        if entry.type in ("assigned", "dispatched"):
            found |= {entry.data.get("to") or "", entry.data.get("who") or ""}
        elif entry.type in _DONE_BY:
            found |= {entry.by or "", entry.data.get("to") or "", entry.data.get("who") or ""}
    return found - {""}


class Answer(msgspec.Struct, kw_only=True):
    """What the customer said; `reached` False: nobody could be asked, `again_at` when to try next."""

    reached: bool
    solved: bool | None = None
    score: int | None = None
    text: str | None = None
    again_at: datetime | None = None


async def follow_up(
    conn: Connection, context: Context, number: int, answer: Answer, actor: Actor, seen: casework.Seen
) -> Recorded:
    """The answer is on the timeline; not solved reopens the ticket. Forbidden to who did the job."""
    async with conn.transaction():
        loaded = await ticket_service.found(conn, context, number, actor, lock=True)
        if actor.name in workers(timeline.standing(loaded, context.now())):
            raise Forbidden("whoever did the job does not ask how it was")
        entry = _entry(answer)
        recorded = await casework.record(conn, context, number, [entry], actor, seen)
        if answer.again_at is not None:
            await store.ask_again(conn, number, answer.again_at, actor.name, context.now())
        else:
            await store.asked(conn, number)
        return recorded


def _entry(answer: Answer) -> dict[str, object]:
    if answer.score is not None and answer.score not in SCALE:
        raise Invalid.field("/score", "out_of_range", f"the score is {SCALE.start} to {SCALE.stop - 1}")
    text = {"text": answer.text} if answer.text else {}
    if not answer.reached and answer.again_at is not None:  # `followed_up` would end the time limit for asking
        return {"type": "noted", "to": "follow_up", "text": answer.text or "not reached"}
    given = {"solved": answer.solved, "score": answer.score}
    return {
        "type": "followed_up",
        "reached": answer.reached,
        **{k: v for k, v in given.items() if v is not None},
        **text,
    }


async def missed_calls(conn: Connection, actor: Actor, now: datetime) -> list[Missed]:
    """Calls nobody answered and nobody has called back, the oldest first, each number once."""
    rows = await store.missed(conn, now - MISSED_FOR, now, _MOST)
    seen: set[str] = set()
    found = []
    for row in rows:
        if row["caller"] not in seen:
            seen.add(row["caller"])
            shown = row["caller"] if may(actor.role, "phones.read") else masked(row["caller"])
            found.append(Missed(
                call=row["id"], caller=shown or "", contact=row["contact"], customer=row["customer"],
                queue=row["queue"], outcome=row["outcome"], received_at=row["received_at"],
                due_at=row["received_at"] + CALL_BACK_WITHIN,
            ))  # fmt: skip
    return found[::-1]


async def call_back(conn: Connection, context: Context, call: int, actor: Actor, now: datetime) -> calls.Logged:
    """An outgoing call to the number is logged, which takes it off the list; NotFound where no such call came in."""
    row = await store.missed_call(conn, call)
    if row is None or row["caller"] is None:
        raise NotFound(f"no call {call} to call back")
    command = calls.LogCall(called=row["caller"], direction="out", outcome="callback", agent=actor.login)
    return await calls.log_call(conn, context, command, actor, now)
