"""Slack, Teams, PagerDuty and a text message gateway, as they document themselves."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.stubs.server import NOW, Stub, read


class SlackStub(Stub):
    """`ok`, or a word."""

    path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
    word: tuple[int, str] | None = None

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        value = read(body)
        if self.word is not None:
            return web.Response(status=self.word[0], text=self.word[1])
        if not isinstance(value, dict):
            return web.Response(status=400, text="invalid_payload")
        if not value.get("text"):
            return web.Response(status=400, text="no_text")
        self.taken.append(value)
        return web.Response(text="ok")


class TeamsStub(Stub):
    """202 for a message with an Adaptive Card of at most 28 KB."""

    path = "/workflows/0123456789abcdef/triggers/manual/paths/invoke"

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        value = read(body)
        if len(body) > 28_000:
            return web.Response(status=413)
        cards = value.get("attachments") if isinstance(value, dict) else None
        if not cards or cards[0].get("contentType") != "application/vnd.microsoft.card.adaptive":
            return web.Response(status=400, text="Property 'type' must be 'AdaptiveCard'")
        if cards[0]["content"].get("type") != "AdaptiveCard":
            return web.Response(status=400, text="Property 'type' must be 'AdaptiveCard'")
        self.taken.append(cards[0]["content"])
        return web.Response(status=202)


class PagerDutyStub(Stub):
    """Keeps an incident a dedup_key."""

    path = "/v2/enqueue"
    key = "0123456789abcdef0123456789abcdef"

    def __init__(self, now: Callable[[], datetime] = lambda: NOW) -> None:
        super().__init__(now)
        self.incidents: dict[str, str] = {}

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        value = read(body)
        wrong = self._wrong(value)
        if wrong:
            answer = {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
            return web.json_response(answer, status=400)
        key, action = value["dedup_key"], value["event_action"]
        if action == "trigger":
            self.incidents[key] = "triggered"
        elif key in self.incidents:
            self.incidents[key] = "acknowledged" if action == "acknowledge" else "resolved"
        self.taken.append(value)
        return web.json_response({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)

    def _wrong(self, value: Any) -> list[str]:
        if not isinstance(value, dict) or value.get("routing_key") != self.key:
            return ["Invalid routing key"]
        if value.get("event_action") not in ("trigger", "acknowledge", "resolve") or not value.get("dedup_key"):
            return ["'event_action' or 'dedup_key' is missing or invalid"]
        if value["event_action"] != "trigger":
            return []
        facts = value.get("payload", {})
        if not all(facts.get(name) for name in ("summary", "source", "severity")) or len(facts["summary"]) > 1024:
            return ["'payload' lacks summary, source or severity"]
        return [] if facts["severity"] in ("critical", "error", "warning", "info") else ["severity is invalid"]


class SmsStub(Stub):
    """Checks the signature, sends each id once, answers 200 with a code; `refuses` names numbers it will not take."""

    path = "/sms/send"
    key = "callcenter"
    secret = "sms-gateway-secret"

    def __init__(self, now: Callable[[], datetime] = lambda: NOW) -> None:
        super().__init__(now)
        self.refuses: dict[str, int] = {}

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        stamp = request.headers.get("X-Timestamp", "")
        made = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        if request.headers.get("X-Key") != self.key or request.headers.get("X-Signature") != made:
            return web.Response(status=401, text="signature")
        value = read(body)
        if self.refuses.get(value["to"], 0):
            self.refuses[value["to"]] -= 1
            return web.json_response({"code": "BUSINESS_LIMIT", "message": "try later"})
        self.taken.append(value)
        return web.json_response({"code": "OK"})
