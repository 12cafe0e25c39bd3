"""Logging a call with the keyboard alone."""

from typing import Any


async def test_by_hand(house: Any) -> None:
    window, page = await house.signed_in()
    await page.keyboard.type("0551-55500123")
    await page.wait_for_selector("text=示范医院 · 张工")
    await page.keyboard.press("Tab")
    print(await page.evaluate("document.activeElement.outerHTML.slice(0,200)"))
    await page.screenshot(path="/tmp/console1/a.png", full_page=True)
    await page.fill("#what", "门诊全部工作站无法访问 HIS，核心交换机面板无灯")
    await page.focus("#what")
    await page.keyboard.press("Tab")
    await page.keyboard.press("1")
    await page.wait_for_selector("#say")
    await page.screenshot(path="/tmp/console1/b.png", full_page=True)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#saved-number")
    await page.screenshot(path="/tmp/console1/c.png", full_page=True)
    assert window.faults == []
    assert await house.count("tickets") == 1
