"""What must hold of the messages of a day: who was told hears the end, companies leave whole, nothing goes out in vain.

What becomes of each message by itself is in `simulated_tries`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from simulated_day import Day
from simulated_tries import ever_longer, left_in_peace, life_of

Row = dict[str, Any]
_HOSTS = 3


def deliveries(day: Day, history: Sequence[tuple[int, int, str, Row]]) -> Iterator[str]:
    """Every message owed is in the outbox, went out under its id or died of a known reason; none went unasked."""
    rows = [row for _, _, relation, row in history if relation == "alerts"]
    alerts = {row["id"]: row for row in rows}
    lives: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    for place, _, relation, row in history:
        if relation == "deliveries":
            lives[row["id"]].append((place, row))
    over = alerts.keys() - {row["id"] for row in rows if row["settled_at"] is None}
    yield from _ended(alerts, lives, over)
    sent = defaultdict(list)
    for one in day.phone.sent:
        sent[str(one.id)].append(one)
    for name in sent.keys() - lives.keys():
        yield f"message {name} was sent and never recorded"
    for name, life in lives.items():
        yield from (f"delivery {name} ({life[0][1]['event']}): {text}" for text in life_of(life, sent[name]))
    yield from _forgotten(alerts, lives)
    yield from _given_up(history, lives)
    yield from _in_vain(history, lives)
    yield from _companies(day, history)
    yield from _together(lives)
    yield from _in_order(history)
    yield from ever_longer(lives, sent)
    yield from left_in_peace(lives, sent)


def _ended(alerts: dict[int, Row], lives: dict[str, list[tuple[int, Row]]], over: set[int]) -> Iterator[str]:
    """Who was told hears how it ended, and nobody else; of what was over when it was told there is no end to tell."""
    fires: dict[tuple[int, int], list[Row]] = defaultdict(list)
    ends: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for life in lives.values():
        row = life[-1][1]
        carrier = row["carrier"]
        state = lives[carrier][-1][1]["state"] if carrier is not None else row["state"]
        (fires if row["event"] == "fire" else ends)[row["alert"], row["channel"]].append({**row, "state": state})
    for place, told in fires.items():
        alert, end = alerts[place[0]], ends.get(place, [])
        event = {"withdrawn": "withdraw", "resolved": "resolve"}.get(alert["state"])
        if alert["id"] in over:
            event = None
        if any(one["event"] != event for one in end):
            yield f"alert {alert['id']} is {alert['state']}, and channel {place[1]} heard of {end[0]['event']}"
        sent = [one for one in told if one["state"] == "sent"]
        tried = [one for one in told if one["state"] in ("sent", "dead") or one["attempts"] or one["batch"]]
        heard = {login for one in end for login in one["recipients"]}
        if event is not None and sent and (not end or not {who for one in sent for who in one["recipients"]} <= heard):
            yield f"alert {alert['id']} is {alert['state']} and channel {place[1]} told {sorted(heard)} alone"
        if end and not (tried and heard <= {who for one in tried for who in one["recipients"]}):
            yield f"alert {alert['id']}: channel {place[1]} hears of an end without a beginning"


def _forgotten(alerts: dict[int, Row], lives: dict[str, list[tuple[int, Row]]]) -> Iterator[str]:
    """Nobody is left behind with a message that does not leave, and a breach is told even when it is over."""
    last = {name: life[-1][1] for name, life in lives.items()}
    for name, row in last.items():
        if row["state"] == "gathered" and last[row["carrier"]]["state"] not in ("sent", "dead"):
            yield f"delivery {name} waits behind {row['carrier']}, which is {last[row['carrier']]['state']}"
        alert = alerts[row["alert"]]
        told = alert["kind"] == "warning" or alert["state"] == "withdrawn" or row["event"] != "fire"
        if row["state"] == "cancelled" and not told:
            yield f"delivery {name} of a {alert['kind']} that is {alert['state']} was cancelled"


def _given_up(history: Sequence[tuple[int, int, str, Row]], lives: dict[str, list[tuple[int, Row]]]) -> Iterator[str]:
    """Only what tells of an alert that is over is cancelled; how one ended is always told."""
    over: dict[int, int] = {}
    for place, _, relation, row in history:
        if relation == "alerts" and row["settled_at"] is not None:
            over.setdefault(row["id"], place)
    for name, life in lives.items():
        for place, row in life:
            if row["state"] == "cancelled" and (row["event"] != "fire" or over.get(row["alert"], place) >= place):
                yield f"delivery {name} ({row['event']}) is cancelled, and alert {row['alert']} is not over"
                break


def _together(lives: dict[str, list[tuple[int, Row]]]) -> Iterator[str]:
    """Those of one company whose time comes at one instant leave as one message, or as one from each host."""
    companies: dict[Any, list[list[tuple[int, Row]]]] = defaultdict(list)
    for life in lives.values():
        first = life[0][1]
        if first["batch"] and any(row["state"] in ("sending", "gathered") for _, row in life):
            companies[first["channel"], first["batch"], first["event"], first["next_try_at"]].append(life)
    for (channel, batch, event, at), company in companies.items():
        alone = [life for life in company if all(row["state"] != "gathered" for _, row in life)]
        if len(alone) > _HOSTS:
            yield f"{len(alone)} of {len(company)} messages ({event}) of {batch} at {at} reach channel {channel} alone"


def _in_vain(history: Sequence[tuple[int, int, str, Row]], lives: dict[str, list[tuple[int, Row]]]) -> Iterator[str]:
    """What is not true any more is not sent, and nobody is warned of what is over unless somebody was about to."""
    ended: dict[int, tuple[int, int, Row]] = {}
    # others see an end when its transaction is over: what was taken before was taken in good faith
    last = {tx: place for place, tx, _, _ in history}
    tx_of = {place: tx for place, tx, _, _ in history}
    for place, tx, relation, row in history:
        if relation == "alerts" and row["settled_at"] is not None:
            ended.setdefault(row["id"], (place, last[tx], row))
    for name, life in lives.items():
        if life[0][1]["event"] != "fire" or life[0][1]["alert"] not in ended:
            continue
        start, seen, alert = ended[life[0][1]["alert"]]
        waited = [row for at, row in life if last[tx_of[at]] < start][-1:]
        pending = bool(waited) and waited[0]["state"] == "pending" and alert["kind"] == "warning"
        pending = pending and not any(row["state"] == "sending" for at, row in life if start < at < seen)
        if alert["state"] != "withdrawn" and not pending:
            continue
        if any(row["state"] == "sending" for at, row in life if at > seen):
            yield f"delivery {name} was taken for sending after its {alert['kind']} was {alert['state']}"


def _in_order(history: Sequence[tuple[int, int, str, Row]]) -> Iterator[str]:
    """Nobody hears of an end while its beginning is still on its way to them."""
    rows: dict[str, Row] = {}
    fires: dict[tuple[int, int, str], str] = {}
    for _, _, relation, row in history:
        if relation != "deliveries":
            continue
        rows[row["id"]] = row
        place = row["alert"], row["channel"], row["batch"]
        if row["event"] == "fire":
            fires[place] = row["id"]
        elif row["state"] == "sending" and place in fires:
            fire = rows[fires[place]]
            state = rows[fire["carrier"]]["state"] if fire["carrier"] is not None else fire["state"]
            if state in ("pending", "sending"):
                yield f"delivery {row['id']} tells how alert {row['alert']} ended, whose beginning is {state}"


def _companies(day: Day, history: Sequence[tuple[int, int, str, Row]]) -> Iterator[str]:
    """A message speaks of all that travel with it, but of nothing that was withdrawn before it left."""
    states: dict[int, str] = {}
    along: dict[str, set[str]] = defaultdict(set)
    rows: dict[str, Row] = {}
    sends = sorted(day.phone.sent, key=lambda one: one.place)
    for place, _, relation, row in [*history, (sends[-1].place + 1 if sends else 0, 0, "", {})]:
        while sends and sends[0].place < place:
            one = sends.pop(0)
            company = [rows[name] for name in along[str(one.id)]]
            fires = [row for row in company if row["event"] != "fire" or states.get(row["alert"]) != "withdrawn"]
            if not len(fires) <= one.others <= len(company):
                yield f"message {one.id} speaks of {one.others} others; {len(fires)} to {len(company)} go with it"
            if str(one.id) in rows and (rows[str(one.id)]["alert"], rows[str(one.id)]["event"]) != (
                one.alert,
                one.event,
            ):
                yield f"message {one.id} speaks of the {one.event} of alert {one.alert}"
        if relation == "alerts":
            states[row["id"]] = row["state"]
        elif relation == "deliveries":
            if row["id"] in rows and rows[row["id"]]["carrier"] is not None:
                along[rows[row["id"]]["carrier"]].discard(row["id"])
            rows[row["id"]] = row
            if row["carrier"] is not None:
                along[row["carrier"]].add(row["id"])
