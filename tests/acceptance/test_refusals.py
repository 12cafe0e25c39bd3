"""Bad input is refused by name, with problem+json, and leaves nothing behind; good input is taken word for word."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import msgspec
from aiohttp.test_utils import TestServer

from callcenter.services.context import Context
from callcenter.web.app import build

TICKET = {"contract": "HF-1", "region": "city", "title": "No network", "facts": {"impact": "down"}}
JSON = {"Content-Type": "application/json"}
WRITTEN = ("calls", "tickets", "entries", "clocks", "queues", "idempotency")


async def nothing_stored(hotline: Any) -> None:
    """Whatever was refused, no table has a row of it."""
    assert {name: await hotline.count(name) for name in WRITTEN} == dict.fromkeys(WRITTEN, 0)


BAD_FIELDS = (
    ({"callr": "1"}, "/callr"),
    ({"caller": 13912345678}, "/caller"),
    ({"caller": ""}, "/caller"),
    ({"caller": "1" * 61}, "/caller"),
    ({"caller": None, "direction": "sideways"}, "/direction"),
    ({"outcome": "happy"}, "/outcome"),
    ({"received_at": "2026-03-02T09:00:00"}, "/received_at"),
    ({"received_at": "2026-03-02"}, "/received_at"),
    ({"received_at": 1772413200}, "/received_at"),
    ({"received_at": "2026-03-02T09:30:00+08:00"}, "/received_at"),
    ({"received_at": "2026-02-30T09:00:00Z"}, "/received_at"),
    ({"received_at": "0001-01-01T00:00:00+14:00"}, "/received_at"),
    ({"received_at": "9999-12-31T23:59:59-14:00"}, "/received_at"),
    ({"received_at": "1900-01-01T00:00:00Z"}, "/received_at"),
    ({"ticket": []}, "/ticket"),
    ({"ticket": {}}, "/ticket/title"),
    ({"ticket": {**TICKET, "titel": "x"}}, "/ticket/titel"),
    ({"ticket": {**TICKET, "title": ""}}, "/ticket/title"),
    ({"ticket": {**TICKET, "title": "x" * 301}}, "/ticket/title"),
    ({"ticket": {**TICKET, "description": "x" * 20_001}}, "/ticket/description"),
    ({"ticket": {**TICKET, "contract": "NO-SUCH"}}, "/ticket/contract"),
    ({"ticket": {**TICKET, "region": "moon"}}, "/ticket/region"),
    ({"ticket": {**TICKET, "phase": "retired"}}, "/ticket/phase"),
    ({"ticket": {**TICKET, "asset": 1}}, "/ticket/asset"),
    ({"ticket": {**TICKET, "contact": 2**63 - 1}}, "/ticket/contact"),
    ({"ticket": {**TICKET, "contact": 2**63}}, "/ticket/contact"),
    ({"ticket": {**TICKET, "contact": 0}}, "/ticket/contact"),
    ({"ticket": {**TICKET, "contact": True}}, "/ticket/contact"),
    ({"ticket": {**TICKET, "severity": 1.5}}, "/ticket/severity"),
    ({"ticket": {**TICKET, "severity": "1"}}, "/ticket/severity"),
    ({"ticket": {**TICKET, "severity": 10**30}}, "/ticket/severity"),
    ({"ticket": {**TICKET, "facts": {"impact": "sad"}}}, "/ticket/facts"),
    ({"ticket": {**TICKET, "facts": ["down"]}}, "/ticket/facts"),
    ({"ticket": {**TICKET, "title": "a\x00b"}}, "/ticket/title"),
    ({"ticket": {**TICKET, "facts": {"impact": "a\x00b"}}}, "/ticket/facts/impact"),
    ({"summary": "a\x00b"}, "/summary"),
    ({"ticket": {"number": -1}}, "/ticket/number"),
    ({"ticket": {"number": 1e18}}, "/ticket/number"),
)


async def test_a_bad_field_is_named(hotline: Any) -> None:
    for body, pointer in BAD_FIELDS:
        refused = await hotline.refused("/calls", body)
        assert [one.split("/impact")[0] for one in refused.pointers] == [pointer.split("/impact")[0]], refused.body
    await nothing_stored(hotline)


NO_CALLS = (
    (b"", 400),
    (b"{", 400),
    (b"{]", 400),
    (b"nonsense", 400),
    (b"{'caller': 1}", 400),
    (b'{"caller": "1"} trailing', 400),
    (b'{"caller": "\xe4\xb8"}', 400),
    (b'{"caller": "\xff"}', 400),
    (b"\xff\xfe{\x00}\x00", 400),
    (b'\xef\xbb\xbf{"caller": "1"}', 400),
    (b'{"caller": "a\nb"}', 400),
    (b'{"caller": NaN}', 400),
    (b'{"caller": Infinity}', 400),
    (b"[" * 100_000, 422),
    (b'{"ticket":' * 100_000, 422),
    (b'{"ticket": {"severity": 1e400}}', 422),
    (b'{"ticket": {"severity": 1' + b"0" * 5000 + b"}}", 422),
    (b"null", 422),
    (b"[]", 422),
    (b'"text"', 422),
    (b"5", 422),
    (b'{"\\u0000": 1}', 422),
)


async def test_what_is_no_call_at_all(hotline: Any) -> None:
    for raw, status in NO_CALLS:
        reply = await hotline.ask("POST", "/calls", data=raw, headers=JSON)
        assert reply.status in (status, 400 if raw[:1] in b"[{" else status), reply.raw
        assert reply.headers["Content-Type"].startswith("application/problem+json")
    await nothing_stored(hotline)


HALVES = ('"\\ud800"', '"\\udc00 x"', '"a\\ud83d"', '"\\udc00\\ud800"')


async def test_half_a_surrogate_pair_is_named(hotline: Any) -> None:
    for text in HALVES:
        raw = f'{{"caller": "1", "ticket": {{"title": {text}}}}}'.encode()
        refused = await hotline.ask("POST", "/calls", data=raw, headers=JSON, expect=400)
        assert refused.pointers == ["/ticket/title"]
    await nothing_stored(hotline)


DEPTHS = (10, 500, 900, 1_000, 5_000, 100_000)


async def test_nesting_as_deep_as_one_likes(hotline: Any) -> None:
    """Deep entries, with and without a NUL to look for, into a ticket that is not there."""
    for depth in DEPTHS:
        for inner in ("1", '"a\\u0000"'):
            raw = b'{"type": "noted", "text": ' + b"[" * depth + inner.encode() + b"]" * depth + b"}"
            reply = await hotline.ask("POST", "/tickets/7/events", data=raw, headers=JSON)
            assert reply.status in (400, 404, 422)
    await nothing_stored(hotline)


async def test_bodies_that_are_too_large(hotline: Any) -> None:
    big = b'{"caller": "' + b"1" * 10_000_000 + b'"}'
    for data in (BytesIO(big), _pieces(big)):  # with a length, and in chunks without one
        await hotline.ask("POST", "/calls", headers=JSON, expect=413, data=data)
    compressed = gzip.compress(b" " * 50_000_000)
    reply = await hotline.ask("POST", "/calls", data=compressed, headers={**JSON, "Content-Encoding": "gzip"})
    assert reply.status in (400, 413)


async def _pieces(whole: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(whole), 65_536):
        yield whole[start : start + 65_536]


async def test_a_coding_that_the_body_is_not_in(hotline: Any) -> None:
    for coding in ("gzip", "deflate", "nonsense"):
        headers = {**JSON, "Content-Encoding": coding}
        await hotline.ask("POST", "/calls", data=b"not compressed", headers=headers, expect=400)
    await nothing_stored(hotline)


OTHER_MEDIA = ("text/plain", "application/x-www-form-urlencoded", "", "json", "multipart/form-data", "a/b/c")


async def test_other_media_types(hotline: Any) -> None:
    for media in OTHER_MEDIA:
        await hotline.ask("POST", "/calls", data=b"{}", headers={"Content-Type": media}, expect=415)
    await nothing_stored(hotline)


async def test_parameters_nobody_asked_for(hotline: Any) -> None:
    for path, pointer in (
        ("/tickets?stat=open", "?stat"),
        ("/tickets/7?x=1", "?x"),
        ("/tickets?state=bored", "?state"),
        ("/tickets?severity=x", "?severity"),
        ("/tickets?severity=null", "?severity"),
        ("/tickets?severity=99999999999999999999999", "?severity"),
        ("/tickets?limit=0", "?limit"),
        ("/tickets?limit=1e9", "?limit"),
        ("/tickets?due_before=2026-03-02", "?due_before"),
        ("/tickets?due_before=0001-01-01T00:00:00%2B14:00", "?due_before"),
        ("/tickets?cursor=%21%21", "?cursor"),
        ("/tickets?cursor=bnVsbA", "?cursor"),
        ("/tickets?cursor=LTE", "?cursor"),
        ("/tickets?q=a%00b", "?q"),
        ("/contracts?cursor=MQ", "?cursor"),
        ("/lookup", "?phone"),
        ("/lookup?phone=", "?phone"),
    ):
        refused = await hotline.ask("GET", path)
        assert refused.status in (404, 422), path
        if refused.status == 422:
            assert refused.pointers == [pointer], (path, refused.body)
    await hotline.ask("GET", "/tickets?q=a&q=b", expect=422)


NOWHERE = (
    "/tickets/0", "/tickets/-1", "/tickets/x", "/tickets/1e3", "/tickets/99999999999999999999", "/tickets/%00",
    "/tickets/%D9%A1", "/contracts/%00", "/contracts/%FF", "/contracts/..%2F..", "/accounts/1%27--", "/%FF",
    "/tickets/100001/files/x", "/alerts/0", "/nothing", "/contracts/" + "x" * 6000,
)  # fmt: skip


async def test_addresses_that_lead_nowhere(hotline: Any) -> None:
    for path in NOWHERE:
        reply = await hotline.ask("GET", path, expect=404)
        assert len(reply.raw) < 8_000


async def raw_request(hotline: Any, request: bytes) -> bytes:
    """The beginning of the answer to bytes that no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", hotline.server.port)
    token = hotline.tokens["dispatcher"].encode()
    writer.write(request.replace(b"TOKEN", b"Host: x\r\nAuthorization: Bearer " + token + b"\r\nConnection: close"))
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


