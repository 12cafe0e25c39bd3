"""The live stream: one connection a browser, no event lost over a break, a banner while it is down."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import expect

from callcenter.web.live import FEED


class Reader:
    """Reads the stream as a client of the API does."""

    def __init__(self, house: Any, token: str) -> None:
        self._house = house
        self._token = token
        self.last: str | None = None
        self.begun = asyncio.Event()

    async def read(self, count: int) -> list[dict[str, Any]]:
        """So many events that are no beats, from where it stopped."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if self.last:
            headers["Last-Event-ID"] = self.last
        found: list[dict[str, Any]] = []
        async with self._house.http.get(self._house.url("/api/v1/stream"), headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")
            async for line in answer.content:
                if line.startswith(b"id: "):
                    self.last = line[4:].decode().strip()
                    self.begun.set()
                if line.startswith(b"data: "):
                    told = json.loads(line[6:])
                    if told["kind"] != "beat":
                        found.append(told)
                    if len(found) >= count:
                        return found
        return found


@pytest.fixture
async def reader(house: Any) -> Reader:
    return Reader(house, await house.token_of("supervisor"))


async def test_who_comes_back_is_told_what_it_missed_in_order(house: Any, reader: Reader) -> None:
    await reader.read(0)
    await house.tell("newCall", "c-1")
    first = await asyncio.wait_for(reader.read(1), 5)
    for call in range(2, 8):
        await house.tell("newCall", f"c-{call}")
    rest = await asyncio.wait_for(reader.read(6), 5)
    calls = [row["id"] for row in await house.pool.fetch("select id from calls order by id")]
    assert [one["data"]["call"] for one in [*first, *rest]] == calls


async def test_a_transaction_that_ends_late_is_not_passed_over(house: Any, reader: Reader) -> None:
    await reader.read(0)
    async with house.pool.acquire() as slow:
        late = slow.transaction()
        await late.start()
        await slow.execute("insert into events (at, kind) values (now(), 'late')")
        await house.tell("newCall", "c-1")
        reading = asyncio.create_task(reader.read(2))
        done, _ = await asyncio.wait({reading}, timeout=1)
        assert not done, "what could still come before is waited for"
        await late.commit()
    assert [one["kind"] for one in await asyncio.wait_for(reading, 5)] == ["late", "ring"]


async def test_who_was_away_too_long_is_told_so(house: Any, reader: Reader) -> None:
    reader.last = "5-1"
    await house.tell("newCall", "c-1")
    assert (await asyncio.wait_for(reader.read(1), 5))[0]["kind"] == "reset"


async def test_an_id_that_is_none_is_refused(house: Any) -> None:
    headers = {"Authorization": f"Bearer {await house.token_of('supervisor')}", "Last-Event-ID": "yesterday"}
    async with house.http.get(house.url("/api/v1/stream"), headers=headers) as answer:
        assert answer.status == 422


async def test_tabs_share_one_connection(house: Any) -> None:
    window, page = await house.signed_in("zhao")
    second = await window.new_page()
    await second.goto(house.url("/"))
    await house.tell("newCall")
    for tab in (page, second):
        await tab.wait_for_selector(".ring")
    assert house.streams() == 1


async def test_without_shared_workers_one_tab_leads_and_another_takes_over(house: Any) -> None:
    window, first = await house.signed_in("zhao")
    await window.add_init_script("delete globalThis.SharedWorker")
    await first.goto(house.url("/next"))
    second = await window.new_page()
    await second.goto(house.url("/next"))
    assert await second.evaluate("typeof SharedWorker") == "undefined"
    await _streams(house, 1)
    await house.tell("newCall", "c-1", to="zhao")
    for page in (first, second):
        await page.wait_for_selector("#rings .ring")
    await first.close()
    await _streams(house, 1)
    await house.tell("newCall", "c-2", to="zhao")
    await expect(second.locator("#rings .ring")).to_have_count(2, timeout=10_000)
    assert window.faults == []


async def _streams(house: Any, count: int) -> None:
    """The service writes to so many streams, soon."""
    for _ in range(100):
        if house.streams() == count:
            return
        await asyncio.sleep(0.05)
    assert house.streams() == count


async def test_a_banner_while_it_is_down_and_nothing_missed_after(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await house.tell("newCall", "c-1")
    await page.wait_for_selector(".ring")
    port = await house.stop()
    await page.wait_for_selector("#banner:has-text('Live updates are down')", timeout=10_000)
    await expect(page.locator("#banner a")).to_be_visible()
    await page.fill("#what", "typed while it was down")
    await house.start(port)
    await house.tell("hangup", "c-1")
    await house.tell("newCall", "c-2")
    await expect(page.locator("#banner")).to_be_hidden(timeout=20_000)
    call = await house.pool.fetchval("select id from calls where ref = 'c-2'")
    await page.wait_for_selector(f"#ring-{call}")
    await expect(page.locator(".ring")).to_have_count(1)
    assert await page.input_value("#what") == "typed while it was down"


async def test_remaining_times_are_right_at_the_next_paint_after_a_sleep(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.clock.install()
    await page.reload()
    await page.fill("#who", "0551-55500123")
    await page.wait_for_selector("#caller:has-text('张工')")
    await page.clock.run_for(1000)
    await page.click("label:has-text('Severe')")
    left = page.locator("#promise .promise >> nth=2 >> css=.left")
    await expect(left).to_contain_text("h")
    await page.clock.set_fixed_time(await page.evaluate("Date.now() + 5 * 3600 * 1000"))  # timers stood still meanwhile
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(left).to_contain_text("overdue")


async def test_what_happens_while_a_reader_begins_is_not_lost(house: Any, reader: Reader) -> None:
    feed = house.server.app[FEED]
    pass_on = feed._pass_on
    held = asyncio.Event()

    async def slowly() -> None:
        await held.wait()
        await pass_on()

    feed._pass_on = slowly  # the poller comes to it only after the reader has begun and something has happened
    reading = asyncio.create_task(reader.read(1))
    await asyncio.wait_for(reader.begun.wait(), 5)
    await house.tell("newCall", "c-1")
    held.set()
    assert (await asyncio.wait_for(reading, 5))[0]["kind"] == "ring"
