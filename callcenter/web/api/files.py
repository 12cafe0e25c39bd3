"""Attachments: sent as multipart form data or as the bytes themselves."""

import re
from urllib.parse import quote

from callcenter.errors import Invalid
from callcenter.services import files as service
from callcenter.services.files import Files, FileShown
from callcenter.web.form import first_file
from callcenter.web.problems import Refused, problem
from callcenter.web.route import Answer, Asked, Route

_MEDIA_TYPE = re.compile(r"^[\w.+-]{1,60}/[\w.+-]{1,80}$", re.ASCII)


async def add(asked: Asked) -> Answer:
    """Attaches a file to a ticket."""
    name, media_type, content = _received(asked)
    if not name.isprintable() or not 1 <= len(name) <= 200:
        raise Invalid.field("/file", "bad_name", "a file name has 1 to 200 printable characters")
    limit = asked.context.settings.file_limit
    if len(content) > limit:
        raise Refused(problem(413, "Too large", f"a file may have {limit} bytes here"))
    if not _MEDIA_TYPE.match(media_type):
        media_type = "application/octet-stream"
    made = await service.add(asked.conn, asked.context, asked.number, name, media_type, content, asked.actor, asked.now)
    return Answer(made, location=f"/api/v1/tickets/{made.ticket}/files/{made.id}")


def _received(asked: Asked) -> tuple[str, str, bytes]:
    if not asked.http.content_type.startswith("multipart/"):
        return asked.http.headers.get("X-File-Name", "file"), asked.http.content_type, asked.raw
    return first_file(asked.http.headers.get("Content-Type", ""), asked.raw)


async def listing(asked: Asked) -> Files:
    """A ticket's attachments."""
    return await service.listing(asked.conn, asked.context, asked.number, asked.actor)


async def content(asked: Asked) -> Answer:
    """An attachment's bytes, never run by a browser."""
    found = await service.content(asked.conn, asked.context, asked.number, asked.path["file"], asked.actor)
    disposition = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return Answer(raw=found.content, media_type=found.media_type, headers=headers)


_ALL = "/api/v1/tickets/{number}/files"
ROUTES = [
    Route(
        "POST",
        _ALL,
        add,
        "files.write",
        "Attach a file",
        FileShown,
        body=bytes,
        media=("multipart/form-data", "application/octet-stream"),
        raw_body=True,
        attaches=True,
        status=201,
    ),
    Route("GET", _ALL, listing, "files.read", "List a ticket's files", Files),
    Route("GET", f"{_ALL}/{{file}}", content, "files.read", "Read a file", None, gives_media="*/*"),
]