CALL = b"POST /api/v1/calls HTTP/1.1\r\nTOKEN\r\nContent-Type: application/json\r\n"
STRANGE = (
    b"GET /api/v1/tickets?q=%ff%fe HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/tickets?q=%zz%u1 HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/tickets?%ff=1 HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/contracts/%zz%ff HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/contracts/\xff\xfe HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/tickets?q=\xff\xfe HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET //api//v1//tickets HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/../../etc/passwd HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/docs/static/../../../app.py HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/docs/static/%2e%2e/%2e%2e/app.py HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/tickets?q=" + b"x" * 7_000 + b" HTTP/1.1\r\nTOKEN\r\n\r\n",
    b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n",
    b"GET /api/v1/me HTTP/9.9\r\nTOKEN\r\n\r\n",
    b"nonsense\r\n\r\n",
    CALL + b"Content-Length: x\r\n\r\n{}",
    CALL + b"Content-Length: -5\r\n\r\n{}",
    CALL + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    CALL + b"Idempotency-Key: \xff\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /api/v1/calls HTTP/1.1\r\nTOKEN\r\nContent-Type: \xff/\xff\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /api/v1/tickets/7/files HTTP/1.1\r\nTOKEN\r\nX-File-Name: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    b"PATCH /api/v1/tickets/7 HTTP/1.1\r\nTOKEN\r\nIf-Match: \xff\r\nContent-Length: 2\r\n\r\n{}",
)


