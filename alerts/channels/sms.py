"""Text messages through a gateway that knows templates: one POST a recipient, variables filled from the message.

Gateways differ; this speaks the common ground: a JSON body with number, template id, variables and a message id that
is the same at every try, signed by HMAC-SHA256 where there is a secret.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, field
from yarl import URL

from alerts.channels.post import Answer, HttpChannel, HttpConfig, Request, refusal
from alerts.channels.setup import Setup
from alerts.channels.told import Told
from alerts.message import Message, Recipient, payload
from alerts.reasons import Reason, SendFailed

Fact = Literal[
    "event", "kind", "ticket", "title", "customer", "contract", "commitment", "cycle", "clause", "severity",
    "promised", "due_at", "due_local", "fires_at", "late_s", "because", "next_rung", "link", "subject", "text",
    "acknowledge",
]  # fmt: skip
FACTS = get_args(Fact)
_LONGEST = 300


class SmsConfig(HttpConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a gateway: `variables` maps the template's names to facts of the message.

    `answer` names what the body of success holds, as gateways answer 200 whatever happened: `{"code": "OK"}`.
    """

    template: Annotated[str, Meta(min_length=1)]
    variables: dict[str, Fact] = field(default_factory=dict)
    key: str | None = None
    secret: str | None = None
    answer: dict[str, str | int | bool] = field(default_factory=dict)


class Sms(HttpChannel):
    """Sends one text message a recipient; who has got it does not get it again because another did not."""

    def __init__(self, config: SmsConfig, setup: Setup) -> None:
        super().__init__(config, setup, [config.key, config.secret])
        self._config = config
        self._told = Told()

    async def send(self, message: Message) -> None:
        """The gateway has taken a text for everybody with a number; raises the first failure after trying all."""
        people = [person for person in message.recipients if person.phone]
        if not people:
            raise SendFailed(Reason.NO_RECIPIENT, "nobody on duty has a telephone number")
        await self._told.tell(message, people, lambda person: self.post(self._request(message, person)))

    def _request(self, message: Message, person: Recipient) -> Request:
        timestamp = str(int(self.setup.now().timestamp()))
        body = msgspec.json.encode(
            {
                "id": f"{message.id}:{person.login}",
                "to": person.phone,
                "template": self._config.template,
                "variables": self._variables(msgspec.structs.replace(message, recipients=(person,))),
            }
        )
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Timestamp": timestamp}
        if self._config.key:
            headers["X-Key"] = self._config.key
        if self._config.secret:
            headers["X-Signature"] = signature(self._config.secret, timestamp, body)
        return Request(URL(self.url), body, headers)

    def _variables(self, message: Message) -> dict[str, str]:
        links = self.setup.links(message)
        facts = payload(message, self.locale, self.setup.now(), self.setup.base_url, links)["data"]
        facts["acknowledge"] = links[0].url if links else None
        return {name: _written(facts[fact]) for name, fact in self._config.variables.items()}

    def failure(self, answer: Answer) -> SendFailed | None:
        """By the status, then by what the body of success must hold."""
        if answer.status in (401, 403):
            return SendFailed(Reason.AUTHENTICATION, answer.said)
        refused = refusal(answer)
        if refused is not None or not self._config.answer:
            return refused
        value = answer.value()
        if all(value.get(name) == wanted for name, wanted in self._config.answer.items()):
            return None
        return SendFailed(Reason.REJECTED, answer.said)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The hexadecimal HMAC-SHA256 of timestamp, a dot and the body."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _written(fact: Any) -> str:
    return "" if fact is None else str(fact)[:_LONGEST]
