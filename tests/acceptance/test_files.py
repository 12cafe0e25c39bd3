"""Attachments: in and out unchanged, never run by a browser."""

from io import BytesIO
from typing import Any

import aiohttp
import pytest


def form(content: bytes, name: str | None = "photo.jpg", media: str = "image/jpeg", field: str = "file") -> Any:
    made = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    made.add_field(field, BytesIO(content), filename=name, content_type=media)
    return made


@pytest.fixture
async def number(hotline: Any) -> int:
    ticket: int = (await hotline.ring())["ticket"]["number"]
    return ticket


async def test_a_photo_comes_back_as_it_was_sent(hotline: Any, number: int) -> None:
    content = bytes(range(256)) * 1000 + b"\r\n--not-a-boundary\r\n"
    reply = await hotline.ask("POST", f"/tickets/{number}/files", data=form(content, "现场.jpg"), expect=201)
    assert (reply.body["name"], reply.body["media_type"], reply.body["size"]) == (
        "现场.jpg",
        "image/jpeg",
        len(content),
    )
    back = await hotline.ask("GET", reply.headers["Location"], expect=200)
    assert back.raw == content
    assert back.headers["Content-Type"] == "image/jpeg"
    assert back.headers["X-Content-Type-Options"] == "nosniff"
    assert back.headers["Content-Disposition"].startswith("attachment;")
    assert [one["name"] for one in (await hotline.get(f"/tickets/{number}/files"))["items"]] == ["现场.jpg"]


async def test_the_bytes_themselves(hotline: Any, number: int) -> None:
    headers = {"Content-Type": "application/pdf", "X-File-Name": "report.pdf"}
    reply = await hotline.ask("POST", f"/tickets/{number}/files", data=b"%PDF", headers=headers, expect=201)
    assert (reply.body["name"], reply.body["media_type"]) == ("report.pdf", "application/pdf")


async def test_a_media_type_with_parameters_and_one_that_is_none(hotline: Any, number: int) -> None:
    for media, kept in (("text/plain; charset=utf-8", "text/plain"), ("nonsense", "application/octet-stream")):
        reply = await hotline.ask("POST", f"/tickets/{number}/files", data=form(b"a", media=media), expect=201)
        assert reply.body["media_type"] == kept


async def test_an_attachment_may_be_larger_than_a_request(hotline: Any, number: int) -> None:
    limit = hotline.context.settings.file_limit
    reply = await hotline.ask("POST", f"/tickets/{number}/files", data=form(b"a" * limit), expect=201)
    assert reply.body["size"] == limit
    await hotline.ask("POST", f"/tickets/{number}/files", data=form(b"a" * (limit + 1)), expect=413)
    assert await hotline.count("files") == 1


def part(disposition: str, rest: str = "\r\n\r\na\r\n--x--\r\n") -> bytes:
    """A form body written by hand, with `x` as its boundary."""
    return f"--x\r\nContent-Disposition: {disposition}{rest}".encode()


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"", "x"),
        (b"garbage", "x"),
        (b"--x\r\n", "x"),
        (b"--x\r\n\r\nno name\r\n--x--\r\n", "x"),
        (part("form-data; name=file; filename=a", "\r\n\r\nno end"), "x"),
        (part("form-data; name=file"), "x"),
        (part("form-data; name=file; filename=a"), "y"),
        (part("form-data; name=file; filename=a"), ""),
        (part("form-data; name=file; filename=a", "\r\n\r\n\r\n--x--\r\n"), "x"),
        (b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n", "x"),
    ],
)
async def test_forms_that_are_none(hotline: Any, number: int, body: bytes, boundary: str) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    reply = await hotline.ask("POST", f"/tickets/{number}/files", data=body, headers=headers, expect=422)
    assert reply.pointers == ["/file"]
    assert await hotline.count("files") == 0


async def test_bytes_that_are_none(hotline: Any, number: int) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    await hotline.ask("POST", f"/tickets/{number}/files", data=b"", headers=headers, expect=422)


@pytest.mark.parametrize("name", ['""', "x" * 201, '"a\x01b"', '"a\x00b"', "utf-8", '"\u202egpj.exe"'])
async def test_names_that_are_none(hotline: Any, number: int, name: str) -> None:
    body = part(f"form-data; name=file; filename={name}") if name != "utf-8" else part("x; filename*=utf-8''%E2%80%AE")
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = await hotline.ask("POST", f"/tickets/{number}/files", data=body, headers=headers, expect=422)
    assert reply.pointers == ["/file"]


async def test_names_as_browsers_and_scripts_write_them(hotline: Any, number: int) -> None:
    headers = {"Content-Type": 'multipart/form-data; boundary="x"'}
    for written, name in (
        ('"现场 1.jpg"', "现场 1.jpg"),
        ('"a\\"b"', 'a"b'),
        ("plain", "plain"),
        ('"../../etc/x"', "../../etc/x"),
    ):
        body = part(f"form-data; name=file; filename={written}")
        reply = await hotline.ask("POST", f"/tickets/{number}/files", data=body, headers=headers, expect=201)
        assert reply.body["name"] == name
        back = await hotline.ask("GET", reply.headers["Location"], expect=200)
        assert back.headers["Content-Disposition"].isascii()
        assert "/" not in back.headers["Content-Disposition"].split("''")[1]


async def test_a_file_belongs_to_its_ticket(hotline: Any, number: int) -> None:
    made = (await hotline.ask("POST", f"/tickets/{number}/files", data=form(b"a"), expect=201)).body
    other = (await hotline.ring())["ticket"]["number"]
    await hotline.ask("GET", f"/tickets/{other}/files/{made['id']}", expect=404)
    await hotline.ask("GET", f"/tickets/{number}/files/99", expect=404)
    await hotline.ask("POST", "/tickets/7/files", data=form(b"a"), expect=404)
