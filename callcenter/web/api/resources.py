"""The plain records, one set of routes each."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from callcenter.services import resources
from callcenter.services.resources import RESOURCES, Resource
from callcenter.services.types import Id
from callcenter.web.api.paging import Cursor, Limit, Page, after, cut
from callcenter.web.route import Answer, Asked, Handler, Route

_PLAIN = Annotated[str, Meta(max_length=300, pattern="^[^\\x00]*$")]


def _query(resource: Resource) -> type[msgspec.Struct]:
    numbers = ("account", "site")
    fields: list[Any] = [(name, (Id if name in numbers else _PLAIN) | None, None) for name in resource.filters]
    fields += [("q", _PLAIN | None, None), ("cursor", Cursor | None, None), ("limit", Limit, 50)]
    return msgspec.defstruct(f"{resource.record.__name__}Query", fields, forbid_unknown_fields=True, kw_only=True)


def _listing(resource: Resource) -> Handler:
    async def handle(asked: Asked) -> Any:
        given = {name: getattr(asked.query, name) for name in resource.filters}
        filters = {name: value for name, value in given.items() if value is not None}
        start, limit = after(asked.query.cursor, 0), asked.query.limit
        rows = await resources.page(asked.conn, resource, filters, start, limit + 1, asked.query.q, asked.actor)
        return cut(rows, limit, lambda row: row.id)

    return handle


def _adding(resource: Resource) -> Handler:
    async def handle(asked: Asked) -> Any:
        settings = asked.context.settings
        made = await resources.add(asked.conn, resource, asked.body, settings, asked.actor, asked.now)
        return Answer(made, location=f"/api/v1/{resource.name}/{made.id}")

    return handle


def _getting(resource: Resource) -> Handler:
    async def handle(asked: Asked) -> Any:
        return await resources.get(asked.conn, resource, asked.number, asked.actor)

    return handle


def _changing(resource: Resource) -> Handler:
    async def handle(asked: Asked) -> Any:
        assert asked.if_match is not None, "the route asks for If-Match"
        settings = asked.context.settings
        return await resources.change(
            asked.conn, resource, asked.number, asked.body, asked.if_match, settings, asked.actor, asked.now
        )

    return handle


def _removing(resource: Resource) -> Handler:
    async def handle(asked: Asked) -> Any:
        assert asked.if_match is not None, "the route asks for If-Match"
        await resources.remove(asked.conn, resource, asked.number, asked.if_match, asked.now)

    return handle


def _routes(resource: Resource) -> list[Route]:
    base, one = f"/api/v1/{resource.name}", f"/api/v1/{resource.name}/{{id}}"
    shown: Any = resource.shown
    page = Page[shown]
    word = resource.record.__name__.lower()
    return [
        Route("GET", base, _listing(resource), resource.reads, f"List {resource.name}", page, query=_query(resource)),
        Route(
            "POST", base, _adding(resource), resource.writes, f"Add a {word}", shown, body=resource.record, status=201
        ),
        Route("GET", one, _getting(resource), resource.reads, f"Read a {word}", shown),
        Route(
            "PATCH",
            one,
            _changing(resource),
            resource.writes,
            f"Change a {word}",
            shown,
            body=resource.change,
            changes=True,
        ),
        Route("DELETE", one, _removing(resource), resource.writes, f"Remove a {word}", None, status=204, changes=True),
    ]


ROUTES = [route for resource in RESOURCES.values() for route in _routes(resource)]
