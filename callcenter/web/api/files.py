"""Attachments: sent as multipart form data or as the bytes themselves."""

import asyncio
import re
from urllib.parse import quote

from aiohttp import BodyPartReader, MultipartReader, StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError

from callcenter.errors import Invalid
from callcenter.services import files as service
from callcenter.services.files import Files, FileShown
from callcenter.web.problems import Refused, problem
from callcenter.web.route import Answer, Asked, Route

_MEDIA_TYPE = re.compile(r"^[\w.+-]{1,60}/[\w.+-]{1,80}$", re.ASCII)


async def add(asked: Asked) -> Answer:
    """Attaches a file to a ticket."""
    name, media_type, content = await _received(asked)
    if not name.isprintable() or not 1 <= len(name) <= 200:
        raise Invalid.field("/file", "bad_name", "a file name has 1 to 200 printable characters")
    limit = asked.context.settings.file_limit
    if len(content) > limit:
        raise Refused(problem(413, "Too large", f"a file may have {limit} bytes here"))
    if not _MEDIA_TYPE.match(media_type):
        media_type = "application/octet-stream"
    made = await service.add(asked.conn, asked.context, asked.number, name, media_type, content, asked.actor, asked.now)
    return Answer(made, location=f"/api/v1/tickets/{made.ticket}/files/{made.id}")


async def _received(asked: Asked) -> tuple[str, str, bytes]:
    if not asked.http.content_type.startswith("multipart/"):
        return asked.http.headers.get("X-File-Name", "file"), asked.http.content_type, asked.raw
    try:
        part = await MultipartReader(asked.http.headers, _stream(asked.raw)).next()
        if not isinstance(part, BodyPartReader) or part.filename is None:
            raise Invalid.field("/file", "missing", "send one file, as the form's first part")
        media_type = part.headers.get("Content-Type", "").partition(";")[0].strip()
        return part.filename, media_type, bytes(await part.read())
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:
        raise Invalid.field("/file", "bad_form", f"the form cannot be read: {error}") from error


def _stream(raw: bytes) -> StreamReader:
    """The bytes as the form reader takes them."""
    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    stream.feed_data(raw)
    stream.feed_eof()
    return stream


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
    Route("POST", _ALL, add, "files.write", "Attach a file", FileShown, body=bytes,
          media=("multipart/form-data", "application/octet-stream"), raw_body=True, attaches=True, status=201),
    Route("GET", _ALL, listing, "files.read", "List a ticket's files", Files),
    Route("GET", f"{_ALL}/{{file}}", content, "files.read", "Read a file", None, gives_media="*/*"),
]  # fmt: skip
