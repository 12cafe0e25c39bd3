"""What a channel is given to say, as facts and as text in the channel's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from alerts.ladder import Kind
from alerts.words import WORDS, Locale
from sla.contract import Contract, Offset, Percent

Event = Literal["fire", "acknowledge", "resolve", "withdraw"]


class Link(NamedTuple):
    """Where one person acknowledges an alert without signing in."""

    login: str
    name: str
    url: str


class Recipient(msgspec.Struct, frozen=True):
    """A person the message is meant for."""

    login: str
    name: str = ""
    email: str | None = None
    phone: str | None = None


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """Another alert a message speaks of."""

    alert: int
    ticket: int
    title: str
    commitment: str
    kind: Kind
    severity: int | None
    due_at: datetime
    fires_at: datetime


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One alert's news, with `others` that leave with it. `id` is the same however often it is sent."""

    id: UUID
    event: Event
    kind: Kind
    alert: int
    ticket: int
    title: str
    customer: str | None
    contract: str
    commitment: str
    cycle: int
    clause: str | None
    severity: int | None
    promised: str | None
    timezone: str
    due_at: datetime
    fires_at: datetime
    recorded_at: datetime
    stopped_at: datetime | None = None
    because: str | None = None
    repeat: int = 0
    next_rung: str | None = None
    told: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    clock: int = 0  # the promise it speaks of, for receivers that keep one matter for all of its messages
    step: int = 0
    ended_at: datetime | None = None
    standing: int = 0  # other alerts of the clock that are not over
    acknowledged_by: str | None = None
    nobody_for: tuple[str, ...] = ()  # duties of its rung that nobody was there to fill
    silent: tuple[datetime, datetime] | None = None  # from when to when nobody looked at the clocks
    others: int = 0  # how many more alerts it speaks of
    listed: tuple[Mention, ...] = ()  # the first of them

    @property
    def path(self) -> str:
        """Where the console shows the ticket."""
        return f"/tickets/{self.ticket}"


def next_rung(contract: Contract, step: int) -> str | None:
    """The rung after the given one as the contract writes it, with whom it tells; None after the last."""
    if step + 1 >= len(contract.ladder):
        return None
    rung = contract.ladder[step + 1]
    at = rung.at
    if isinstance(at, Percent):
        text = f"{float(at.fraction * 100):g}%"
    elif isinstance(at, Offset):
        text = ("+" if at.micros >= 0 else "-") + span(timedelta(microseconds=abs(at.micros)))
    else:
        text = "breach"
    return f"{text} -> {', '.join(rung.notify)}"


def span(length: timedelta) -> str:
    """A length as people write it in contracts: `1h30m`, `45s`; days as hours."""
    seconds = int(length.total_seconds())
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if n]
    return "".join(parts) or "0s"


def late_by(message: Message, now: datetime) -> timedelta | None:
    """How far past its deadline the matter is, or was when it ended; None while there is time."""
    late = (message.stopped_at or now) - message.due_at
    return late if late > timedelta(0) and message.kind != "warning" else None


def found_late(message: Message) -> timedelta | None:
    """How long after its instant the alert was found (an outage); None when in time."""
    late = message.recorded_at - message.fires_at
    return late if late >= timedelta(minutes=1) else None


def subject(message: Message, locale: Locale) -> str:
    """One line: what happened, to which promise of which ticket."""
    words = WORDS[locale]
    head = words[message.kind if message.event == "fire" else f"event_{message.event}"]
    more = f" · +{message.others}" if message.others else ""
    return f"[{head}] {words['ticket']} {message.ticket} · {_promise(message, locale)} · {message.title}{more}"


