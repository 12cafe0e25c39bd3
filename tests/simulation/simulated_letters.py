"""What must hold of the messages of a day: what is owed is sent under its own id, once or until it arrives, or dies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from simulated_day import Day

from alerts.backoff import ATTEMPTS
from alerts.reasons import PERMANENT, Reason

Row = dict[str, Any]
_LEASE = timedelta(seconds=60)
_MOVES = {
    "pending": {"pending", "sending", "cancelled", "gathered"},
    "sending": {"sending", "sent", "pending", "dead", "cancelled", "gathered"},
    "gathered": {"pending"},
    "sent": {"sent"},
    "dead": set(),
    "cancelled": set(),
}


def deliveries(day: Day, history: Sequence[tuple[int, int, str, Row]], channels: dict[int, list[str]]) -> Iterator[str]:
    """Every message owed is in the outbox, went out under its id or died of a known reason; none went unasked."""
    alerts = {row["id"]: row for _, _, relation, row in history if relation == "alerts"}
    lives: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    for place, _, relation, row in history:
        if relation == "deliveries":
            lives[row["id"]].append((place, row))
    yield from _owed(alerts, lives, channels)
    sent = defaultdict(list)
    for one in day.phone.sent:
        sent[str(one.id)].append(one)
    for name in sent.keys() - lives.keys():
        yield f"message {name} was sent and never recorded"
    for name, life in lives.items():
        yield from (f"delivery {name} ({life[0][1]['event']}): {text}" for text in _life(life, sent[name]))
    yield from _in_vain(history, lives)


def _owed(
    alerts: dict[int, Row], lives: dict[str, list[tuple[int, Row]]], channels: dict[int, list[str]]
) -> Iterator[str]:
    """A new alert is told on every channel that serves it; who was told hears how it ended."""
    have: Counter[tuple[int, int, str]] = Counter()
    last: dict[tuple[int, int, str], Row] = {}
    for life in lives.values():
        row = life[-1][1]
        have[row["alert"], row["channel"], row["event"]] += 1
        carrier = row.get("carrier")
        state = lives[carrier][-1][1]["state"] if carrier is not None else row["state"]
        last[row["alert"], row["channel"], row["event"]] = {**row, "state": state}
    for name, times in have.items():
        if times > 1:
            yield f"alert {name} has {times} deliveries"
    for number, alert in alerts.items():
        for channel, duties in channels.items():
            serves = not duties or set(duties) & set(alert["notify"])
            told = (number, channel, "fire") in have
            # where nobody fills the rung's duties, those of the next are told too
            if told < bool(serves) or (told > bool(serves) and not alert["nobody_for"]):
                yield f"alert {number} on channel {channel}: {'told without need' if told else 'nobody was told'}"
        yield from _ended(alert, last, channels)


def _ended(alert: Row, last: dict[tuple[int, int, str], Row], channels: dict[int, list[str]]) -> Iterator[str]:
    event = {"withdrawn": "withdraw", "resolved": "resolve"}.get(alert["state"])
    if event is None or alert["settled_at"] == alert["recorded_at"]:
        return
    for channel in channels:
        fire, end = last.get((alert["id"], channel, "fire")), last.get((alert["id"], channel, event))
        if fire is not None and fire["state"] == "sent" and end is None:
            yield f"alert {alert['id']} is {alert['state']} and channel {channel} never heard"
        if (
            end is not None
            and fire is not None
            and fire["state"] == "cancelled"
            and not (fire["attempts"] or fire["batch"])
        ):
            yield f"alert {alert['id']}: channel {channel} hears of an end without a beginning"


def _life(life: list[tuple[int, Row]], sends: list[Any]) -> Iterator[str]:
    """One delivery from the outbox to the other side."""
    before: Row | None = None
    leases: list[tuple[int, Row]] = []
    for place, row in life:
        if before is not None and row["state"] not in _MOVES[before["state"]]:
            yield f"{before['state']} became {row['state']}"
        if row["state"] == "sending":
            leases.append((place, row))
            if (
                before is not None
                and before["state"] == "sending"
                and row["lease_until"] - _LEASE < before["lease_until"]
            ):
                yield f"{row['lease_by']} took it from {before['lease_by']}, whose lease ran"
        before = row
    assert before is not None
    yield from _ends(before, sends)
    for one in sends:
        held = [row for place, row in leases if place <= one.place and row["lease_by"] == one.by]
        if not held:
            yield f"{one.by} sent it without a lease"
    for by, times in Counter(one.by for one in sends).items():
        if times > sum(row["lease_by"] == by for _, row in leases):
            yield f"{by} sent it {times} times, more often than it was leased"


def _in_vain(history: Sequence[tuple[int, int, str, Row]], lives: dict[str, list[tuple[int, Row]]]) -> Iterator[str]:
    """What is not true any more is not sent, and nobody is warned of what is over unless somebody was about to."""
    ended: dict[int, tuple[int, Row]] = {}
    for place, _, relation, row in history:
        if relation == "alerts" and row["settled_at"] is not None:
            ended.setdefault(row["id"], (place, row))
    for name, life in lives.items():
        if life[0][1]["event"] != "fire" or life[0][1]["alert"] not in ended:
            continue
        place, alert = ended[life[0][1]["alert"]]
        waited = [row for at, row in life if at < place][-1:]
        pending = bool(waited) and waited[0]["state"] == "pending" and alert["kind"] == "warning"
        if alert["state"] != "withdrawn" and not pending:
            continue
        if any(row["state"] == "sending" for at, row in life if at > place):
            yield f"delivery {name} was taken for sending after its {alert['kind']} was {alert['state']}"


def _ends(last: Row, sends: list[Any]) -> Iterator[str]:
    state = last["state"]
    if state in ("pending", "sending"):
        yield f"it is still {state}"
    if state == "sent" and not any(one.taken for one in sends):
        yield "it is recorded as sent and nobody got it"
    if state == "dead" and last["reason"] not in (PERMANENT if last["attempts"] < ATTEMPTS else set(Reason)):
        yield f"it is dead of {last['reason']} after {last['attempts']} attempts"
    if state == "cancelled" and last["attempts"] == 0 and sends:
        yield "it was cancelled and sent"
