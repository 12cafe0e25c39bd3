"""The console's own files: from memory, compressed, kept by browsers for good where they are asked for by version."""

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

_SMALL = 1024  # compressing less than this saves nothing


class _File(NamedTuple):
    body: bytes
    packed: bytes
    etag: str
    media_type: str


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> _File:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    etag = hashlib.sha256(body).hexdigest()[:16]
    return _File(body, gzip.compress(body, 9, mtime=0) if len(body) > _SMALL else b"", etag, media_type)


def add_static(app: web.Application, prefix: str, folder: Path) -> None:
    """The files of the folder answer below the prefix; a changed file is read again."""

    root = folder.resolve()

    def find(name: str) -> _File | None:
        path = (root / name).resolve()
        inside = path.is_relative_to(root) and path.is_file()
        return _read(path, path.stat().st_mtime_ns) if inside else None

    async def serve(request: web.Request) -> web.StreamResponse:
        file = find(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return _answer(request, file)

    app.router.add_get(f"{prefix}/{{name:.+}}", serve)


def _answer(request: web.Request, file: _File) -> web.Response:
    lasting = "public, max-age=31536000, immutable" if "v" in request.query else "no-cache"
    headers = {"Cache-Control": lasting, "ETag": f'"{file.etag}"', "X-Content-Type-Options": "nosniff"}
    if any(one.value == file.etag for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    packed = bool(file.packed) and "gzip" in request.headers.get("Accept-Encoding", "")
    if file.packed:
        headers["Vary"] = "Accept-Encoding"
    if packed:
        headers["Content-Encoding"] = "gzip"
    text = file.media_type.startswith("text/") or file.media_type.endswith(("javascript", "xml"))
    return web.Response(
        body=file.packed if packed else file.body,
        content_type=file.media_type,
        charset="utf-8" if text else None,
        headers=headers,
    )
