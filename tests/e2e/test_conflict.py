"""Two people edit one ticket: both texts survive, and the second is told."""

from typing import Any

from tests.e2e.desk import entry, fault, hire, types, write


async def test_two_wordings_of_one_fault_both_survive(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Printer")
    _, one = await house.signed_in("ma")
    _, two = await house.signed_in("lu")
    for page in (one, two):
        await page.goto(house.url(f"/tickets/{number}?act=rewrite"))
        await page.wait_for_selector("#f-description")
    await one.fill("#f-description", "jams when it is warm")
    await one.click("#act button.primary")
    await one.wait_for_selector(".described:has-text('jams when it is warm')")
    await two.fill("#f-description", "jams with thick paper")
    await two.click("#act button.primary")
    told = two.locator("#act [role=alert]")
    await told.wait_for()
    text = await told.inner_text()
    assert "Changed" in text
    assert "ago by Ma Ren" in text
    assert "jams when it is warm" in text
    assert await two.input_value("#f-description") == "jams with thick paper"
    row = await house.pool.fetchrow("select description from tickets where number = $1", number)
    assert row["description"] == "jams when it is warm"
    await two.click("#act button.primary")
    await two.wait_for_selector(".described:has-text('jams with thick paper')")
    assert "jams when it is warm" in (await entry(house, number, "noted"))["text"]


async def test_the_second_to_assign_is_told_and_decides(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Assigned twice")
    _, page = await house.signed_in("ma")
    await page.goto(house.url(f"/tickets/{number}"))
    await page.keyboard.press("a")
    await page.wait_for_selector("#act select")
    await page.select_option("#f-to", "sun")
    await page.fill("#f-text", "knows the place")
    await write(house, number, {"type": "assigned", "to": "chen", "text": "on his way anyway"}, by="lu")
    await page.keyboard.press("Control+Enter")
    told = page.locator("#act [role=alert]")
    await told.wait_for()
    assert "by Lu Ren" in await told.inner_text()
    assert "on his way anyway" in await told.inner_text()
    assert (await types(house, number)).count("assigned") == 1
    assert await page.input_value("#f-text") == "knows the place"
    assert await page.input_value("#f-to") == "sun"
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#ticket-head:has-text('with Sun Ren')")
    assert (await types(house, number)).count("assigned") == 2


async def test_a_form_stays_while_the_page_around_it_moves(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Moving")
    _, page = await house.signed_in("ma")
    await page.goto(house.url(f"/tickets/{number}"))
    await page.keyboard.press("n")
    await page.wait_for_selector("#act textarea")
    await page.keyboard.type("half a sen")
    await write(house, number, {"type": "responded", "text": "from elsewhere"}, by="lu")
    await page.evaluate("htmx.trigger(document.body, 'refresh')")
    await page.wait_for_selector("#ticket-line:has-text('from elsewhere')")
    await page.keyboard.type("tence")
    assert await page.input_value("#act textarea") == "half a sentence"