def text(
    message: Message, locale: Locale, now: datetime, base_url: str | None = None, links: Sequence[Link] = ()
) -> str:
    """The whole message, a fact a line; the deadline in the contract's zone and in UTC."""
    words = WORDS[locale]
    local = message.due_at.astimezone(ZoneInfo(message.timezone))
    due = f"{local:%Y-%m-%d %H:%M:%S} {message.timezone} ({_utc(message.due_at)})"
    late, found = late_by(message, now), found_late(message)
    lines: list[tuple[str, object]] = [
        ("ticket", f"{message.ticket} {message.title}"),
        ("customer", message.customer),
        ("contract", message.contract),
        ("commitment", _promise(message, locale)),
        ("clause", message.clause),
        ("severity", message.severity),
        ("promised", message.promised),
        ("due", due),
        ("late_by", span(late) if late else None),
        ("found_late", f"{span(found)} ({_why_late(message, locale)})" if found and message.event == "fire" else None),
        ("nobody_for", ", ".join(message.nobody_for) if message.event == "fire" else None),
        ("because", words.get(f"because_{message.because}", message.because)),
        ("next", message.next_rung if message.event == "fire" else None),
        ("told", ", ".join(message.told)),
        ("acknowledged_by", message.acknowledged_by if message.event == "acknowledge" else None),
        ("link", f"{base_url or ''}{message.path}"),
    ]
    body = [f"{words[label]}{words['colon']}{value}" for label, value in lines if value not in (None, "")]
    body += _others(message, locale, now)
    body += link_lines(links, locale)
    return "\n".join([subject(message, locale), "", *body])


def _why_late(message: Message, locale: Locale) -> str:
    if message.silent is None:
        return WORDS[locale]["behind"]
    zone = ZoneInfo(message.timezone)
    since, until = (f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" for at in message.silent)
    return WORDS[locale]["away"].format(since=since, until=until)


def link_lines(links: Sequence[Link], locale: Locale) -> list[str]:
    """A line for each person who may acknowledge by link."""
    words = WORDS[locale]
    return [f"{words['acknowledge']} ({link.name}){words['colon']}{link.url}" for link in links]


def payload(
    message: Message, locale: Locale, now: datetime, base_url: str | None = None, links: Sequence[Link] = ()
) -> dict[str, Any]:
    """The message for machines: `{type, timestamp, data}`, instants in UTC, spans in seconds."""
    late, found = late_by(message, now), found_late(message)
    data = {
        "id": str(message.id),
        "event": message.event,
        "kind": message.kind,
        "alert": message.alert,
        "ticket": message.ticket,
        "title": message.title,
        "customer": message.customer,
        "contract": message.contract,
        "commitment": message.commitment,
        "cycle": message.cycle,
        "clause": message.clause,
        "severity": message.severity,
        "promised": message.promised,
        "due_at": _utc(message.due_at),
        "due_local": message.due_at.astimezone(ZoneInfo(message.timezone)).isoformat(),
        "fires_at": _utc(message.fires_at),
        "repeat": message.repeat,
        "late_s": late.total_seconds() if late else None,
        "found_late_s": found.total_seconds() if found else None,
        "silent_since": _utc(message.silent[0]) if message.silent else None,
        "silent_until": _utc(message.silent[1]) if message.silent else None,
        "because": message.because,
        "next_rung": message.next_rung,
        "told": list(message.told),
        "recipients": [r.login for r in message.recipients],
        "nobody_for": list(message.nobody_for),
        "others": message.others,
        "listed": msgspec.to_builtins(message.listed),
        "path": message.path,
        "link": f"{base_url}{message.path}" if base_url else None,
        "subject": subject(message, locale),
        "text": text(message, locale, now, base_url, links),
        "acknowledge": {link.login: link.url for link in links},
    }
    return {"type": f"alert.{message.event}", "timestamp": _utc(now), "data": data}


def _others(message: Message, locale: Locale, now: datetime) -> list[str]:
    """How many more alerts there are, and a line for each of the first."""
    if not message.others:
        return []
    words = WORDS[locale]
    zone = ZoneInfo(message.timezone)
    lines = [f"{words['others']}{words['colon']}{message.others}"]
    for one in message.listed:
        late = f", {words['late_by']} {span(now - one.due_at)}" if one.kind != "warning" and now > one.due_at else ""
        due = f"{words['due']} {one.due_at.astimezone(zone):%Y-%m-%d %H:%M}{late}"
        parts = (words[one.kind], f"{words['ticket']} {one.ticket}", _named(one.commitment, locale), due, one.title)
        lines.append("- " + " · ".join(parts))
    return lines


def _named(commitment: str, locale: Locale) -> str:
    return WORDS[locale].get(f"promise_{commitment}", commitment)


def _promise(message: Message, locale: Locale) -> str:
    """The commitment in the glossary's word where it has one, else by the contract's own name."""
    name = _named(message.commitment, locale)
    return f"{name} #{message.cycle}" if message.cycle > 1 else name


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
