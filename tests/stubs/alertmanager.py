"""Alertmanager as its API v2 is specified: alerts by their labels, firing until their end."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.stubs.server import NOW, Stub, read

RESOLVE_TIMEOUT = timedelta(minutes=5)
_RFC3339 = datetime.fromisoformat


class AlertmanagerStub(Stub):
    """Keeps the newest of each set of labels; `firing` is what it would still notify of."""

    path = "/api/v2/alerts"
    token = "alertmanager-token-123"

    def __init__(self, now: Callable[[], datetime] = lambda: NOW) -> None:
        super().__init__(now)
        self.ends: dict[tuple[tuple[str, str], ...], datetime] = {}

    @property
    def url(self) -> str:
        return f"{self.address}/"

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text="no")
        value = read(body)
        if not isinstance(value, list) or not all(self._good(alert) for alert in value):
            return web.json_response({"code": 400, "message": "bad alert"}, status=400)
        for alert in value:
            ends = _RFC3339(alert["endsAt"]) if "endsAt" in alert else self.now() + RESOLVE_TIMEOUT
            self.ends[tuple(sorted(alert["labels"].items()))] = ends
        self.taken.append(value)
        return web.Response(status=200)

    def firing(self) -> list[dict[str, str]]:
        """The labels of what has not ended."""
        return [dict(labels) for labels, ends in self.ends.items() if ends > self.now()]

    def _good(self, alert: Any) -> bool:
        words = {**alert["labels"], **alert["annotations"]}
        if not alert["labels"].get("alertname") or not all(isinstance(word, str) for word in words.values()):
            return False
        starts, ends = _RFC3339(alert["startsAt"]), _RFC3339(alert["endsAt"])
        return starts.tzinfo is not None and ends >= starts
