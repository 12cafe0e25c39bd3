"""Outgoing webhooks, signed as Standard Webhooks (standardwebhooks.com) lays down."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Meta
from yarl import URL

from alerts.channels.setup import Setup
from alerts.message import Message, payload
from alerts.reasons import Reason, SendFailed
from alerts.words import Locale

_PREFIX = "whsec_"
_NAT64 = IPv6Address("64:ff9b::")


class WebhookConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a webhook channel."""

    url: Annotated[str, Meta(pattern="^https?://[^/?#]+")]
    secret: str | None = None
    allow_private: bool = False
    locale: Locale = "en"

    def __post_init__(self) -> None:
        if self.secret is not None:
            signing_key(self.secret)
        if not URL(self.url).host:
            raise ValueError("`url` names no host")


def signing_key(secret: str) -> bytes:
    """The key of a `whsec_...` secret; ValueError where it is not one."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or not 16 <= len(key) <= 64:
        raise ValueError("`secret` is whsec_ and the base64 of 24 to 64 random bytes")
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body."""
    signed = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


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


class _Refused(OSError):
    """The address is not one we connect to."""


class _PublicResolver(AbstractResolver):
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
            raise _Refused(f"{host} is a private address; `allow_private` permits it")
        return public

    async def close(self) -> None:
        await self._resolver.close()


class Webhook:
    """Posts messages to one address; redirects are not followed."""

    def __init__(self, config: WebhookConfig, setup: Setup) -> None:
        self._config = config
        self._setup = setup
        self._key = signing_key(config.secret) if config.secret else None
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> None:
        """The receiver answered 2xx."""
        now = self._setup.now()
        body = msgspec.json.encode(payload(message, self._config.locale, now, self._setup.base_url))
        await self._post(body, self._headers(str(message.id), int(now.timestamp()), body))

    async def check(self) -> None:
        """The address can be connected to."""
        self._refuse_literal()
        url = URL(self._config.url)
        try:
            found = await (aiohttp.ThreadedResolver() if self._config.allow_private else _PublicResolver()).resolve(
                url.host or "", url.port or 443
            )
            _, writer = await asyncio.wait_for(asyncio.open_connection(found[0]["host"], url.port), timeout=5)
            writer.close()
        except OSError as error:
            raise SendFailed(_reason(error), str(error)) from error

    async def close(self) -> None:
        """Connections are closed."""
        if self._session is not None:
            await self._session.close()

    def _headers(self, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
        }
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, message_id, timestamp, body)
        return headers

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> None:
        self._refuse_literal()
        if self._session is None:
            resolver = None if self._config.allow_private else _PublicResolver()
            # no cached addresses and no kept connections to a name that may point elsewhere by now
            connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.post(
                self._config.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:
                    raise self._failure(response, await response.content.read(200))
        except (aiohttp.ClientError, OSError) as error:
            raise SendFailed(_reason(error), f"{type(error).__name__}: {error}") from error

    def _refuse_literal(self) -> None:
        """An address written as numbers is never resolved; it is looked at here."""
        host = URL(self._config.url).host or ""
        try:
            refused = not self._config.allow_private and not is_public(host)
        except ValueError:
            return
        if refused:
            raise SendFailed(Reason.ADDRESS_REFUSED, f"{host} is a private address; `allow_private` permits it")

    def _failure(self, response: aiohttp.ClientResponse, said: bytes) -> SendFailed:
        status = response.status
        detail = f"HTTP {status} {said.decode(errors='replace')}".strip()
        if status == 410:
            return SendFailed(Reason.GONE, detail)
        retry_after = _retry_after(response.headers.get("Retry-After"), self._setup.now())
        if status == 429:
            return SendFailed(Reason.RATE_LIMITED, detail, retry_after)
        return SendFailed(Reason.UNAVAILABLE if status >= 500 else Reason.REJECTED, detail, retry_after)


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
        if isinstance(cause, _Refused):
            return Reason.ADDRESS_REFUSED
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, aiohttp.InvalidURL):
        return Reason.BAD_CONFIG
    if isinstance(error, aiohttp.ClientSSLError):
        return Reason.TLS
    return Reason.TIMEOUT if isinstance(error, TimeoutError) else Reason.UNREACHABLE
