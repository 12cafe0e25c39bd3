"""PagerDuty Events API v2: one incident a clock, triggered, acknowledged and resolved under one `dedup_key`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta

from alerts.channels.post import Address, Answer, HttpChannel, HttpConfig, Request, as_json, refusal
from alerts.channels.setup import Setup
from alerts.message import Message, payload, subject
from alerts.reasons import Reason, SendFailed

_ACTIONS = {"fire": "trigger", "acknowledge": "acknowledge", "resolve": "resolve", "withdraw": "resolve"}
_SUMMARY = 1024


class PagerDutyConfig(HttpConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a PagerDuty channel; `routing_key` is the integration key of an Events API v2 integration."""

    routing_key: Annotated[str, Meta(min_length=32, max_length=32)]
    url: Address = "https://events.pagerduty.com/v2/enqueue"
    source: Annotated[str, Meta(min_length=1)] = "callcenter"


class PagerDuty(HttpChannel):
    """Enqueues events."""

    def __init__(self, config: PagerDutyConfig, setup: Setup) -> None:
        super().__init__(config, setup, [config.routing_key])
        self._config = config

    def requests(self, message: Message) -> Iterable[Request]:
        """One event; the incident is left open while another alert of its clock stands."""
        action = _ACTIONS[message.event]
        if action == "resolve" and message.standing:
            return
        event: dict[str, Any] = {
            "routing_key": self._config.routing_key,
            "event_action": action,
            "dedup_key": dedup_key(message),
        }
        if action == "trigger":
            event |= self._facts(message)
        yield as_json(self.url, event)

    def _facts(self, message: Message) -> dict[str, Any]:
        base = self.setup.base_url
        data = payload(message, self.locale, self.setup.now(), base, self.setup.links(message))["data"]
        facts: dict[str, Any] = {
            "client": self._config.source,
            "payload": {
                "summary": subject(message, self.locale)[:_SUMMARY],
                "source": self._config.source,
                "severity": severity(message),
                "timestamp": message.fires_at.isoformat(),
                "component": message.commitment,
                "group": message.contract,
                "class": message.kind,
                "custom_details": data,
            },
        }
        if base:
            facts |= {"client_url": base, "links": [{"href": base + message.path, "text": f"ticket {message.ticket}"}]}
        return facts

    def failure(self, answer: Answer) -> SendFailed | None:
        """400 names what is wrong with the event: sending it again cannot help."""
        if answer.status == 400:
            return SendFailed(Reason.BAD_CONFIG, answer.said)
        refused = refusal(answer)
        if refused is None and answer.value().get("status") != "success":
            return SendFailed(Reason.UNAVAILABLE, f"not its usual answer: {answer.said}")
        return refused


def dedup_key(message: Message) -> str:
    """The same for every message about one clock."""
    if not message.clock:
        return f"callcenter-test-{message.id}"
    return f"callcenter-{message.ticket}-{message.commitment}-{message.cycle}"[:255]


def severity(message: Message) -> str:
    """`warning` before the deadline, `critical` for the gravest faults after it, else `error`."""
    if message.kind == "warning":
        return "warning"
    return "critical" if message.severity == 1 else "error"
