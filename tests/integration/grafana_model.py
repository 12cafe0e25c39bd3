"""A JSON schema of Grafana's dashboards, read off the types of Grafana's own SDK (grafana-foundation-sdk).

The SDK is generated from the schemas Grafana itself is built with, each property with its type. Here they become a JSON
schema again, stricter than a reader would be: a property nobody knows is refused.
"""

import enum
import inspect
import re
import sys
import types
import typing
from typing import Any

PRIMITIVES: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    object: {},
    Any: {},
}
# The SDK's models have no query for PostgreSQL; Grafana's reads these.
SQL_QUERY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["rawSql", "format", "refId", "datasource"],
    "properties": {
        "datasource": {"type": "object"},
        "editorMode": {"enum": ["code", "builder"]},
        "format": {"enum": ["table", "time_series"]},
        "rawQuery": {"type": "boolean"},
        "rawSql": {"type": "string", "minLength": 1},
        "refId": {"type": "string", "minLength": 1},
    },
}


class Model:
    """Gathers the definitions of the classes a schema speaks of."""

    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Any]] = {"SqlQuery": SQL_QUERY}

    def of(self, hint: Any) -> dict[str, Any]:
        """The schema of a type."""
        if hint in PRIMITIVES:
            return PRIMITIVES[hint]
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Literal:
            return {"enum": list(inner)}
        if origin is list:
            return {"type": "array", "items": self.of(inner[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in inner]}
        if isinstance(hint, enum.EnumMeta):
            return {"enum": [one.value for one in hint]}
        assert inspect.isclass(hint), hint
        return self._class(hint)

    def _class(self, kind: type) -> dict[str, Any]:
        name = f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"
        if name == "variants.Dataquery":
            from grafana_foundation_sdk.models.prometheus import (
                Dataquery,
            )  # an extra, absent where nobody writes boards

            return {"anyOf": [self.of(Dataquery), {"$ref": "#/definitions/SqlQuery"}]}
        if name not in self.definitions and name == "dashboard.AnnotationTarget":
            # the target is a query of any source, of which the SDK knows one
            self.definitions[name] = {"anyOf": [self._object(kind), {"$ref": "#/definitions/SqlQuery"}]}
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self._object(kind)
        return {"$ref": f"#/definitions/{name}"}

    def _object(self, kind: Any) -> dict[str, Any]:
        hints = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
        named = _json_names(kind)
        assert set(named.values()) <= set(hints), kind
        return {
            "type": "object",
            "additionalProperties": False,
            "required": _always(kind),
            "properties": {name: self.of(hints[attribute]) for name, attribute in named.items()},
        }


def _json_names(kind: Any) -> dict[str, str]:
    """The attribute of each property, as the SDK reads them."""
    source = inspect.getsource(kind.from_json)
    return dict(re.findall(r'if "([^"]+)" in data:.*?args\["(\w+)"\]', source, re.DOTALL))


def _always(kind: Any) -> list[str]:
    """The properties the SDK always writes."""
    written = re.search(r"payload: dict\[str, object\] = \{(.*?)\n?\s*\}\n", inspect.getsource(kind.to_json), re.DOTALL)
    return re.findall(r'^\s*"([^"]+)":', written[1], re.MULTILINE) if written else []


def schema(kind: type) -> dict[str, Any]:
    """The JSON schema of a class of the SDK."""
    model = Model()
    return {**model.of(kind), "definitions": model.definitions}
