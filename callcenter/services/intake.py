"""What machines report: one fault is one ticket however often it is told, and its end restores it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from callcenter.errors import Invalid
from callcenter.services import tickets as ticket_service
from callcenter.services import timeline
from callcenter.services.clocks import ClockShown, derive
from callcenter.services.context import Context
from callcenter.services.new_ticket import Opened, OpenTicket, open_without_call
from callcenter.services.opening import Fault
from callcenter.services.tickets import TicketShown
from callcenter.services.types import Actor, Line, Text, When, past
from callcenter.store import intake as store
from callcenter.store.types import Connection, Row

Done = Literal["opened", "reopened", "restored", "known", "ignored"]
# Alerts that the service itself has sent to an Alertmanager must not come back as tickets.
OURS = frozenset({"CallcenterDueSoon", "CallcenterOverdue", "CallcenterStillOverdue", "CallcenterAlertingWorks"})
# A fault that began longer ago counts from when we heard of it: an old alert is not an old report.
_HEARD_WITHIN = timedelta(hours=1)
_OVER = ("closed", "cancelled")
_WELL = ("restored", "resolved")
_FACT = "fact_"

_Labels = dict[str, Annotated[str, Meta(max_length=20_000)]]


class AlertGiven(msgspec.Struct, kw_only=True, rename="camel"):
    """One alert of a webhook. Labels `contract`, `region`, `phase`, `category`, `serial` and `fact_...` are heeded."""

    status: Literal["firing", "resolved"]
    labels: _Labels
    annotations: _Labels = field(default_factory=dict)
    starts_at: When
    ends_at: When | None = None
    generator_url: Annotated[str, Meta(max_length=20_000)] = field(default="", name="generatorURL")
    fingerprint: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[0-9a-zA-Z]+$")]


class Webhook(msgspec.Struct, kw_only=True):
    """What Alertmanager posts, format 4; what else it holds is not read."""

    version: Literal["4"]
    alerts: Annotated[list[AlertGiven], Meta(max_length=1000)]


class Taken(msgspec.Struct, kw_only=True):
    """What came of an alert."""

    fingerprint: str
    done: Done
    ticket: int | None


class MachineFault(Fault, kw_only=True):
    """A machine that calls in. `code` tells its faults apart; without a contract that of its owner counts."""

    serial: Line
    code: Line | None = None
    status: Literal["fault", "recovered"] = "fault"
    contract: Line | None = None
    title: Line | None = None
    description: Text | None = None
    occurred_at: When | None = None


class MachineTaken(msgspec.Struct, kw_only=True):
    """What came of a machine's call."""

    done: Done
    ticket: TicketShown | None = None
    clocks: list[ClockShown] = []


@dataclass(frozen=True, slots=True)
class Report:
    """A fault that stands since `started_at`, or was over at `ended_at`; its name, and the ticket it would open."""

    source: Literal["alertmanager", "machine"]
    key: str
    started_at: datetime
    ended_at: datetime | None
    wanted: OpenTicket
    lenient: bool  # open without a contract rather than refuse


async def take_alerts(conn: Connection, context: Context, webhook: Webhook, actor: Actor) -> list[Taken]:
    """Each alert has its ticket, or its ticket is restored; an alert told before changes nothing."""
    taken = []
    for alert in webhook.alerts:
        if alert.labels.get("alertname") in OURS:
            taken.append(Taken(fingerprint=alert.fingerprint, done="ignored", ticket=None))
            continue
        asset = await _asset(conn, alert.labels.get("serial"))
        done, recorded = await _follow(conn, context, _of_alert(alert, asset, context.now()), actor)
        taken.append(
            Taken(fingerprint=alert.fingerprint, done=done, ticket=recorded.ticket.number if recorded else None)
        )
    return taken


async def take_machine(conn: Connection, context: Context, fault: MachineFault, actor: Actor) -> MachineTaken:
    """The machine's fault has its ticket, or its ticket is restored; told again it changes nothing."""
    now = context.now()
    at = past(fault.occurred_at, now, "/occurred_at") if fault.occurred_at else now
    asset = await _asset(conn, fault.serial)
    told = fault.description or ""
    if asset is None:
        told = f"{told}\nNo asset has the serial number {fault.serial}.".strip()
    given = {name: getattr(fault, name) for name in Fault.__struct_fields__}
    wanted = OpenTicket(
        **given, channel="machine", contract=fault.contract, asset=asset, description=told or None,
        title=fault.title or f"{fault.serial}: {fault.code or 'fault'}"[:300], reported_at=_heard(at, now),
    )  # fmt: skip
    ended = at if fault.status == "recovered" else None
    report = Report("machine", f"{fault.serial} {fault.code or ''}".strip(), at, ended, wanted, lenient=False)
    done, recorded = await _follow(conn, context, report, actor)
    if recorded is None:
        return MachineTaken(done=done)
    return MachineTaken(done=done, ticket=recorded.ticket, clocks=recorded.clocks)


