"""Logging a call with the keyboard alone: how many keys, how long, and what is on the screen before it is saved."""

import time
from datetime import datetime
from typing import Any

import pytest

TEXT = "East wing: no workstation reaches the HIS"
assert 40 <= len(TEXT) <= 42
A_KEY_MS = 200


class Hands:
    """Presses keys at a person's pace and counts them; free text is typed but not counted."""

    def __init__(self, page: Any) -> None:
        self._keys = page.keyboard
        self.pressed = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.pressed += len(key.split("+"))
            await self._keys.press(key, delay=A_KEY_MS)

    async def type(self, text: str) -> None:
        await self._keys.type(text, delay=A_KEY_MS)


async def test_a_known_callers_fault_in_twelve_keys_and_twenty_seconds(house: Any) -> None:
    window, page = await house.signed_in("zhao")
    await house.tell("newCall", user=["zhao"])
    await page.wait_for_selector(".ring")
    hands, begun = Hands(page), time.monotonic()
    await hands.press("F2")
    await page.wait_for_selector("#caller:has-text('示范医院 · 张工')")
    await hands.type(TEXT)
    await hands.press("Tab", "1")
    await page.wait_for_selector("#say")
    shown = [await one.inner_text() for one in await page.query_selector_all("#promise .promise .at")]
    said = await page.inner_text("#say")
    await hands.press("Control+Enter")
    await page.wait_for_selector("#saved-number")
    took = time.monotonic() - begun
    print(f"{hands.pressed} keys, {took:.1f} s")
    assert hands.pressed <= 12
    assert took < 20
    ticket = await house.pool.fetchrow("select * from tickets")
    assert (ticket["title"], ticket["severity"], ticket["region"]) == (TEXT, 1, "city")
    due = await house.pool.fetch(
        "select (due_at at time zone 'Asia/Shanghai')::time as due from clocks order by due_at"
    )
    assert shown == [f"{row['due']:%H:%M}" for row in due], "the times on the screen before saving are those stored"
    assert [shown[0] in said, shown[1] in said, shown[2] in said] == [True] * 3
    assert window.faults == []


async def saved(page: Any, house: Any) -> Any:
    """Ctrl+Enter, and the ticket that came of it."""
    await page.keyboard.press("Control+Enter")
    number = int((await (await page.wait_for_selector("#saved-number")).inner_text()).lstrip("#"))
    return await house.pool.fetchrow("select * from tickets where number = $1", number)


