"""An engineer's visit on a telephone's screen, from accepting to the signature, and the papers that come of it."""

from typing import Any

from tests.e2e.desk import entry, fault, hire, types, write

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


async def test_a_visit_from_accepting_to_the_signature(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Rack without power", ago=50)
    await write(house, number, {"type": "assigned", "to": "chen"}, {"type": "dispatched", "who": "chen"})
    _, page = await house.signed_in("chen", **PHONE)
    await page.goto(house.url("/jobs"))
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.click(f"text=#{number}")
    await page.click("text=Accept the job")
    await page.click("#step-depart button")
    await page.wait_for_selector("#step-depart.done")
    await page.click("text=It was earlier")
    await page.fill("#when", "2026-03-02T15:45")
    await page.fill("#when_why", "no network in the cellar")
    await page.click("#step-arrive button")
    await page.wait_for_selector("#step-arrive.done:has-text('late')")
    assert (await entry(house, number, "arrived"))["occurred_at"].isoformat() == "2026-03-02T07:45:00+00:00"
    await page.click("#step-work summary")
    await page.fill("#work-hours", "1.5")
    await page.fill("#work-parts", "PSU 300 W x 1")
    await page.click("#step-work button")
    await page.wait_for_selector("#step-work.done")
    await page.click("#step-outcome summary")
    await page.check("#step-outcome input[value=fixed]", force=True)
    await page.check("#step-outcome input[name=for_good]")
    await page.click("#step-outcome button")
    await page.wait_for_selector("#step-outcome.done")
    assert (await types(house, number))[-3:] == ["visited", "restored", "resolved"]
    await _sign(page)
    assert (await entry(house, number, "signed"))["who"] == "Qian Hui"
    await page.goto(house.url(f"/tickets/{number}/report"))
    assert "PSU 300 W x 1" in await page.inner_text("main")
    assert await page.evaluate("document.querySelector('.signing img').naturalWidth") == 600


async def _sign(page: Any) -> None:
    await page.click("#step-sign summary")
    await page.click("text=Signed")
    await page.wait_for_selector("#step-sign [role=alert]")  # nobody has signed yet
    await page.fill("#sign-who", "Qian Hui")
    await page.locator(".glass").scroll_into_view_if_needed()
    box = await page.locator(".glass").bounding_box()
    await page.mouse.move(box["x"] + 20, box["y"] + 60)
    await page.mouse.down()
    for step in range(1, 12):
        await page.mouse.move(box["x"] + 20 + step * 20, box["y"] + 60 + (step % 3) * 15)
    await page.mouse.up()
    await page.click("text=Signed")
    await page.wait_for_selector("#step-sign.done")


async def test_a_partners_engineer_sees_the_partners_jobs_and_no_others(house: Any) -> None:
    await hire(house)
    own, other = await fault(house, "Ours"), await fault(house, "Theirs")
    await write(house, own, {"type": "assigned", "to": "wu"})
    await write(house, other, {"type": "assigned", "to": "chen"})
    _, page = await house.signed_in("wu", **PHONE)
    await page.goto(house.url("/jobs"))
    text = await page.inner_text("main")
    assert f"#{own}" in text
    assert f"#{other}" not in text
    for path in (f"/jobs/{other}", f"/tickets/{other}", f"/tickets/{other}/report"):
        answer = await page.goto(house.url(path))
        assert answer.status == 404, path
    await page.goto(house.url("/next"))
    assert f"#{other}" not in await page.inner_text("main")


async def test_who_did_the_job_does_not_ask_how_it_was(house: Any) -> None:
    await hire(house)
    number = await fault(house, "Asked after")
    await write(house, number, {"type": "accepted"}, {"type": "resolved"}, by="ma")
    _, page = await house.signed_in("ma")
    await page.goto(house.url("/follow-ups"))
    assert "your own job" in await page.inner_text(f"#ticket-{number}")
    await page.goto(house.url(f"/follow-ups/{number}"))
    await page.keyboard.press("1")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("[role=alert]:has-text('does not ask')")
    _, page = await house.signed_in("he")
    await page.goto(house.url("/follow-ups"))
    await page.focus(f"#f-{number}")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".script")
    await page.keyboard.press("2")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/follow-ups")
    assert (await types(house, number))[-2:] == ["followed_up", "reopened"]
    assert await house.pool.fetchval("select state from tickets where number = $1", number) not in (
        "resolved",
        "closed",
    )


async def test_not_reached_is_asked_again_later_and_a_missed_call_is_called_back(house: Any) -> None:
    from tests.e2e.desk import missed_call

    await hire(house)
    number = await fault(house, "Not at home")
    await write(house, number, {"type": "resolved"}, by="chen", role="engineer")
    await missed_call(house, "+865515550009")
    _, page = await house.signed_in("he")
    await page.goto(house.url(f"/follow-ups/{number}"))
    await page.keyboard.press("3")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/follow-ups")
    assert "tried 1 time" in await page.inner_text(f"#ticket-{number}")
    assert "followed_up" not in await types(house, number)
    await page.focus("[id^=call-] a")
    await page.keyboard.press("b")
    await page.wait_for_selector("text=Nobody waits to be called back")
    row = await house.pool.fetchrow("select called, agent from calls where direction = 'out'")
    assert (row["called"], row["agent"]) == ("+865515550009", "he")
