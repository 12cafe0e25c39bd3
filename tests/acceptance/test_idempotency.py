"""Idempotency-Key: one key, one effect, one answer."""

import asyncio
from typing import Any

import aiohttp

BODY = {
    "caller": "13912345678",
    "ticket": {"contract": "HF-1", "region": "city", "title": "x", "facts": {"impact": "down"}},
}


async def test_the_same_request_again_gets_the_same_answer(hotline: Any, moving: Any) -> None:
    first = await hotline.ask("POST", "/calls", json=BODY, headers={"Idempotency-Key": "a"}, expect=201)
    moving.move(hours=1)
    again = await hotline.ask("POST", "/calls", json=BODY, headers={"Idempotency-Key": "a"}, expect=201)
    assert again.raw == first.raw
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.headers["Location"], again.etag) == (first.headers["Location"], first.etag)
    assert await hotline.count("tickets") == 1


async def test_another_request_under_the_same_key_is_refused(hotline: Any) -> None:
    headers = {"Idempotency-Key": "a"}
    await hotline.ask("POST", "/calls", json=BODY, headers=headers, expect=201)
    await hotline.ask("POST", "/calls", json={**BODY, "summary": "b"}, headers=headers, expect=422)
    await hotline.ask("POST", "/tickets", json=BODY["ticket"], headers=headers, expect=422)
    assert await hotline.count("tickets") == 1


async def test_a_key_belongs_to_its_token(hotline: Any) -> None:
    headers = {"Idempotency-Key": "a"}
    for role in ("agent", "dispatcher"):
        await hotline.ask("POST", "/calls", json=BODY, headers=headers, role=role, expect=201)
    assert await hotline.count("tickets") == 2


async def test_a_key_is_refused_while_its_first_request_runs(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    asking = {"json": {"type": "noted", "text": "a"}, "headers": {"Idempotency-Key": "k"}}
    async with hotline.pool.acquire() as conn, conn.transaction():
        await conn.execute("select from tickets where number = $1 for update", number)
        first = asyncio.create_task(hotline.ask("POST", f"/tickets/{number}/events", **asking))
        async with hotline.pool.acquire() as other:
            held = "select count(*) from pg_locks where locktype = 'advisory' and granted"
            while not await other.fetchval(held):
                assert not first.done()
        await hotline.ask("POST", f"/tickets/{number}/events", **asking, expect=409)
    assert (await first).status == 201
    assert (await hotline.ask("POST", f"/tickets/{number}/events", **asking, expect=201)).raw == (await first).raw
    assert len((await hotline.get(f"/tickets/{number}/events"))["items"]) == 4


async def test_many_at_once_have_one_effect(hotline: Any) -> None:
    asked = [hotline.ask("POST", "/calls", json=BODY, headers={"Idempotency-Key": "a"}) for _ in range(20)]
    statuses = {reply.status for reply in await asyncio.gather(*asked)}
    assert statuses <= {201, 409}
    assert await hotline.count("tickets") == 1


async def test_a_refusal_is_not_kept(hotline: Any) -> None:
    headers = {"Idempotency-Key": "a"}
    await hotline.ask("POST", "/calls", json={**BODY, "x": 1}, headers=headers, expect=422)
    await hotline.ask("POST", "/calls", json={"ticket": {"number": 5}}, headers=headers, expect=422)
    await hotline.ask("POST", "/calls", json=BODY, headers=headers, expect=201)


async def test_keys_that_are_none(hotline: Any) -> None:
    for key in ("", " ", "a b", "x" * 256, "é"):
        refused = await hotline.ask("POST", "/calls", json=BODY, headers={"Idempotency-Key": key}, expect=400)
        assert refused.pointers == ["Idempotency-Key"]
    await hotline.ask("POST", "/calls", json=BODY, headers={"Idempotency-Key": "x" * 255}, expect=201)


async def test_a_file_under_a_key(hotline: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    asking = {"data": b"photo", "headers": {"Idempotency-Key": "f", "Content-Type": "application/octet-stream"}}
    first = await hotline.ask("POST", f"/tickets/{number}/files", **asking, expect=201)
    again = await hotline.ask("POST", f"/tickets/{number}/files", **asking, expect=201)
    assert first.raw == again.raw
    form = aiohttp.FormData()
    form.add_field("file", b"other", filename="o.txt")
    await hotline.ask("POST", f"/tickets/{number}/files", data=form, headers={"Idempotency-Key": "g"}, expect=201)
    assert await hotline.count("files") == 2
