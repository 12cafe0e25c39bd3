"""The wallboard: opened by its token, right numbers, and a word for numbers that are old."""

from datetime import timedelta
from typing import Any

from playwright.async_api import expect

from callcenter.services import people
from tests.e2e.desk import fault, hire


async def _token(house: Any, role: str) -> str:
    async with house.pool.acquire() as conn:
        found: str = await people.create_token(conn, role, role, None, None, house.clock())
    return found


async def test_a_token_of_the_board_opens_it_and_no_other_one_does(house: Any) -> None:
    await hire(house)
    await fault(house, "Overdue", ago=12)
    await fault(house, "Ahead")
    page = await (await house.window(viewport={"width": 1920, "height": 1080}, locale="en")).new_page()
    for token in ("wrong", await _token(house, "integration")):
        answer = await page.goto(house.url(f"/wallboard?token={token}"))
        assert answer.status == 403
    await page.goto(house.url(f"/wallboard?token={await _token(house, 'wallboard')}"))
    assert await page.inner_text("[data-figure=overdue] dd") == "1"
    assert (await page.inner_text("[data-figure=nobodys] dd")).split() == ["2", "/", "2"]
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    size = await page.evaluate("parseFloat(getComputedStyle(document.querySelector('.figure dd')).fontSize)")
    assert size >= 100  # 3.6 % and more of a screen's width: letters of 4 cm on one of 110 cm
    anonymous = await page.goto(house.url("/wallboard"))
    assert "/sign-in" in anonymous.url


async def test_numbers_older_than_fifteen_seconds_say_so(house: Any) -> None:
    page = await (await house.window(locale="en")).new_page()
    await page.clock.install()
    await page.goto(house.url(f"/wallboard?token={await _token(house, 'wallboard')}"))
    fresh = page.locator("#fresh")
    await expect(fresh).to_contain_text("live")
    await page.route("**/wallboard/figures*", lambda route: route.abort())
    await page.clock.run_for(10_000)
    await expect(fresh).to_contain_text("live")
    await page.clock.run_for(7_000)
    await expect(fresh).to_contain_text("stale")
    await expect(page.locator("body")).to_have_class("wall stale")
    await page.unroute("**/wallboard/figures*")
    await page.clock.run_for(6_000)
    await expect(fresh).to_contain_text("live")


async def test_after_the_clock_jumped_or_the_machine_slept_it_is_stale_at_once_and_right_after_one_answer(
    house: Any,
) -> None:
    await hire(house)
    await fault(house, "Due")
    page = await (await house.window(locale="en")).new_page()
    await page.clock.install(time=house.clock())
    await page.goto(house.url(f"/wallboard?token={await _token(house, 'wallboard')}"))
    await page.route("**/wallboard/figures*", lambda route: route.abort())
    house.clock.ahead += timedelta(hours=1)
    await page.clock.set_system_time(house.clock())
    await page.clock.run_for(1_500)
    await expect(page.locator("#fresh")).to_contain_text("stale")
    await page.unroute("**/wallboard/figures*")
    await page.clock.run_for(1_500)
    await expect(page.locator("#fresh")).to_contain_text("live")
    await expect(page.locator("[data-figure=overdue] dd")).to_have_text("1")
