"""Refusals as `application/problem+json` (RFC 9457)."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from aiohttp import web

from callcenter.errors import (
    CallcenterError,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    Stale,
    Unauthorized,
)

_STATUS: dict[type[CallcenterError], tuple[int, str]] = {
    Invalid: (422, "Invalid request"),
    NotFound: (404, "Not found"),
    Conflict: (409, "Conflict"),
    Stale: (412, "Changed in between"),
    Forbidden: (403, "Not allowed"),
    Unauthorized: (401, "Not signed in"),
}


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong, for programs and people."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    errors: list["ProblemField"] = []


class ProblemField(msgspec.Struct):
    """One field at fault."""

    pointer: str
    code: str
    detail: str


class Refused(Exception):
    """Carries a finished response out of the middle of parsing."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


def problem(
    status: int, title: str, detail: str, errors: tuple[FieldError, ...] = (), headers: Mapping[str, str] | None = None
) -> web.Response:
    """The response that says what went wrong."""
    fields = [ProblemField(error.pointer, error.code, error.detail) for error in errors]
    body = msgspec.json.encode(Problem(title, status, detail, errors=fields))
    return web.Response(body=body, status=status, content_type="application/problem+json", headers=headers)


def refusal(error: CallcenterError) -> web.Response:
    """The response for something the service refuses on purpose."""
    status, title = _STATUS[type(error)]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return problem(status, title, error.detail, error.errors, headers)


_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<where>(?:key in )?\$.*)`)?$", re.DOTALL)
_NAMED = re.compile(r"(?:missing required|unknown) field `(?P<name>[^`]*)`")
_CODES = (
    ("missing required field", "missing"),
    ("unknown field", "unknown_field"),
    ("timezone component", "naive_time"),
    ("matching regex", "bad_characters"),
    ("of length", "bad_length"),
    ("` >= ", "out_of_range"),
    ("` <= ", "out_of_range"),
    ("Expected", "wrong_type"),
    ("Invalid enum value", "unknown_value"),
)


# What a pattern asks for, by a part of it, in words.
_SHAPES = (
    ("-(0[1-9]|1[0-2])$", "a month such as 2026-10"),
    ("-[0-9]{2}-[0-9]{2}$", "a day such as 2026-10-31"),
    ("^(day|half_hour)$", "day or half_hour"),
    ("2[0-3]):[0-5][0-9]$", "a time of day such as 08:30"),
    ("^[0-9]{1,15}(", "an amount such as 1250.50"),
    ("^[A-Za-z0-9][A-Za-z0-9._@-]*$", "letters, digits and . _ @ -"),
    ("x00]*$", "text without a NUL character"),
)


def field_of(error: msgspec.ValidationError) -> FieldError:
    """The field a msgspec error speaks of."""
    match = _AT.match(str(error))
    assert match is not None, "the pattern matches every text"
    what, where = match["what"], (match["where"] or "$").removeprefix("key in ")
    pointer = "".join(f"/{part}" for part in re.findall(r"[^.\[\]$]+", where) if part != "...")
    if named := _NAMED.search(what):
        pointer += f"/{named['name']}"
    code = next((code for text, code in _CODES if text in what), "invalid")
    if code == "bad_characters":
        what = next((f"expected {words}" for shape, words in _SHAPES if shape in what), what)
    return FieldError(pointer, code, what)


def unreadable(body: bytes, error: Exception) -> web.Response:
    """The response to a body that is no JSON; where Python can still read it, the field with the bad text is named."""
    errors: tuple[FieldError, ...] = ()
    try:
        # a lone surrogate is JSON to the grammar and text to nobody
        bad = next(_with_surrogates(json.loads(body), ""), None)
    except (ValueError, RecursionError):
        bad = None
    if bad is not None:
        errors = (FieldError(bad, "bad_characters", "the text holds half of a surrogate pair"),)
    return problem(400, "Broken JSON", f"the body is not valid JSON: {error}", errors)


def _with_surrogates(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            yield pointer
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _with_surrogates(name, pointer)
            yield from _with_surrogates(inner, f"{pointer}/{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _with_surrogates(inner, f"{pointer}/{place}")
