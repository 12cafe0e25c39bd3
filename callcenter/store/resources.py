"""Plain records people keep by hand: customers, places, equipment, people, teams, queues, rota, channels.

They are stored alike (an id, columns, a version for ETags), so one set of statements serves them all; what differs
is in `services.resources`. Table and column names come from that code, values travel as parameters.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from callcenter.errors import FieldError, Invalid
from callcenter.store.types import Asking, Connection, Row


async def page(
    conn: Connection, table: str, filters: Mapping[str, Any], after: int, limit: int, like: Mapping[str, str]
) -> list[Row]:
    """Records by id after the given one; `filters` must equal, one of the columns in `like` must contain its text."""
    conditions = ["id > $1", *(f"{column} = ${place}" for place, column in enumerate(filters, 2))]
    values = [after, *filters.values()]
    if like:
        text = next(iter(like.values())).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values.append(f"%{text}%")
        conditions.append("(" + " or ".join(f"{column} ilike ${len(values)}" for column in like) + ")")
    text = f"select * from {table} where {' and '.join(conditions)} order by id limit {int(limit)}"  # noqa: S608
    return list(await conn.fetch(text, *values))


async def get(conn: Connection, table: str, record: int, *, lock: bool = False) -> Row | None:
    """One record, or None; with `lock` it is this transaction's until it ends."""
    return await conn.fetchrow(
        f"select * from {table} where id = $1{' for update' if lock else ''}",  # noqa: S608
        record,
    )


async def add(conn: Connection, table: str, values: Mapping[str, Any], now: datetime) -> Row:
    """Stores a new record and gives it back."""
    columns = [*values, "created_at", "updated_at"]
    places = [f"${place}" for place in range(1, len(values) + 1)] + [f"${len(values) + 1}"] * 2
    text = f"insert into {table} ({', '.join(columns)}) values ({', '.join(places)}) returning *"  # noqa: S608
    return await conn.fetchrow(text, *values.values(), now)


async def change(conn: Connection, table: str, record: int, values: Mapping[str, Any], now: datetime) -> Row:
    """Changes columns of a record, raises its version and gives it back."""
    sets = [f"{column} = ${place}" for place, column in enumerate(values, 3)]
    text = f"""update {table} set {", ".join([*sets, "version = version + 1", "updated_at = $2"])}
               where id = $1 returning *"""  # noqa: S608
    return await conn.fetchrow(text, record, now, *values.values())


async def remove(conn: Connection, table: str, record: int) -> None:
    """The record is gone."""
    await conn.execute(f"delete from {table} where id = $1", record)  # noqa: S608


_TABLES = {"account": "accounts", "site": "sites", "contact": "contacts", "asset": "assets", "partner": "partners"}


async def check_references(conn: Asking, given: Mapping[str, Any], pointer: str = "") -> None:
    """Raises Invalid naming every field that points at a record that is not there."""
    wrong = []
    for field, record in given.items():
        table = _TABLES.get(field)
        if table is None or record is None:
            continue
        if not await conn.fetchval(f"select true from {table} where id = $1", record):  # noqa: S608
            wrong.append(FieldError(f"{pointer}/{field}", f"unknown_{field}", f"there is no {field} {record}"))
    if wrong:
        raise Invalid(wrong[0].detail, tuple(wrong))


async def asset_owner(conn: Asking, asset: int) -> dict[str, Any]:
    """Account and site of an asset, with the names and the region of the site."""
    row = await conn.fetchrow(
        """select e.account, e.site, a.name as account_name, s.name as site_name, s.region
           from assets e join accounts a on a.id = e.account left join sites s on s.id = e.site where e.id = $1""",
        asset,
    )
    return dict(row)


async def same_partner(conn: Connection, login: str, other: str) -> bool:
    """True when both people work for the same service partner."""
    found = await conn.fetchval(
        """select true from users u join users o on o.partner = u.partner
           where u.login = $1 and o.login = $2""",
        login,
        other,
    )
    return bool(found)


async def unknown_logins(conn: Connection, logins: Iterable[str]) -> list[str]:
    """Those of the logins that nobody has."""
    wanted = list(logins)
    known = {row["login"] for row in await conn.fetch("select login from users where login = any ($1)", wanted)}
    return [login for login in wanted if login not in known]
