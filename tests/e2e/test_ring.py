"""A ring shows within a second, and neither takes the focus nor a key from what is being typed."""

import asyncio
import re
import time
from typing import Any

from playwright.async_api import expect

TEXT = "The core switch in the east wing has no lights; it was switched off and on once, in vain."


async def test_ring_to_card_in_a_second_while_somebody_types(house: Any) -> None:
    window, page = await house.signed_in("zhao")
    await page.focus("#what")
    typed = asyncio.create_task(page.keyboard.type(TEXT, delay=30))
    await expect(page.locator("#what")).to_have_value(re.compile(".{20}"))
    begun = time.monotonic()
    await house.tell("newCall", user=["zhao"])
    await page.wait_for_selector(".ring:has-text('示范医院 · 张工')")
    took = time.monotonic() - begun
    assert not typed.done(), "the ring came while typing went on"
    await typed
    assert await page.input_value("#what") == TEXT
    assert await page.evaluate("document.activeElement.id") == "what"
    assert took < 1.0, f"{took:.2f} s"
    await page.keyboard.press("F2")
    await page.wait_for_selector("#caller:has-text('示范医院 · 张工')")
    assert await page.input_value("#what") == "", "the caller's form is a new one"
    assert await page.evaluate("document.activeElement.id") == "what"
    await page.click(".tabs .tab >> nth=0")
    assert await page.input_value("#what") == TEXT, "what was typed for the other call is still there"
    assert window.faults == []


async def test_the_call_of_the_telephone_is_the_one_that_is_logged(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await house.tell("newCall", user=["zhao"], queue="hotline")
    await page.wait_for_selector(".ring")
    await house.tell("answer", user=["zhao"])
    await page.wait_for_selector(".ring.answered")
    await page.keyboard.press("F2")
    await page.wait_for_selector("#caller:has-text('张工')")
    await page.keyboard.type("No network")
    await page.keyboard.press("Tab")
    await page.keyboard.press("1")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#saved-number")
    call = await house.pool.fetchrow("select * from calls")
    ticket = await house.pool.fetchrow("select * from tickets")
    assert await house.count("calls") == 1
    assert (call["ticket"], call["summary"], call["agent"]) == (ticket["number"], "No network", "zhao")
    assert (ticket["site"], ticket["region"], ticket["severity"]) == (house.ids["east"], "city", 1)
    assert ticket["reported_at"] == call["received_at"]


async def test_a_call_somebody_else_answers_goes_away(house: Any) -> None:
    _, mine = await house.signed_in("zhao")
    _, theirs = await house.signed_in("lin")
    await house.tell("newCall")
    await mine.wait_for_selector(".ring")
    await theirs.wait_for_selector(".ring")
    await house.tell("answer", user=["Lin"])
    await mine.wait_for_selector(".ring", state="detached")
    await theirs.wait_for_selector(".ring.answered")


async def test_a_ring_on_another_page_leads_to_the_form(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.goto(house.url("/next"))
    await house.tell("newCall")
    await page.wait_for_selector(".ring")
    await page.keyboard.press("F2")
    await page.wait_for_selector("#log")
    await page.wait_for_selector("#caller:has-text('张工')")
