"""Next: what is due first stands first, and one key does something about it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.async_api import expect

from tests.e2e.desk import fault, hire, missed_call, types, write


async def test_what_is_due_first_stands_first_in_words_and_wall_clock(
    house: Any, no_faults: Callable[..., None]
) -> None:
    await hire(house)
    late = await fault(house, "Late already", ago=12)
    soon = await fault(house, "Soon due", ago=1, impact="down")
    window, page = await house.signed_in("ma")
    await page.goto(house.url("/next"))
    rows = await page.locator("#agenda tbody tr").all_inner_texts()
    assert f"#{late}" in rows[0]
    assert "overdue" in rows[0]
    assert "response" in rows[0]
    assert f"#{soon}" in rows[1]
    assert "left" in rows[1]
    assert "1 严重故障" in rows[1]
    assert "16:06" in rows[1]  # reported 16:01 in Shanghai, five minutes to respond
    assert "nobody" in rows[1]
    no_faults(window)


async def test_r_responds_and_z_takes_it_back(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Switch restarts")
    _, page = await house.signed_in("ma")
    await page.goto(house.url("/next"))
    await page.keyboard.press("r")
    await page.wait_for_selector("#toast .done")
    assert (await types(house, number))[-1] == "responded"
    assert "response" not in await page.inner_text("#agenda tbody")
    await page.keyboard.press("z")
    await page.wait_for_selector("#toast .done", state="detached")
    await page.wait_for_selector("#agenda tbody:has-text('response')")
    assert (await types(house, number))[-1] == "corrected"


async def test_arrows_choose_enter_opens_t_takes(house: Any) -> None:
    await hire(house)
    first, second = await fault(house, "First", ago=5), await fault(house, "Second", ago=1)
    _, page = await house.signed_in("ma")
    await page.goto(house.url("/next"))
    for _ in range(9):
        if f"#{second}" in await page.evaluate("document.activeElement.textContent"):
            break
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("t")
    await page.wait_for_selector("#toast .done")
    assert "accepted" in await types(house, second)
    assert "accepted" not in await types(house, first)
    await page.keyboard.press("2")
    await page.wait_for_url("**/next?whose=mine*")
    await expect(page.locator("#agenda")).not_to_contain_text(f"#{first}")
    await page.focus("[data-row]")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/tickets/{second}")


async def test_somebody_quicker_is_told_and_nothing_is_written(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Twice answered")
    _, page = await house.signed_in("ma")
    await page.goto(house.url("/next"))
    await write(house, number, {"type": "responded"}, by="lu")
    await page.keyboard.press("r")
    await page.wait_for_selector("#toast:has-text('by lu')")
    assert (await types(house, number)).count("responded") == 1


async def test_spoken_promises_follow_ups_and_missed_calls_have_deadlines_too(house: Any) -> None:
    await hire(house)
    now = house.clock()
    number = await fault(house, "Promised")
    until = (now + timedelta(minutes=20)).isoformat()
    await write(house, number, {"type": "promised", "what": "engineer rings back", "until": until})
    done = await fault(house, "Repaired")
    await write(house, done, {"type": "resolved"}, by="chen", role="engineer")
    await missed_call(house, "+865515550001")
    _, page = await house.signed_in("ma")
    await page.goto(house.url("/next"))
    text = await page.inner_text("#agenda")
    assert "engineer rings back" in text
    assert "follow-up call" in text
    assert "+865515550001" in text
