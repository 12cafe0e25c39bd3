"""Who is asking: bearer tokens, remembered for a few seconds so that not every request costs a query."""

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

from aiohttp import web

from callcenter.errors import Unauthorized
from callcenter.services.types import Actor
from callcenter.store import tokens
from callcenter.store.types import Connection

# A revoked token may work this much longer on a worker that has just seen it.
REMEMBERED = timedelta(seconds=5)
_MOST = 10_000


class SignIn:
    """Tells the actor of a request."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[datetime, Actor]] = OrderedDict()

    def remembered(self, request: web.Request, now: datetime) -> tuple[bytes, Actor | None]:
        """The token's hash, and its actor where it was seen just now; raises Unauthorized without a token."""
        secret = request.match_info.get("token") or _bearer(request)
        digest = hashlib.sha256(secret.strip().encode("utf-8", "surrogateescape")).digest()
        seen = self._known.get(digest)
        if seen is not None and timedelta() <= now - seen[0] < REMEMBERED:
            return digest, seen[1]
        return digest, None

    async def look_up(self, conn: Connection, digest: bytes, now: datetime) -> Actor:
        """The actor of a token; raises Unauthorized when it is unknown, expired or revoked."""
        row = await tokens.by_hash(conn, digest, now)
        if row is None:
            self._known.pop(digest, None)
            raise Unauthorized("the token is unknown, expired or revoked")
        actor = Actor(row["login"] or row["name"], row["role"], row["id"], row["login"], row["partner"])
        self._known[digest] = (now, actor)
        self._known.move_to_end(digest)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return actor


def _bearer(request: web.Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthorized("send `Authorization: Bearer` and a token")
    return secret
