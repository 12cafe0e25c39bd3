"""Prometheus Alertmanager, API v2: told of every alert while it stands, and of its end for a while.

Alertmanager forgets an alert nobody repeats, so the dispatcher repeats each minute what was sent once (`repeat`). Its
alerts are told apart by labels alone, so these hold only what never changes of one rung of one clock.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, field
from yarl import URL

from alerts.channels.post import Answer, HttpChannel, HttpConfig, Request, as_json, refusal
from alerts.channels.setup import Setup
from alerts.message import Message, subject
from alerts.reasons import Reason, SendFailed

_NAMES = {"warning": "CallcenterDueSoon", "breach": "CallcenterOverdue", "overdue": "CallcenterStillOverdue"}
# Repeated each minute, an alert outlives a few lost repeats and not much more.
_LIFE = timedelta(minutes=5)

Label = Annotated[str, Meta(pattern="^[a-zA-Z_][a-zA-Z0-9_]*$")]


class AlertmanagerConfig(HttpConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of an Alertmanager: `url` as it is opened in a browser; `labels` are added to every alert's."""

    labels: dict[Label, str] = field(default_factory=dict)
    username: str | None = None
    password: str | None = None
    token: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.token is not None and self.username is not None:
            raise ValueError("`token` and `username` are both set: keep one")


class Alertmanager(HttpChannel):
    """Posts alerts."""

    def __init__(self, config: AlertmanagerConfig, setup: Setup) -> None:
        super().__init__(config, setup, [config.password, config.token])
        self._labels = config.labels
        self._address = URL(config.url.rstrip("/") + "/api/v2/alerts")
        self._headers = _authorization(config)

    def requests(self, message: Message) -> Iterable[Request]:
        """One POST of one alert."""
        yield as_json(self._address, [self._alert(message)], self._headers)

    async def repeat(self, messages: Sequence[Message]) -> None:
        """Alertmanager has all of the messages again, in one POST."""
        await self.post(as_json(self._address, [self._alert(message) for message in messages], self._headers))

    def failure(self, answer: Answer) -> SendFailed | None:
        """By the status; what it cannot read it will not read the next time."""
        if answer.status in (401, 403):
            return SendFailed(Reason.AUTHENTICATION, answer.said)
        if answer.status == 400:
            return SendFailed(Reason.BAD_CONFIG, answer.said)
        return refusal(answer)

    def _alert(self, message: Message) -> dict[str, Any]:
        now, base = self.setup.now(), self.setup.base_url
        over = message.event in ("resolve", "withdraw")
        ends = (message.ended_at or message.stopped_at or now) if over else now + _LIFE
        alert: dict[str, Any] = {
            "labels": {**self._labels, **labels(message)},
            "annotations": {
                "summary": subject(message, self.locale),
                "title": message.title,
                "customer": message.customer or "",
                "due_at": _written(message.due_at),
                "fault_severity": str(message.severity or ""),
                "recipients": ", ".join(person.login for person in message.recipients),
            },
            "startsAt": _written(min(message.fires_at, ends)),
            "endsAt": _written(ends),
        }
        return {**alert, "generatorURL": base + message.path} if base else alert


def labels(message: Message) -> Mapping[str, str]:
    """What tells an alert of ours from all others, the same from its first message to its last."""
    return {
        "alertname": _NAMES[message.kind],
        "severity": "warning" if message.kind == "warning" else "critical",
        "contract": message.contract,
        "commitment": message.commitment,
        "ticket": str(message.ticket),
        "cycle": str(message.cycle),
        "rung": str(message.step),
    }


def _authorization(config: AlertmanagerConfig) -> dict[str, str]:
    if config.token is not None:
        return {"Authorization": f"Bearer {config.token}"}
    if config.username is not None:
        pair = base64.b64encode(f"{config.username}:{config.password or ''}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


def _written(at: datetime) -> str:
    return at.isoformat()