async def test_bytes_no_client_would_send(hotline: Any) -> None:
    for request_ in STRANGE:
        answer = await raw_request(hotline, request_)
        status = int(answer.split(b" ", 2)[1])
        assert 200 <= status < 500, answer[:300]
        if status == 200:
            assert b'"items"' in answer, "an odd search finds nothing"
        assert b"Traceback" not in answer
        assert b"File " not in answer
    await nothing_stored(hotline)


async def test_what_looks_like_sql_is_kept_word_for_word(hotline: Any) -> None:
    nasty = "Robert'); drop table tickets; -- \\' \" $1 $$ %s {0} :number \u2028 \U0001f4a9 <script>"
    ticket = {**TICKET, "title": nasty, "description": nasty, "category": nasty}
    call = {"caller": nasty[:60], "queue": nasty, "agent": nasty, "summary": nasty}
    logged = await hotline.post("/calls", {**call, "ticket": ticket})
    number = logged["ticket"]["number"]
    ticket = await hotline.get(f"/tickets/{number}")
    assert (ticket["title"], ticket["description"], ticket["category"]) == (nasty, nasty, nasty)
    call = await hotline.get(f"/calls/{logged['call']['id']}")
    assert (call["queue"], call["agent"], call["summary"], call["caller_raw"]) == (nasty, nasty, nasty, nasty[:60])
    await hotline.write(number, {"type": "noted", "text": nasty})
    assert (await hotline.get(f"/tickets/{number}/events"))["items"][-1]["data"] == {"text": nasty}
    for query in ("q", "ref", "assignee", "contract"):
        await hotline.get("/tickets", params={query: nasty})
    assert [one["number"] for one in (await hotline.get("/tickets", params={"q": nasty}))["items"]] == [number]
    assert (await hotline.get("/tickets", params={"q": "%"}))["items"][0]["number"] == number  # the title has one
    assert (await hotline.get("/tickets", params={"q": "_no_such_"}))["items"] == []
    await hotline.get("/lookup", params={"phone": nasty[:60]})


