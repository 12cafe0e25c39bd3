"""Type-ahead: a name, its pinyin initials, the end of a telephone number, a serial number, a ticket's number."""

import re
from typing import Literal

import msgspec
from pypinyin import Style, lazy_pinyin

from callcenter.rights import may
from callcenter.services.types import Actor
from callcenter.store import finding as store
from callcenter.store.types import Connection, Row

# A name is found from each of its first words or characters on, and by this much of it.
_STARTS, _LENGTH = 10, 24
_WORD = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]|[^\W_]+", re.UNICODE)
_DIGITS = re.compile(r"[\s()+./-]")
_LEARNT_AT_ONCE = 500


class Hit(msgspec.Struct, kw_only=True):
    """Something found; the ids say what picking it means."""

    kind: Literal["contact", "account", "asset", "ticket"]
    label: str
    detail: str = ""
    contact: int | None = None
    account: int | None = None
    asset: int | None = None
    ticket: int | None = None
    phone: str | None = None


def terms_of(name: str) -> set[str]:
    """The texts by which a name is found when somebody has begun to type one of them."""
    low = name.lower()
    starts = [match.start() for match in _WORD.finditer(low)]
    found = {low[start : start + _LENGTH] for start in starts[:_STARTS]}
    letters = "".join(_initial(word) for word in _WORD.findall(low) if word)
    return found | {letters[start : start + _LENGTH] for start in range(min(len(letters), _STARTS))}


def _initial(word: str) -> str:
    return lazy_pinyin(word, style=Style.FIRST_LETTER, errors=lambda chars: chars[0])[0][:1]


async def learn(conn: Connection) -> int:
    """Names written lately can be found; gives how many there were."""
    async with conn.transaction():
        rows = await store.due(conn, _LEARNT_AT_ONCE)
        if rows:
            records = [(row["kind"], row["record"]) for row in rows]
            terms = [
                (term, row["kind"], row["record"]) for row in rows if row["name"] for term in terms_of(row["name"])
            ]
            await store.learn(conn, records, terms)
    return len(rows)


async def find(conn: Connection, text: str, actor: Actor, limit: int = 8, *, tickets: bool = False) -> list[Hit]:
    """What the text may mean, best first: people and customers, equipment, and with `tickets` those too."""
    wanted = " ".join(text.replace("\x00", "").lower().split())[:_LENGTH]
    if not wanted:
        return []
    await learn(conn)
    hits: list[Hit] = []
    digits = _DIGITS.sub("", wanted)
    if tickets:
        hits += await _tickets(conn, wanted, limit)
    if digits.isascii() and digits.isdigit() and len(digits) >= 3 and may(actor.role, "phones.read"):
        # the zero before an area code is not part of the number as it is stored
        tail = digits.removeprefix("0") if len(digits) > 9 else digits
        hits += [_person(row) for row in await store.by_phone_tail(conn, tail, limit)]
    hits += [_person(row) for row in await store.by_name(conn, wanted, limit)]
    if len(wanted) >= 3:
        hits += [_equipment(row) for row in await store.by_serial(conn, wanted, limit)]
    shown = hits[:limit]
    if not may(actor.role, "phones.read"):
        return [msgspec.structs.replace(hit, phone=None) for hit in shown]
    return shown


def _person(row: Row) -> Hit:
    if row["contact"] is None:
        return Hit(kind="account", label=row["account_name"], account=row["account"])
    detail = " · ".join(part for part in (row["account_name"], row["site_name"]) if part)
    return Hit(
        kind="contact", label=row["contact_name"], detail=detail, contact=row["contact"], account=row["account"],
        phone=row["phone"],
    )  # fmt: skip


def _equipment(row: Row) -> Hit:
    label = " · ".join(part for part in (row["serial"], row["model"]) if part)
    detail = " · ".join(part for part in (row["account_name"], row["site_name"]) if part)
    return Hit(kind="asset", label=label, detail=detail, asset=row["asset"], account=row["account"])


async def _tickets(conn: Connection, text: str, limit: int) -> list[Hit]:
    bare = text.lstrip("#")
    number = int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 19 else None
    rows = await store.ticket(conn, number, text, limit)
    return [
        Hit(
            kind="ticket",
            label=f"#{row['number']} {row['title']}",
            detail=row["account_name"] or "",
            ticket=row["number"],
        )
        for row in rows
    ]
