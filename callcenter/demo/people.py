"""Who works at the demo's hotline: one sign-in for each role, colleagues, teams, queues, partners, and the rota."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from callcenter.rights import ROLES
from callcenter.services import people, resources
from callcenter.services.context import Context
from callcenter.services.resources import RESOURCES, Partner, Queue, Role, Rota, Team, User
from callcenter.services.types import Actor
from callcenter.store.types import Connection

US = Actor("demo", "admin")
HOTLINE, COMPLAINTS = "hotline", "complaints"
ENGINEERS = ("engineer", "sun.wei", "xu.jing")
AGENTS = ("agent", "zhao.min")
_NAMES = {
    "agent": "Lin Yue 林悦", "dispatcher": "Ma Qiang 马强", "engineer": "Chen Gang 陈刚", "partner": "Wu Lei 吴磊",
    "follow_up": "He Fang 何芳", "supervisor": "Zhou Ping 周平", "contract_manager": "Gao Yan 高燕",
    "admin": "Tang Hua 唐华", "auditor": "Shen Bo 沈波", "wallboard": "Wall board", "integration": "Integrations",
}  # fmt: skip
_COLLEAGUES: tuple[tuple[str, str, Role], ...] = (
    ("zhao.min", "Zhao Min 赵敏", "agent"),
    ("sun.wei", "Sun Wei 孙伟", "engineer"),
    ("xu.jing", "Xu Jing 徐静", "engineer"),
    ("luo.bin", "Luo Bin 罗斌", "supervisor"),
)
_PARTNERS = (
    Partner(name="Anqing Networks", regions=["province"], product_lines=["switch", "server"], phone="0556-5550142"),
    Partner(name="Fuyang Systems", regions=["province"], product_lines=["printer", "server"], phone="0558-5550177"),
)
_TEAMS = (
    Team(name="city engineers", members=list(ENGINEERS), remarks="own engineers, for Hefei"),
    Team(name="province", members=["partner"], remarks="served by partners"),
)
_QUEUES = (
    Queue(name=HOTLINE),
    Queue(name=COMPLAINTS, answer_within_s=30),
)
_SHIFTS = 56  # of twelve hours: four weeks ahead


class SignIn(msgspec.Struct, frozen=True):
    """What somebody signs in with."""

    role: str
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class Staff:
    """The sign-ins and the API tokens of the demo, one of each for every role."""

    users: list[SignIn]
    tokens: dict[str, str]


async def hire(pool: asyncpg.Pool, context: Context, now: datetime) -> Staff:
    """Everybody can sign in, and the rota says who is on duty for four weeks."""
    async with pool.acquire() as conn:
        partners = [await _add(conn, context, "partners", one, now) for one in _PARTNERS]
    sign_ins = [SignIn(role, role, secrets.token_urlsafe(9)) for role in ROLES]
    await asyncio.gather(*(_sign_up(pool, context, one, partners[0].id, now) for one in sign_ins))
    async with pool.acquire() as conn:
        for login, name, role in _COLLEAGUES:
            await _add(conn, context, "users", User(login=login, name=name, role=role, locale="zh-CN"), now)
        for team in _TEAMS:
            await _add(conn, context, "teams", team, now)
        for queue in _QUEUES:
            await _add(conn, context, "queues", queue, now)
        await _plan(conn, context, now)
        tokens = {role: await people.create_token(conn, f"demo {role}", role, role, None, now) for role in ROLES}
    return Staff(sign_ins, tokens)


async def _sign_up(pool: asyncpg.Pool, context: Context, one: SignIn, partner: int, now: datetime) -> None:
    user = User(
        login=one.login, name=_NAMES[one.role], role=one.role, email=f"{one.login}@hotline.example",  # type: ignore[arg-type]  # ROLES are the roles
        partner=partner if one.role == "partner" else None,
    )  # fmt: skip
    async with pool.acquire() as conn:
        await people.create(conn, user, one.password, context.settings, now)


async def _plan(conn: Connection, context: Context, now: datetime) -> None:
    """Two supervisors take turns of twelve hours; the head of service is on duty all the time."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    until = start + timedelta(hours=12 * _SHIFTS)
    await _add(conn, context, "rota", Rota(duty="head_of_service", login="admin", from_at=start, until_at=until), now)
    for shift in range(_SHIFTS):
        begin = start + timedelta(hours=12 * shift)
        login = ("supervisor", "luo.bin")[shift % 2]
        turn = Rota(duty="supervisor", login=login, from_at=begin, until_at=begin + timedelta(hours=12))
        await _add(conn, context, "rota", turn, now)


async def _add(conn: Connection, context: Context, name: str, record: msgspec.Struct, now: datetime) -> Any:
    return await resources.add(conn, RESOURCES[name], record, context.settings, US, now)
