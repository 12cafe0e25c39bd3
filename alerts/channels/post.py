"""HTTP to the other side of a channel: one POST, no redirects, no private addresses, and what its answer means."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Meta
from yarl import URL

from alerts.channels.setup import Setup
from alerts.message import Message
from alerts.reasons import Reason, SendFailed
from alerts.words import Locale

_NAT64 = IPv6Address("64:ff9b::")
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MOST = 65_536
_SAID = 200
# nothing shorter is a key, and words of a path must not be cut out of what is said
_KEY_LENGTH = 12

Address = Annotated[str, Meta(pattern="^https?://[^/?#]+")]
PerMinute = Annotated[int, Meta(ge=1, le=6000)]


class HttpConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every channel over HTTP is told; `per_minute` is for receivers that take fewer messages than the usual."""

    url: Address
    allow_private: bool = False
    locale: Locale = "en"
    per_minute: PerMinute | None = None

    def __post_init__(self) -> None:
        if not URL(self.url).host:
            raise ValueError("`url` names no host")


@dataclass(frozen=True, slots=True)
class Request:
    """One POST."""

    url: URL
    body: bytes
    headers: Mapping[str, str]


def as_json(url: str | URL, body: Any, headers: Mapping[str, str] | None = None) -> Request:
    """The POST of a JSON body."""
    whole = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Request(URL(url), msgspec.json.encode(body), whole)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `said` is the beginning of the body as text, for people."""

    status: int
    body: bytes
    retry_after: timedelta | None = None

    @property
    def said(self) -> str:
        return f"HTTP {self.status} {self.body[:_SAID].decode(errors='replace')}".strip()

    def value(self) -> dict[str, Any]:
        """The JSON object of the body; SendFailed where it is none: whoever answered is not who we think."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise SendFailed(Reason.UNAVAILABLE, f"not its usual answer: {self.said}") from error


def refusal(answer: Answer) -> SendFailed | None:
    """Why a status outside 2xx means that the message was not taken."""
    if 200 <= answer.status < 300:
        return None
    if answer.status == 410:
        return SendFailed(Reason.GONE, answer.said)
    if answer.status == 429:
        return SendFailed(Reason.RATE_LIMITED, answer.said, answer.retry_after)
    reason = Reason.UNAVAILABLE if answer.status >= 500 else Reason.REJECTED
    return SendFailed(reason, answer.said, answer.retry_after)


class HttpChannel:
    """A channel that POSTs. Kinds say what is posted (`requests`) and what an answer means (`failure`)."""

    def __init__(self, config: HttpConfig, setup: Setup, secrets: Iterable[str | None] = ()) -> None:
        self.url = config.url
        self.locale: Locale = config.locale
        self.setup = setup
        self._allow_private = config.allow_private
        # longest first: one may be part of another
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._session: aiohttp.ClientSession | None = None

    def requests(self, message: Message) -> Iterable[Request]:
        """What is posted for a message, in order."""
        raise NotImplementedError

    def failure(self, answer: Answer) -> SendFailed | None:
        """Why the answer means that the message was not taken; None where it was."""
        return refusal(answer)

    async def send(self, message: Message) -> None:
        """The other side has taken the message."""
        for request in self.requests(message):
            await self.post(request)

    async def post(self, request: Request) -> None:
        """The other side has taken the request; raises SendFailed, with no secret in it, where not."""
        try:
            failure = self.failure(await self._exchange(request))
        except SendFailed as failed:
            failure = failed
        if failure is not None:
            raise SendFailed(failure.reason, self._without_secrets(failure.detail), failure.retry_after)

    async def check(self) -> None:
        """The address can be connected to."""
        url = URL(self.url)
        self._refuse_literal(url)
        try:
            resolver = aiohttp.ThreadedResolver() if self._allow_private else PublicResolver()
            found = await resolver.resolve(url.host or "", url.port or 443)
            _, writer = await asyncio.wait_for(asyncio.open_connection(found[0]["host"], url.port), timeout=5)
            writer.close()
        except OSError as error:
            raise SendFailed(_reason(error), str(error)) from error

    async def close(self) -> None:
        """Connections are closed."""
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, request: Request) -> Answer:
        self._refuse_literal(request.url)
        if self._session is None:
            resolver = None if self._allow_private else PublicResolver()
            # no cached addresses: a name may point elsewhere by now
            connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT
            )
        try:
            async with self._session.post(
                request.url, data=request.body, headers=request.headers, allow_redirects=False
            ) as response:
                retry_after = _retry_after(response.headers.get("Retry-After"), self.setup.now())
                return Answer(response.status, await _beginning(response), retry_after)
        except (aiohttp.ClientError, OSError) as error:
            raise SendFailed(_reason(error), f"{type(error).__name__}: {error}") from error

    def _refuse_literal(self, url: URL) -> None:
        """An address written as numbers is never resolved; it is looked at here."""
        host = url.host or ""
        try:
            refused = not self._allow_private and not is_public(host)
        except ValueError:
            return
        if refused:
            raise SendFailed(Reason.ADDRESS_REFUSED, f"{host} is a private address; `allow_private` permits it")

    def _without_secrets(self, detail: str) -> str:
        for secret in self._secrets:
            detail = detail.replace(secret, "•••")
        return detail


def path_secrets(url: str) -> list[str]:
    """What must not be told of an address that is itself the key: its path and what its query says."""
    parsed = URL(url)
    parts = [url, str(parsed), parsed.path_qs, parsed.raw_path_qs, *parsed.path.split("/"), *parsed.query.values()]
    return [part for part in parts if len(part) >= _KEY_LENGTH]


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The body, as much of it as anybody needs."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= _MOST:
            break
    return bytes(body[:_MOST])


def is_public(address: str) -> bool:
    """True for an address out in the world; one that wraps another is judged by what it wraps."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        wrapped = _wrapped(ip)
        if wrapped is not None:
            ip = wrapped
    return ip.is_global and not ip.is_multicast


def _wrapped(ip: IPv6Address) -> IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    return IPv4Address(int(ip) & 0xFFFFFFFF) if int(ip) >> 32 == int(_NAT64) >> 32 else None


class Refused(OSError):
    """The address is not one we connect to."""


class PublicResolver(AbstractResolver):
    """Resolves names to addresses out in the world alone. What it returns is what is connected to, so a name that
    changes its address after being looked at gains nothing."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if is_public(one["host"])]
        if not public:
            raise Refused(f"{host} is a private address; `allow_private` permits it")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def _retry_after(header: str | None, now: datetime) -> timedelta | None:
    if header is None:
        return None
    if header.strip().isdecimal():
        return timedelta(seconds=min(int(header), 86_400))
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(timedelta(0), (until if until.tzinfo else until.replace(tzinfo=UTC)) - now)


def _reason(error: BaseException) -> Reason:
    cause: BaseException | None = error
    while cause is not None:  # aiohttp wraps what the resolver raised
        if isinstance(cause, Refused):
            return Reason.ADDRESS_REFUSED
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, aiohttp.InvalidURL):
        return Reason.BAD_CONFIG
    if isinstance(error, aiohttp.ClientSSLError):
        return Reason.TLS
    return Reason.TIMEOUT if isinstance(error, TimeoutError) else Reason.UNREACHABLE
