"""Alerts: seen, acknowledged with one key, and what did not arrive tried again."""

from datetime import timedelta
from typing import Any

from playwright.async_api import expect

from tests.e2e.desk import fault, hire, ring, types


async def test_a_acknowledges_and_the_ticket_says_so(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Nobody answers", impact="down")
    house.clock.ahead += timedelta(minutes=6)
    await ring(house, house.clock())
    _, page = await house.signed_in("ma")
    await page.goto(house.url("/alerts"))
    text = await page.inner_text("#alerts")
    assert f"#{number} Nobody answers" in text
    assert "rung 2 → supervisor" in text
    assert "overdue" in text
    waiting = await page.locator("#alerts [data-press=a]").count()
    await page.keyboard.press("a")
    await page.wait_for_selector("#toast:has-text('acknowledged')")
    assert await page.locator("#alerts [data-press=a]").count() == waiting - 1
    states = [row["state"] for row in await house.pool.fetch("select state from alerts")]
    assert states.count("acknowledged") == 1
    assert (await types(house, number))[-1] == "noted"


async def test_what_did_not_arrive_is_tried_again(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Not delivered", impact="down")
    house.clock.ahead += timedelta(minutes=6)
    await ring(house, house.clock())
    await house.pool.execute(
        "update deliveries set state = 'dead', reason = 'refused', attempts = 5, next_try_at = null, lease_until = null"
        " where state <> 'gathered'"
    )
    _, page = await house.signed_in("zhou", locale="en")
    await page.goto(house.url("/alerts"))
    await expect(page.locator(".undelivered")).to_contain_text(f"#{number}")
    dead = await page.locator(".undelivered tr").count()
    await page.locator(".undelivered button").first.click()
    await expect(page.locator(".undelivered tr")).to_have_count(dead - 1)
    assert await house.pool.fetchval("select count(*) from deliveries where state = 'pending'") == 1
