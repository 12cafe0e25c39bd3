"""From an HTTP request to a handler and back: sign-in, rights, parsing, idempotency, ETags, refusals."""

import hashlib
import math
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from callcenter.errors import CallcenterError, FieldError, Forbidden, Invalid, NotFound
from callcenter.rights import RIGHTS, may
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.store import idempotency
from callcenter.web.limits import RateLimit
from callcenter.web.problems import Refused, field_of, problem, refusal, unreadable
from callcenter.web.route import Answer, Asked, Route
from callcenter.web.signin import SignIn

_log = structlog.get_logger("callcenter.web")
_encoder = msgspec.json.Encoder()
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_ETAG = re.compile(r'\*|(W/)?"[!#-~]*"')
_COLLISIONS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.ForeignKeyViolationError)
# what a form adds to the file it carries
_FORM = 65_536
# the store is away: restarting, failing over, or out of connections
AWAY = (asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.InterfaceError, OSError, TimeoutError)


class Door:
    """Makes aiohttp handlers of routes."""

    def __init__(self, pool: asyncpg.Pool, context: Context) -> None:
        self._pool = pool
        self._context = context
        self._signin = SignIn()
        self._limit = RateLimit(context.settings.rate_limit)

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler of a route."""
        parse = _body_reader(route)

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await self._answer(route, parse, request)
            except Refused as refused:
                return refused.response
            except CallcenterError as error:
                return refusal(error)
            except RecursionError:
                return problem(422, "Invalid request", "the body is nested too deeply")
            except (asyncpg.DataError, asyncpg.ProgramLimitExceededError) as error:
                return problem(422, "Invalid request", f"the database cannot hold a value: {error}")
            except asyncpg.UniqueViolationError as error:
                return _taken(error)
            except _COLLISIONS as error:
                return problem(409, "Conflict", f"somebody else changed the same thing: {error}")
            except AWAY as error:
                _log.warning("database away", error=repr(error), route=route.path)
                headers = {"Retry-After": "1"}
                return problem(503, "Not ready", "the database does not answer just now", headers=headers)

        return handle

    async def _answer(self, route: Route, parse: Any, request: web.Request) -> web.StreamResponse:
        now = self._context.now()
        actor = await self._admitted(route, request, now)
        asked = Asked(self._context, actor, now, request)
        asked.path = _path(request)
        asked.query = _query(route, request)
        asked.if_match = _if_match(route, request)
        key = _key(route, request)
        asked.raw = await self._body(route, request)
        asked.body = parse(request, asked.raw) if parse is not None else None
        if route.shares and key is None:
            asked.asking = self._pool
            return _response(route, await route.handler(asked))
        if route.streams:  # holds no connection while it lasts
            return await route.handler(asked)  # type: ignore[no-any-return]  # streams answer themselves
        async with self._pool.acquire(timeout=10) as conn:
            asked.conn = asked.asking = conn
            if key is None:
                return _response(route, await route.handler(asked))
            return await self._once(route, asked, key)

    async def _admitted(self, route: Route, request: web.Request, now: datetime) -> Actor:
        """Who asks; raises where nobody does, where the role may not, or where it asks too often."""
        digest, actor = self._signin.remembered(request, now)
        if actor is None:
            async with self._pool.acquire(timeout=10) as conn:
                actor = await self._signin.look_up(conn, digest, now)
        if not may(actor.role, route.right):
            holders = ", ".join(sorted(RIGHTS[route.right]))
            raise Forbidden(f"the role {actor.role} may not do this ({route.right}: {holders})")
        wait = self._limit.wait(actor.token, now)
        if wait > 0:
            headers = {"Retry-After": str(math.ceil(wait))}
            raise Refused(problem(429, "Too many requests", "slow down a little", headers=headers))
        return actor

    async def _body(self, route: Route, request: web.Request) -> bytes:
        """The bytes of the body, as many as the route may have."""
        if not request.body_exists:
            return b""
        settings = self._context.settings
        limit = settings.file_limit + _FORM if route.attaches else settings.body_limit
        if (request.content_length or 0) > limit:
            raise Refused(_too_large(limit))
        content = bytearray()
        try:
            async for chunk in request.content.iter_any():
                content += chunk
                if len(content) > limit:
                    raise Refused(_too_large(limit))
        except (HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
            broken = problem(400, "Broken body", f"the body cannot be read to its end: {error}")
            broken.force_close()
            request.content.feed_eof()  # else the server reads on and meets the same error again
            raise Refused(broken) from error
        return bytes(content)

    async def _once(self, route: Route, asked: Asked, key: str) -> web.Response:
        """Runs the handler in a transaction that also keeps its answer, or gives the answer kept before."""
        fingerprint = hashlib.sha256(b"\x00".join([asked.http.path_qs.encode(), asked.raw])).digest()
        async with asked.conn.transaction():
            if not await idempotency.claim(asked.conn, asked.actor.token, key):
                raise Refused(problem(409, "In progress", "the first request with this key is still running"))
            kept = await idempotency.find(asked.conn, asked.actor.token, key)
            if kept is not None:
                if kept["fingerprint"] != fingerprint:
                    raise Invalid("this Idempotency-Key came with another request before")
                return _kept(kept)
            response = _response(route, await route.handler(asked))
            headers = {name: response.headers[name] for name in ("ETag", "Location") if name in response.headers}
            body = bytes(response.body or b"")  # type: ignore[arg-type]  # _response makes bytes
            await idempotency.keep(
                asked.conn, asked.actor.token, key, fingerprint, response.status, headers, body, asked.now
            )
            return response


def _key(route: Route, request: web.Request) -> str | None:
    """The Idempotency-Key, where the route heeds one."""
    key = request.headers.get("Idempotency-Key") if route.method == "POST" and route.remembered else None
    if key is not None and not _KEY.fullmatch(key):
        fault = FieldError("Idempotency-Key", "bad_header", "1 to 255 visible ASCII characters")
        raise Refused(problem(400, "Bad Idempotency-Key", fault.detail, (fault,)))
    return key


def _too_large(limit: int) -> web.Response:
    return problem(413, "Too large", f"a body may have {limit} bytes here")


def _taken(error: asyncpg.UniqueViolationError) -> web.Response:
    """The refusal of a value that somebody has already, naming its field where the database does."""
    named = re.match(r"Key \((\w+)\)=", error.detail or "")
    detail = f"{named[1]} is taken already" if named else f"it is there already: {error.constraint_name}"
    faults = (FieldError(f"/{named[1]}", "taken", detail),) if named else ()
    return problem(409, "Conflict", detail, faults)


def _kept(row: Any) -> web.Response:
    headers = {**row["headers"], "Idempotent-Replayed": "true"}
    return web.Response(body=row["body"], status=row["status"], content_type="application/json", headers=headers)


def _path(request: web.Request) -> dict[str, Any]:
    """Path parameters; ids and numbers as int, anything that cannot be one is not found."""
    found: dict[str, Any] = dict(request.match_info)
    for name, text in request.match_info.items():
        if name in ("number", "id", "call", "file"):
            if not text.isascii() or not text.isdigit() or len(text) > 18:
                raise NotFound(f"no {name} {text[:40]}")
            found[name] = int(text)
        elif "\x00" in text:
            raise NotFound(f"no such {name}")
    return found


def _query(route: Route, request: web.Request) -> Any:
    if route.query is None and not request.query_string:
        return None
    given = dict(request.query)
    known = [] if route.query is None else [field.encode_name for field in msgspec.structs.fields(route.query)]
    for name in given:
        if name not in known:
            has = f"; it has {', '.join(known)}" if known else ""
            raise Invalid.field(f"?{name}", "unknown_parameter", f"this route has no parameter {name}{has}")
        if len(request.query.getall(name)) > 1:
            raise Invalid.field(f"?{name}", "given_twice", f"{name} is given more than once")
    if route.query is None:
        return None
    try:
        query = msgspec.convert(given, route.query, strict=False)
    except msgspec.ValidationError as error:
        found = field_of(error)
        fault = FieldError("?" + found.pointer.lstrip("/"), found.code, found.detail)
        raise Invalid(f"{fault.pointer}: {fault.detail}", (fault,)) from error
    for name in given:
        if getattr(query, name) is None:  # what looks like null to a lenient conversion
            raise Invalid.field(f"?{name}", "wrong_type", f"leave {name} out rather than sending {given[name]!r}")
    return query


def _if_match(route: Route, request: web.Request) -> int | None:
    text = request.headers.get("If-Match")
    if text is None:
        if route.changes:
            raise Refused(problem(428, "Precondition required", "send If-Match with the ETag you have read"))
        return None
    if not _ETAG.fullmatch(text.strip()):
        fault = FieldError("If-Match", "bad_header", "send the ETag you have read, quotes and all")
        raise Refused(problem(400, "Bad If-Match", fault.detail, (fault,)))
    match = re.fullmatch(r'"([0-9]{1,9})"', text.strip())
    return int(match[1]) if match else -1


def _body_reader(route: Route) -> Callable[[web.Request, bytes], Any] | None:
    if route.body is None or route.raw_body:
        return None
    decoder = msgspec.json.Decoder(route.body)

    def read(request: web.Request, raw: bytes) -> Any:
        if request.content_type not in route.media and not request.content_type.endswith("+json"):
            accepted = ", ".join(route.media)
            raise Refused(problem(415, "Unsupported media type", f"send {accepted}, not {request.content_type}"))
        try:
            value = decoder.decode(raw)
        except msgspec.ValidationError as error:
            found = field_of(error)
            raise Invalid(f"{found.pointer or 'body'}: {found.detail}", (found,)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(unreadable(raw, error)) from error
        if b"\\u0000" in raw:
            _refuse_nul(msgspec.json.decode(raw), "")
        return value

    return read


def _refuse_nul(value: Any, pointer: str) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise Invalid.field(pointer, "bad_characters", "the text holds a NUL character")
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        if isinstance(name, str) and "\x00" in name:
            raise Invalid.field(pointer, "bad_characters", "a key holds a NUL character")
        _refuse_nul(one, f"{pointer}/{name}")


def _response(route: Route, given: Any) -> web.Response:
    answer = given if isinstance(given, Answer) else Answer(given)
    headers = dict(answer.headers)
    version = answer.version if answer.version is not None else getattr(answer.value, "version", None)
    if isinstance(version, int) and route.gives_media == "application/json":
        headers["ETag"] = f'"{version}"'
    if answer.location is not None:
        headers["Location"] = answer.location
    status = answer.status or route.status
    if status == 204:
        return web.Response(status=204, headers=headers)
    if answer.raw is not None:
        return web.Response(body=answer.raw, status=status, content_type=answer.media_type, headers=headers)
    return web.Response(
        body=_encoder.encode(answer.value), status=status, content_type="application/json", headers=headers
    )
