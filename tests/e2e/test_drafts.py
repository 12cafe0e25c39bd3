"""Nothing typed is lost, whatever dies in between, and nothing is found in another call's form."""

from typing import Any

from playwright.async_api import expect

TEXT = "the switch has no lights"


async def begun(page: Any, house: Any) -> None:
    await page.keyboard.type("0551-55500123")
    await page.wait_for_selector("#caller:has-text('张工')")
    await page.fill("#what", TEXT)
    await page.click("label:has-text('Severe')")
    await page.wait_for_selector("#promise:has-text('2 主要故障')")


async def there(page: Any) -> None:
    await page.wait_for_selector("#caller:has-text('张工')")
    assert await page.input_value("#what") == TEXT
    assert await page.is_checked("[name='fact.impact'][value=severe]")
    await page.wait_for_selector("#promise:has-text('2 主要故障')")


async def test_reload_brings_it_back(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await begun(page, house)
    await page.reload()
    await there(page)


async def test_another_browser_after_a_crash_brings_it_back(house: Any) -> None:
    window, page = await house.signed_in("zhao")
    await begun(page, house)
    await page.wait_for_selector("#kept:has-text('Draft kept ')")
    await expect(page.locator("#kept")).not_to_contain_text("only")
    await window.close()  # with its localStorage: the server alone knows
    _, page = await house.signed_in("zhao")
    await there(page)
    _, other = await house.signed_in("lin")
    await other.wait_for_selector("#promise .panel")
    assert await other.input_value("#what") == "", "a draft is nobody else's"


async def test_a_session_that_ran_out_loses_nothing(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await begun(page, house)
    await house.pool.execute("delete from sessions")
    await page.fill("#what", TEXT + "!")
    await page.wait_for_selector("#banner:has-text('signed out')")
    await page.fill("#what", TEXT)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/sign-in**")
    await page.fill("#login", "zhao")
    await page.fill("#password", house.password)
    await page.keyboard.press("Enter")
    await there(page)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#saved-number")
    assert await house.count("tickets") == 1


async def test_a_restarted_service_gets_the_same_call_once(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await begun(page, house)
    await page.route("**/log", _lose)  # saved, but the answer never arrives
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#banner:has-text('does not answer')")
    assert await house.count("tickets") == 1
    await page.unroute("**/log", _lose)
    await house.restart()
    assert await page.input_value("#what") == TEXT
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#saved-number")
    assert (await house.count("tickets"), await house.count("calls")) == (1, 1)


async def _lose(route: Any) -> None:
    await route.fetch()
    await route.abort()


async def test_several_calls_do_not_mix(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await begun(page, house)
    await house.tell("newCall", user=["zhao"], **{"from": "0556-55500456"})
    await page.wait_for_selector(".ring:has-text('王莉')")
    await page.keyboard.press("F2")
    await page.wait_for_selector("#caller:has-text('王莉')")
    assert await page.input_value("#what") == ""
    assert await page.locator("[name='fact.impact']:checked").count() == 0
    await page.keyboard.type("slow")
    await page.keyboard.press("Alt+1")
    await there(page)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#caller:has-text('王莉')")
    assert await page.input_value("#what") == "slow"
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#saved-number")).not_to_have_text("")
    await page.wait_for_selector("#caller.nobody")
    rows = await house.pool.fetch("select title, site, facts from tickets order by number")
    assert [(row["title"], row["site"]) for row in rows] == [(TEXT, house.ids["east"]), ("slow", house.ids["west"])]
    assert rows[1]["facts"] == {"liability": "ours"}
    assert await page.input_value("#what") == ""


async def test_what_was_saved_is_no_draft_any_more(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await begun(page, house)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#saved-number")
    await page.reload()
    await page.wait_for_selector("#promise .panel")
    assert await page.input_value("#what") == ""
    assert await page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length") == 0