async def test_an_open_ticket_is_offered_first(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.keyboard.type("055155500123")
    await page.wait_for_selector("#caller:has-text('张工')")
    await page.fill("#what", "No network")
    first = await saved(page, house)
    for call in range(2, 4):
        await house.tell("newCall", f"c-{call}", user=["zhao"])
        await page.wait_for_selector(".ring[data-phone='+8655155500123']")
        await page.keyboard.press("F2")
        await page.wait_for_selector(f".offer[data-number='{first['number']}']")
        assert await page.inner_text("#caller .tag.risk, #caller .tag.late") == f"Call no. {call} on this fault"
        await page.wait_for_selector("[data-into]:focus")
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "what"
        await page.keyboard.type(f"Asks again, time {call}")
        if call == 3:  # two contacts did not solve it
            assert await page.is_checked("[name=visit][value=yes]")
            await page.focus("[name=visit][value=yes]")
            await page.keyboard.press("2")
            await page.keyboard.press("Control+Enter")
            await page.wait_for_selector("#problems [data-field=visit_reason]")
            await page.keyboard.type("Solved from here tonight")
        again = await saved(page, house)
        assert again["number"] == first["number"]
    assert await house.count("tickets") == 1
    assert await house.pool.fetchval("select count(*) from calls where ticket = $1", first["number"]) == 3
    said = await house.pool.fetchval("select data ->> 'reason' from entries where data ->> 'text' = 'no visit'")
    assert said == "Solved from here tonight"


async def test_an_unknown_number_is_attached_to_the_customer_picked(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await house.tell("newCall", user=["zhao"], **{"from": "13912345678"})
    await page.wait_for_selector(".ring:has-text('Unknown number')")
    await page.keyboard.press("F2")
    await page.wait_for_selector("#caller:has-text('Unknown number')")
    await page.fill("#who", "")
    await page.type("#who", "fxsy")
    await page.wait_for_selector("#hits li:has-text('肥西实验中学')")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#attach")
    assert "Has complained" in await page.inner_text("#caller")
    await page.fill("#attach", "Teacher Liu")
    await page.fill("#what", "A question")
    ticket = await saved(page, house)
    contact = await house.pool.fetchrow("select * from contacts where phone = '+8613912345678'")
    assert (contact["name"], contact["account"]) == ("Teacher Liu", house.ids["school"])
    assert (ticket["account"], ticket["contact"], ticket["contract"]) == (house.ids["school"], contact["id"], None)


async def test_a_number_of_several_customers_is_settled_with_one_press(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.keyboard.type("0551-60000000")
    await page.wait_for_selector("#caller:has-text('Several customers')")
    await page.click("#caller button:has-text('门卫')")
    await page.wait_for_selector("#caller:has-text('示范医院 · 门卫')")
    await page.wait_for_selector("#site")
    await page.select_option("#site", str(house.ids["west"]))
    await page.click("label:has-text('Severe')")
    await page.wait_for_selector("#promise:has-text('2 主要故障')")
    await page.fill("#what", "Slow")
    ticket = await saved(page, house)
    assert (ticket["account"], ticket["site"], ticket["region"]) == (
        house.ids["hospital"],
        house.ids["west"],
        "province",
    )


async def test_another_severity_needs_a_reason(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.keyboard.type("0551-55500123")
    await page.wait_for_selector("#caller:has-text('张工')")
    await page.fill("#what", "Smoke")
    await page.click("label:has-text('Partly')")
    await page.wait_for_selector("#promise:has-text('3 一般故障')")
    await page.click("#promise summary")
    await page.select_option("[name=severity]", "1")
    await page.wait_for_selector("#promise .grade:has-text('1 严重故障')")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#problems [data-field=severity_reason]")
    assert await page.evaluate("document.activeElement.name") == "severity_reason"
    assert await house.count("tickets") == 0
    await page.keyboard.type("It burns")
    ticket = await saved(page, house)
    assert (ticket["severity"], ticket["graded_by"]) == (1, "It burns")


async def test_a_promise_made_on_the_call_is_one_key_away(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.keyboard.type("0551-55500123")
    await page.wait_for_selector("#caller:has-text('张工')")
    await page.fill("#what", "No network")
    await page.keyboard.press("Alt+p")
    assert await page.evaluate("document.activeElement.name") == "promised"
    await page.keyboard.type("Call back with the part number")
    await page.click("[data-in='60']")
    ticket = await saved(page, house)
    entry = await house.pool.fetchval(
        "select data from entries where ticket = $1 and type = 'promised'", ticket["number"]
    )
    until = datetime.fromisoformat(entry["until"]) - ticket["reported_at"]
    assert entry["what"] == "Call back with the part number"
    assert 58 * 60 < until.total_seconds() <= 61 * 60
    coverage = await house.pool.fetchval("select data ->> 'text' from entries where data ->> 'reason' like 'coverage%'")
    assert coverage == "Under contract HF-1 until 2026-12-31: no fee."


async def test_shortcuts_can_be_switched_off(house: Any) -> None:
    await house.pool.execute("update users set shortcuts = false where login = 'zhao'")
    _, page = await house.signed_in("zhao")
    await page.focus("body")
    await page.evaluate("document.activeElement.blur()")
    for key in ("?", "g", "n"):
        await page.keyboard.press(key)
    assert page.url == house.url("/")
    assert not await page.is_visible("#keys")
    await page.keyboard.press("Control+k")
    assert await page.is_visible("#palette"), "what needs Ctrl is not a character key"


async def test_the_keys_and_the_palette(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("?")
    await page.wait_for_selector("#keys[open]")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("210235")
    await page.wait_for_selector("#palette-hits li:has-text('S8505')")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/customers/{house.ids['hospital']}")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("g")
    await page.keyboard.press("n")
    await page.wait_for_url("**/next")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [("sfyy", "示范医院"), ("医院", "示范医院"), ("zg", "张工"), ("0123", "张工"), ("8505", "S8505")],
)
async def test_type_ahead(house: Any, keys: str, expected: str) -> None:
    _, page = await house.signed_in("zhao")
    await page.fill("#who", "")
    await page.type("#who", keys)
    await page.wait_for_selector(f"#hits li:has-text('{expected}')")


async def test_the_report_time_is_corrected_with_a_reason(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.keyboard.type("0551-55500123")
    await page.wait_for_selector("#caller:has-text('张工')")
    await page.fill("#what", "No network since this morning")
    await page.wait_for_selector("#promise summary:has-text('correct it')")
    await page.click("#promise summary:has-text('correct it')")
    await page.fill("[name=corrected_at]", "2026-03-02T15:30")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#problems [data-field=reported_reason]")
    await page.fill("[name=reported_reason]", "Called the old number first")
    ticket = await saved(page, house)
    assert ticket["reported_at"].isoformat() == "2026-03-02T07:30:00+00:00"
    reason = await house.pool.fetchval(
        "select data ->> 'reason' from entries where data ->> 'text' like 'report time%'"
    )
    assert reason == "Called the old number first"
