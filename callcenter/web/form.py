"""The file that a `multipart/form-data` body carries."""

import re
from email.message import Message
from email.parser import HeaderParser
from urllib.parse import unquote

from callcenter.errors import Invalid

_STAR = re.compile(r"filename\*=utf-8'[\w-]*'([^;\s]+)", re.IGNORECASE)
_PLAIN = re.compile(r'filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


def first_file(content_type: str, body: bytes) -> tuple[str, str, bytes]:
    """Name, media type and content of the form's first part that has a file name (RFC 7578)."""
    asked = Message()
    asked["Content-Type"] = content_type
    boundary = asked.get_boundary()
    if not boundary or not boundary.isascii():
        raise Invalid.field("/file", "bad_form", "the Content-Type names no boundary")
    mark = b"\r\n--" + boundary.encode()
    for part in (b"\r\n" + body).split(mark)[1:-1]:  # before the first mark and after the last there is nothing
        head, found, content = part.partition(b"\r\n\r\n")
        headers = HeaderParser().parsestr(head.lstrip().decode("utf-8", "replace"))
        name = _name(str(headers.get("Content-Disposition", "")))
        if found and name is not None:
            return name, str(headers.get("Content-Type", "")).partition(";")[0].strip(), content
    raise Invalid.field("/file", "missing", "send one file as a part with a file name, ended by the boundary")


def _name(disposition: str) -> str | None:
    if star := _STAR.search(disposition):
        return unquote(star[1], errors="replace")
    if plain := _PLAIN.search(disposition):
        return re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
    return None
