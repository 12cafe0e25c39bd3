"""The hook telephone systems call: Zammad's generic one, so that what speaks to that speaks to this."""

from urllib.parse import parse_qsl

import msgspec

from callcenter.errors import Invalid
from callcenter.services import cti
from callcenter.services.cti import CtiAnswer, CtiEvent
from callcenter.web.problems import field_of
from callcenter.web.route import Asked, Route

_FORM = "application/x-www-form-urlencoded"


async def hook(asked: Asked) -> CtiAnswer:
    """Takes one event of a call."""
    event = _event(asked.http.content_type, asked.raw)
    return await cti.take(asked.conn, asked.context, asked.actor, event, asked.now)


async def heartbeat(asked: Asked) -> None:
    """Takes word that the telephone system is there."""
    await cti.beat(asked.conn, asked.actor, asked.now)


def _event(content_type: str, raw: bytes) -> CtiEvent:
    try:
        if content_type == _FORM:
            return msgspec.convert(_fields(raw), CtiEvent, strict=False)
        return msgspec.json.decode(raw, type=CtiEvent)
    except msgspec.ValidationError as error:
        found = field_of(error)
        raise Invalid(f"{found.pointer or 'body'}: {found.detail}", (found,)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is neither JSON nor a form: {error}") from error


def _fields(raw: bytes) -> dict[str, str | list[str]]:
    """The form's fields; `user[]` may come several times."""
    fields: dict[str, str | list[str]] = {}
    users: list[str] = []
    for name, value in parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=200):
        if name in ("user", "user[]"):
            users += [value] if value else []
        elif value or name in ("event", "callId"):
            fields[name] = value
    return {**fields, "user": list[str](users)}


ROUTES = [
    Route(
        "POST",
        "/cti/{token}",
        hook,
        "telephone.tell",
        "Tell of a telephone call (Zammad-compatible: newCall, answer, hangup). The token stands in the path",
        CtiAnswer,
        body=CtiEvent,
        media=("application/json", _FORM),
        raw_body=True,
        keyed=True,
    ),
    Route(
        "POST",
        "/cti/{token}/heartbeat",
        heartbeat,
        "telephone.tell",
        "Report that the telephone system is there and its lines are up, each minute. The token stands in the path",
        None,
        status=204,
        keyed=True,
    ),
]
