"""Users with their passwords, and tokens."""

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta

import argon2

from callcenter.errors import Conflict, Invalid, NotFound
from callcenter.rights import ROLES
from callcenter.services import resources
from callcenter.services.resources import RESOURCES, User
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store import tokens, users
from callcenter.store.types import Connection, Row

NewUser = User
SHORTEST = 8
_hasher = argon2.PasswordHasher()
_US = Actor("command line", "admin")


async def _hashed(password: str) -> str:
    if len(password) < SHORTEST:
        raise Invalid.field("/password", "too_short", f"a password has {SHORTEST} characters or more")
    return await asyncio.to_thread(_hasher.hash, password)


async def create(conn: Connection, user: User, password: str, settings: Settings, now: datetime) -> None:
    """The user can sign in; Conflict where the login is taken."""
    hashed = await _hashed(password)
    async with conn.transaction():
        if await users.exists(conn, user.login):
            raise Conflict(f"there is a user {user.login} already")
        await resources.add(conn, RESOURCES["users"], user, settings, _US, now)
        await users.set_password(conn, user.login, hashed, now)


async def set_password(conn: Connection, login: str, password: str, now: datetime) -> None:
    """The user signs in with this password from now on."""
    if not await users.set_password(conn, login, await _hashed(password), now):
        raise NotFound(f"nobody signs in as {login}")


async def listing(conn: Connection) -> list[Row]:
    """All users by login."""
    return await users.listing(conn)


async def create_token(
    conn: Connection, name: str, role: str, login: str | None, days: int | None, now: datetime
) -> str:
    """A new token; only its hash is stored."""
    if role not in ROLES:
        raise Invalid.field("/role", "unknown_role", f"no role {role}; there are {', '.join(ROLES)}")
    if login is not None and not await users.exists(conn, login):
        raise Invalid.field("/login", "unknown_login", f"nobody signs in as {login}")
    secret = "cc_" + secrets.token_urlsafe(32)
    expires_at = now + timedelta(days=days) if days is not None else None
    await tokens.add(conn, name, role, login, hashlib.sha256(secret.encode()).digest(), now, expires_at)
    return secret


async def tokens_of_all(conn: Connection) -> list[Row]:
    """All tokens, without their secrets."""
    return await tokens.listing(conn, 0, 10_000)


async def revoke_token(conn: Connection, token: int, now: datetime) -> None:
    """The token is no longer valid; NotFound where there was none."""
    if not await tokens.revoke(conn, token, now):
        raise NotFound(f"no valid token {token}")
