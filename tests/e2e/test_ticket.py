"""The ticket: what its clocks say and why, and the acts that write to it."""

from datetime import timedelta
from typing import Any

from playwright.async_api import expect

from tests.e2e.desk import entry, fault, hire, types, write


async def _open(house: Any, number: int, login: str = "ma", **options: Any) -> Any:
    _, page = await house.signed_in(login, **options)
    await page.goto(house.url(f"/tickets/{number}"))
    return page


async def test_w_shows_why_and_the_counted_time_adds_up(house: Any) -> None:
    await hire(house)
    number = await fault(house, "No signal")  # Monday 16:01, restore within 4 h of 09:00-12:00 13:30-18:00
    page = await _open(house, number)
    assert await page.locator("svg.bar").count() >= 3
    await page.keyboard.press("w")
    why = await page.locator(".clock:has-text('restore') .derivation").inner_text()
    assert "16:01 → 18:00" in why
    assert "1 h 59 min" in why or "1 h 58 min" in why
    assert "closed hours" in why
    assert "2026-03-03 11:0" in why  # the rest, two hours and a little, from 09:00 on Tuesday
    await page.keyboard.press("w")
    await expect(page.locator(".derivation").first).to_be_hidden()


async def test_dispatch_from_the_keyboard_offers_the_regions_partner_first(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Far away", region="province")
    page = await _open(house, number)
    await page.keyboard.press("d")
    await page.wait_for_selector("#act select")
    first = await page.locator("#act select option").first.inner_text()
    assert "Wu Ren" in first
    assert "serves this region" in first
    assert "free" in first
    await page.keyboard.press("Tab")
    await page.keyboard.type("PSU 300 W")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#toast .done")
    assert (await types(house, number))[-3:] == ["visit_requested", "assigned", "dispatched"]
    assert "PSU 300 W" in (await entry(house, number, "dispatched"))["text"]
    assert await house.pool.fetchval("select assignee from tickets where number = $1", number) == "wu"
    await expect(page.locator("#act form")).to_have_count(0)
    await expect(page.locator("#ticket-head")).to_contain_text("Wu Ren")


async def test_an_arrival_told_late_needs_a_reason_and_is_marked(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Told late", ago=90)
    page = await _open(house, number)
    await page.keyboard.press("o")
    await page.wait_for_selector("#act form")
    await page.click("#act .other-time summary")
    await page.fill("#f-when", "2026-03-02T15:20")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#act .error:has-text('needs a reason')")
    assert await page.input_value("#f-when") == "2026-03-02T15:20"
    await page.fill("#f-when_why", "no network in the cellar")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#ticket-line li:has-text('arrived') .tag:has-text('late')")
    written = await entry(house, number, "arrived")
    assert written["occurred_at"].isoformat() == "2026-03-02T07:20:00+00:00"
    assert written["reason"] == "no network in the cellar"
    assert "✓" in await page.inner_text(".clock:has-text('on site') .result")


async def test_a_correction_leaves_both_to_be_seen(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Wrong entry", ago=9)
    await write(house, number, {"type": "responded", "text": "wrong ticket"})
    page = await _open(house, number)
    await page.click("li:has-text('responded') >> text=Correct")
    await page.check("#act input[name=void]")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#act .error:has-text('say why')")
    await page.fill("#f-reason", "meant another ticket")
    await page.keyboard.press("Control+Enter")
    line = page.locator("#ticket-line li.void")
    await expect(line).to_contain_text("wrong ticket")
    await expect(line).to_contain_text("meant another ticket")
    assert "✓" not in await page.inner_text(".clock:has-text('response') .result")


async def test_after_the_second_contact_a_visit_comes_first_and_refusing_it_asks_why(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Again and again")
    await write(house, number, {"type": "responded"}, {"type": "diagnosed", "text": "restarted by phone"})
    page = await _open(house, number)
    await expect(page.locator(".steps .primary")).to_contain_text("Dispatch")
    await page.keyboard.press("e")
    await page.wait_for_selector("#f-no_visit")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#act .error:has-text('say why nobody goes')")
    assert "escalated" not in await types(house, number)
    await page.fill("#f-no_visit", "customer is on site and can swap it")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#toast .done")
    assert (await types(house, number))[-2:] == ["escalated", "noted"]
    await expect(page.locator("#ticket-head .say.risk")).to_have_count(0)


async def test_another_verdict_needs_evidence_and_a_second_person(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Who pays")
    page = await _open(house, number)

    async def tell(verdict: str) -> None:
        await page.keyboard.press("c")
        await page.check(f"#act input[value={verdict}]", force=True)
        await page.check("#act input[name=read_out]")
        await page.keyboard.press("Control+Enter")

    await tell("covered")
    await page.wait_for_selector("#ticket-side:has-text('covered, free')")
    await tell("billable")
    await page.wait_for_selector("#act .error:has-text('needs evidence')")
    await page.fill("#f-evidence", "photo: liquid inside")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#ticket-side:has-text('Somebody else has to agree')")
    assert await page.locator("text=Agree to the change").count() == 0
    other = await _open(house, number, "lu")
    await other.click("text=Agree to the change")
    await other.wait_for_selector("#ticket-side:has-text('told by Lu Ren')")
    agreed = await entry(house, number, "noted")
    assert (agreed["by"], agreed["who"], agreed["reason"]) == ("lu", "ma", "photo: liquid inside")


async def test_a_serial_number_that_is_not_out_cannot_come_back(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Loaner")
    await write(house, number, {"type": "loaner_provided", "serial": "LN-7"})
    page = await _open(house, number)
    await expect(page.locator("#ticket-side")).to_contain_text("LN-7")
    await page.keyboard.press("l")
    await page.check("#act input[value=loaner_returned]", force=True)
    await page.fill("#f-serial", "LN-8")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#act .error:has-text('LN-7')")
    await page.fill("#f-serial", "LN-7")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#ticket-side")).not_to_contain_text("Units out of place")


async def test_a_promise_is_one_key_away_and_can_be_kept(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Promise")
    page = await _open(house, number)
    await page.keyboard.press("m")
    await page.wait_for_selector("#act form")
    await page.keyboard.type("spare part by courier")
    await page.fill("#f-until", "2026-03-02T18:00")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#ticket-side:has-text('1 made, 0 kept')")
    assert (await entry(house, number, "promised"))["until"] == "2026-03-02T10:00:00+00:00"
    await page.keyboard.press("k")
    await page.wait_for_selector("#ticket-side:has-text('1 made, 1 kept')")


async def test_it_is_too_late_to_undo_after_a_quarter_of_a_minute(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Undo")
    page = await _open(house, number)
    await page.keyboard.press("r")
    await page.wait_for_selector("#toast .done")
    house.clock.ahead += timedelta(seconds=20)
    await page.keyboard.press("z")
    await page.wait_for_selector("#toast:has-text('too late')")
    assert (await types(house, number))[-1] == "responded"


async def test_keys_that_are_typed_are_no_shortcuts_and_shortcuts_can_be_off(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Typing")
    page = await _open(house, number)
    await page.keyboard.press("n")
    await page.wait_for_selector("#act textarea")
    await page.keyboard.type("rest of the story: r s f q")
    assert await page.input_value("#act textarea") == "rest of the story: r s f q"
    await page.keyboard.press("Escape")
    await expect(page.locator("#act form")).to_have_count(0)
    await house.pool.execute("update users set shortcuts = false where login = 'ma'")
    await page.reload()
    await page.keyboard.press("r")
    await page.keyboard.press("n")
    await page.wait_for_timeout(300)
    assert "responded" not in await types(house, number)
    assert await page.locator("#act form").count() == 0


async def test_a_file_is_attached_and_a_page_in_it_is_never_run(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Photo")
    page = await _open(house, number)
    await page.keyboard.press("u")
    await page.wait_for_selector("#act input[type=file]")
    body = b"<script>document.title='run'</script>" + b"x" * 2_000_000  # larger than a form may be elsewhere
    await page.set_input_files("#f-file", {"name": "照片.html", "mimeType": "text/html", "buffer": body})
    await page.click("#act button.primary")
    await page.wait_for_selector("#ticket-side:has-text('照片.html')")
    answer = await page.request.get(house.url(await page.get_attribute("#ticket-side a[target]", "href")))
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert await answer.body() == body
