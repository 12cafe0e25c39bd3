"""Input methods: what is still being composed is neither sent nor a shortcut."""

from typing import Any

# What a browser does whose input method ends with the Enter that took the candidate.
ENDS = """(field) => {
  field.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true, data: "门诊"}));
  field.dispatchEvent(new KeyboardEvent("keydown", {bubbles: true, cancelable: true, key: "Enter", ctrlKey: true}));
}"""
COMPOSING = """(field) => field.dispatchEvent(
  new KeyboardEvent("keydown", {bubbles: true, cancelable: true, key: "Enter", ctrlKey: true, isComposing: true}))"""


async def test_enter_that_ends_a_composition_sends_nothing(house: Any) -> None:
    window, page = await house.signed_in("lin")
    await page.keyboard.type("0551-55500123")
    await page.wait_for_selector("#caller:has-text('张工')")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/log") else None)
    devices = await window.new_cdp_session(page)
    await page.focus("#what")
    for text in ("m", "me", "men", "men z", "门诊"):
        await devices.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        )
        for modifiers in (0, 2):  # Enter takes the candidate, also with Ctrl still down
            await _key(devices, "Enter", 229, modifiers)
        await page.eval_on_selector("#what", COMPOSING)
    await devices.send("Input.insertText", {"text": "门诊"})
    await page.eval_on_selector("#what", ENDS)
    assert await page.input_value("#what") == "门诊"
    assert await page.evaluate("document.activeElement.id") == "what"
    await page.evaluate("fetch('/static/icon.svg').then((answer) => answer.status)")  # asked after whatever was sent
    assert sent == []
    # the moment in which an Enter is still the composition's goes by in the browser
    await page.evaluate("new Promise((done) => setTimeout(done, 60))")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#saved-number")
    assert len(sent) == 1, "an Enter of its own does send"
    assert window.faults == []


async def _key(devices: Any, key: str, code: int, modifiers: int) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        press = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        await devices.send("Input.dispatchKeyEvent", press)


async def test_a_composition_in_the_caller_field_neither_picks_nor_leaves(house: Any) -> None:
    window, page = await house.signed_in("lin")
    devices = await window.new_cdp_session(page)
    await page.fill("#who", "医")
    await page.wait_for_selector("#hits li")
    await page.focus("#who")
    await devices.send("Input.imeSetComposition", {"text": "yuan", "selectionStart": 4, "selectionEnd": 4})
    await _key(devices, "Enter", 229, 0)
    await _key(devices, "ArrowDown", 229, 0)
    assert await page.input_value("[name=account]") == ""
    await devices.send("Input.insertText", {"text": "院"})
    assert await page.input_value("#who") == "医院"
    await page.wait_for_selector("#hits li:has-text('示范医院')")


async def test_digits_and_letters_of_a_composition_choose_nothing(house: Any) -> None:
    window, page = await house.signed_in("lin")
    devices = await window.new_cdp_session(page)
    await page.focus("[name='fact.impact']")
    await _key(devices, "1", 229, 0)
    assert await page.locator("[name='fact.impact']:checked").count() == 0
    await page.keyboard.press("1")
    assert await page.locator("[name='fact.impact']:checked").count() == 1