async def test_odd_but_honest_requests_are_taken(hotline: Any) -> None:
    await hotline.ask(
        "POST", "/calls", data=b'{"caller": "1", "caller": "2"}', headers=JSON, expect=201
    )  # the last counts
    await hotline.ask(
        "POST", "/calls", data=gzip.compress(b"{}"), headers={**JSON, "Content-Encoding": "gzip"}, expect=201
    )
    await hotline.ask("POST", "/calls", data=_pieces(b"{}"), headers=JSON, expect=201)
    await hotline.ask(
        "POST", "/calls", data=b" {} \n", headers={"Content-Type": "application/json; charset=utf-8"}, expect=201
    )
    for accept in ("text/html", "*/*", "application/xml;q=0.1", "nonsense", "\xff"):
        await hotline.ask("GET", "/calls", headers={"Accept": accept}, expect=200)


async def test_slow_senders_hold_up_nobody(hotline: Any) -> None:
    """More bodies that never end than the pool has connections."""
    token = hotline.tokens["dispatcher"]
    await hotline.get("/me")
    head = CALL.decode().replace("TOKEN", f"Host: x\r\nAuthorization: Bearer {token}")
    opened = [await asyncio.open_connection("127.0.0.1", hotline.server.port) for _ in range(12)]
    for _, writer in opened:
        writer.write((head + "Content-Length: 100\r\n\r\n{").encode())
        await writer.drain()
    for _ in range(3):
        await asyncio.wait_for(hotline.get("/calls"), 5)
    for _, writer in opened:
        writer.close()
    await nothing_stored(hotline)


async def test_who_asks_too_often_is_told_when_to_come_again(hotline: Any, moving: Any) -> None:
    settings = msgspec.structs.replace(hotline.context.settings, rate_limit=2)
    server = TestServer(build(hotline.pool, Context(settings, moving)))
    await server.start_server()
    try:
        url = server.make_url("/api/v1/me")
        for role, statuses in (("agent", [200, 200, 429, 429]), ("engineer", [200])):
            headers = {"Authorization": f"Bearer {hotline.tokens[role]}"}
            for status in statuses:
                async with hotline.session.get(url, headers=headers) as reply:
                    assert reply.status == status
                    assert reply.headers.get("Retry-After") == ("1" if status == 429 else None)
        moving.move(seconds=1)
        async with hotline.session.get(url, headers={"Authorization": f"Bearer {hotline.tokens['agent']}"}) as reply:
            assert reply.status == 200
    finally:
        await server.close()
