"""Cursor paging: `{"items", "next"}`, where `next` is opaque and goes into `?cursor=`."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from callcenter.errors import Invalid

Item = TypeVar("Item")
Cursor = Annotated[str, Meta(max_length=400)]
Limit = Annotated[int, Meta(ge=1, le=500)]


class Page(msgspec.Struct, Generic[Item], kw_only=True):
    """A part of a list; `next` is null on the last page."""

    items: list[Item]
    next: str | None


def cut(items: list[Any], limit: int, key: Any) -> Page[Any]:
    """The page of a list that was read one longer than `limit`; `key` tells where an item stands."""
    more = len(items) > limit
    items = items[:limit]
    return Page(items=items, next=_written(key(items[-1])) if more else None)


def _written(place: int | str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def after(cursor: str | None, start: Any) -> Any:
    """Where a page begins: after the cursor's place, or at `start`."""
    if cursor is None:
        return start
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(raw, type=type(start))
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise Invalid.field("?cursor", "bad_cursor", "take the cursor from `next` of the page before") from error
    if isinstance(place, int) and not 0 <= place < 2**63:
        raise Invalid.field("?cursor", "bad_cursor", "take the cursor from `next` of the page before")
    if isinstance(place, str) and "\x00" in place:
        raise Invalid.field("?cursor", "bad_cursor", "take the cursor from `next` of the page before")
    return place
