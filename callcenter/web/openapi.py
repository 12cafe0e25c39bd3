"""The OpenAPI 3.1 document, made from the routes themselves."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

import callcenter
from callcenter.web.problems import Problem
from callcenter.web.route import Route

_REF = "#/components/schemas/{name}"


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The document of these routes."""
    routes = list(routes)
    kinds: dict[str, Any] = {repr(Problem): Problem}
    for route in routes:
        for kind in (route.body_shown or route.body, route.query, route.gives):
            if kind is not None and kind is not bytes:
                kinds[repr(kind)] = kind
    schemas, components = msgspec.json.schema_components(list(kinds.values()), ref_template=_REF)
    known = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, known, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Callcenter",
            "version": callcenter.__version__,
            "description": "Calls, tickets and every promise of a customer's contract as a clock.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, known: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": route.description,
        "tags": [route.tag],
        "parameters": _parameters(route, known, components),
        "responses": _responses(route, known),
    }
    if route.body is not None:
        binary = {"type": "string", "format": "binary"}
        schema = binary if route.body is bytes else known[repr(route.body_shown or route.body)]
        content = {
            media: {"schema": _form(binary) if media == "multipart/form-data" else schema} for media in route.media
        }
        if "application/yaml" in content:
            content["application/yaml"] = {}  # what a file holds is for its own check to say
        operation["requestBody"] = {"required": True, "content": content}
    if route.public or route.keyed:
        operation["security"] = []
    return operation


def _form(binary: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"file": binary}, "required": ["file"]}


def _parameters(route: Route, known: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"{(\w+)}", route.path):
        whole = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
        schema = whole if name in ("number", "id", "file") else {"type": "string", "minLength": 1}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if route.query is not None:
        shape = components[known[repr(route.query)]["$ref"].rsplit("/", 1)[1]]
        required = shape.get("required", ())
        for name, schema in shape["properties"].items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)})
    if route.changes:
        etag = {"type": "string", "pattern": '^([*]|(W/)?"[!#-~]*")$'}
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": etag})
    if route.method == "POST" and route.remembered:
        key = {"type": "string", "pattern": "^[!-~]{1,255}$"}
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is left out, never null."""
    kept = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    plain = {name: value for name, value in schema.items() if name not in ("anyOf", "default") or value is not None}
    if len(kept) == 1:
        plain.pop("anyOf", None)
        plain.pop("default", None)
        return {**plain, **kept[0]}
    return plain


def _responses(route: Route, known: dict[str, Any]) -> dict[str, Any]:
    refused = {"application/problem+json": {"schema": known[repr(Problem)]}}
    found: dict[str, Any] = {}
    good: dict[str, Any] = {"description": route.summary}
    if route.gives is not None:
        good["content"] = {route.gives_media: {"schema": known[repr(route.gives)]}}
    elif route.status != 204:
        good["content"] = {route.gives_media: {}}
    for media in route.also_media:
        good["content"][media] = {}
    for status in (route.status, *route.also):
        found[str(status)] = good
    codes = {
        401: "No valid token",
        403: "The role may not do it",
        404: "There is no such thing",
        422: "Invalid request",
        429: "Too many requests",
        503: "The database does not answer just now",
    }
    if route.public:
        codes = {429: codes[429], 503: codes[503]}
    if route.body is not None:
        codes |= {400: "Broken JSON", 413: "Too large", 415: "Unsupported media type", 422: "Invalid request"}
    if route.method in ("POST", "PUT", "DELETE", "PATCH"):
        codes |= {400: "Broken request", 409: "It collides with what is stored"}
    if route.changes:
        codes |= {412: "Changed in between", 428: "If-Match is missing"}
    for status, description in sorted(codes.items()):
        found[str(status)] = {"description": description, "content": refused}
    return found