async def _asset(conn: Connection, serial: str | None) -> int | None:
    return await store.asset(conn, serial) if serial else None


def _heard(at: datetime, now: datetime) -> datetime:
    return min(at, now) if now - at <= _HEARD_WITHIN else now


def _of_alert(alert: AlertGiven, asset: int | None, now: datetime) -> Report:
    labels = alert.labels
    named: dict[str, Any] = {
        name: labels[name][:300] for name in ("contract", "region", "phase", "category") if labels.get(name)
    }
    facts = {
        name.removeprefix(_FACT): value[:300] for name, value in labels.items() if name.startswith(_FACT) and value
    }
    title = alert.annotations.get("summary") or labels.get("alertname") or "Alert"
    wanted = OpenTicket(
        **named, channel="machine", facts=facts or None, asset=asset, title=title[:300],
        description=_told(alert)[:20_000], reported_at=_heard(alert.starts_at, now),
    )  # fmt: skip
    ended = min(alert.ends_at or now, now) if alert.status == "resolved" else None
    return Report("alertmanager", alert.fingerprint, alert.starts_at, ended, wanted, lenient=True)


def _told(alert: AlertGiven) -> str:
    lines = [alert.annotations.get("description", "")]
    lines += [f"{name}: {value}" for name, value in sorted(alert.labels.items())]
    lines += [alert.annotations.get("runbook_url", ""), alert.generator_url]
    return "\n".join(line for line in lines if line)


async def _follow(
    conn: Connection, context: Context, report: Report, actor: Actor
) -> tuple[Done, Opened | timeline.Recorded | None]:
    """What is to be done about the report is done: the ticket with its clocks, None where there is none."""
    async with conn.transaction():
        row = await store.claim(conn, report.source, report.key, context.now())
        over = row["ticket"] is None or row["state"] in _OVER
        if report.ended_at is None:
            if over:
                opened = await _open(conn, context, report, actor)
                await store.began(conn, report.source, report.key, opened.ticket.number, report.started_at)
                return "opened", opened
            if row["state"] in _WELL and _later(report.started_at, row["ended_at"]):
                return "reopened", await _again(conn, context, report, row, actor)
        elif not over and row["state"] not in _WELL and not _later(row["started_at"], report.started_at):
            entry = {"type": "restored", "text": f"{report.source} says it is over"}
            entry["occurred_at"] = max(report.ended_at, row["reported_at"]).isoformat()
            await store.ended(conn, report.source, report.key, report.ended_at)
            return "restored", await timeline.record(conn, context, row["ticket"], entry, actor)
        if over:
            return "ignored", None
        return "known", await _standing(conn, context, row, actor)


def _later(at: datetime, than: datetime | None) -> bool:
    return than is None or at > than


async def _open(conn: Connection, context: Context, report: Report, actor: Actor) -> Opened:
    """A ticket is opened. A monitoring system does not ask twice, so a bad label costs the contract, not the ticket."""
    now, wanted = context.now(), report.wanted
    try:
        async with conn.transaction():
            return await open_without_call(conn, context, wanted, actor, now)
    except Invalid as refused:
        if not report.lenient:
            raise
        told = f"{wanted.description}\nOpened without a contract: {refused}"[-20_000:]
        bare = OpenTicket(
            channel="machine", title=wanted.title, description=told, asset=wanted.asset, reported_at=wanted.reported_at
        )
        return await open_without_call(conn, context, bare, actor, now)


async def _again(conn: Connection, context: Context, report: Report, row: Row, actor: Actor) -> timeline.Recorded:
    entry = {"type": "reopened", "reason": f"{report.source} reports it again"}
    recorded = await timeline.record(conn, context, row["ticket"], entry, actor)
    await store.began(conn, report.source, report.key, row["ticket"], report.started_at)
    return recorded


async def _standing(conn: Connection, context: Context, row: Row, actor: Actor) -> Opened:
    """The ticket as it is."""
    loaded = await ticket_service.found(conn, context, row["ticket"], actor)
    clocks = derive(loaded.terms, timeline.standing(loaded, context.now()), context.now())
    return Opened(ticket=ticket_service.shown(loaded.row), clocks=clocks)
