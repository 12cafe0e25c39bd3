"""Pictures of every page of the demo: `python -m tests.e2e.screenshots FOLDER [--dark]`.

One file each in FOLDER/{language}/{size}/. Nothing of it belongs into the repository but what the READMEs show.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.e2e.everywhere import Somewhere, addresses

SIZES = {"desk": (1280, 800), "phone": (390, 844)}
LOCALES = ("zh-CN", "en")
CALLER, CODE = "0551-65550111", "HF-2026-PH"
FAULT = {
    "zh-CN": "门诊全部工作站无法访问系统，核心交换机面板无灯，已断电重启一次无效。",
    "en": "No workstation reaches the system; the core switch shows no lights. Switched off and on once, in vain.",
}


@asynccontextmanager
async def _demo() -> AsyncIterator[dict[str, Any]]:
    """The demo runs until the block is left; gives what it says of itself."""
    words = (sys.executable, "-m", "callcenter", "demo", "--port", "0", "--json")
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        told: dict[str, Any] = json.loads(await asyncio.wait_for(process.stdout.readline(), 120))
        yield told
    finally:
        process.terminate()
        await process.wait()


async def _places(page: Page, told: dict[str, Any]) -> list[Somewhere]:
    """Every page, on a ticket and a customer of the demo."""
    headers = {"Authorization": f"Bearer {told['tokens']['admin']}"}
    contract = await (await page.request.get(f"{told['url']}/api/v1/contracts/{CODE}", headers=headers)).json()
    found = await (await page.request.get(f"{told['url']}/api/v1/tickets?contract={CODE}", headers=headers)).json()
    ticket = next((one for one in found["items"] if one["state"] == "in_progress"), found["items"][0])
    return addresses(ticket["number"], contract["account"], CODE)


async def _sign_in(page: Page, told: dict[str, Any], locale: str) -> None:
    """As the admin, in the language, from now on."""
    admin = next(user for user in told["users"] if user["role"] == "admin")
    await page.goto(f"{told['url']}/sign-in?locale={locale}")
    await page.fill("#login", admin["login"])
    await page.fill("#password", admin["password"])
    await page.click("button.primary")
    await page.wait_for_selector(".rail")
    await page.goto(f"{told['url']}/me")
    await page.check(f"input[name=locale][value={locale}]", force=True)
    await page.click("form[action='/me'] button")
    await page.wait_for_selector("main .say.done")


async def _take_down(page: Page, locale: str) -> None:
    """A caller is on the line, and what they say is typed."""
    await page.wait_for_selector("#who")
    await page.fill("#who", "")
    await page.type("#who", CALLER)
    await page.wait_for_selector("#caller")
    await page.fill("#what", FAULT[locale])
    await page.check("input[name='fact.impact'][value=down]", force=True)
    await page.wait_for_selector("#say")


async def _walk(browser: Browser, told: dict[str, Any], folder: Path, locale: str, *, dark: bool) -> int:
    taken = 0
    for size, (width, height) in SIZES.items():
        window = await browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", locale=locale
        )
        page = await window.new_page()
        target = folder / (f"{locale}-dark" if dark else locale) / size
        target.mkdir(parents=True, exist_ok=True)
        await page.goto(f"{told['url']}/sign-in?locale={locale}")
        await page.screenshot(path=target / "sign-in.png")
        await _sign_in(page, told, locale)
        for place in await _places(page, told):
            await page.goto(told["url"] + place.path)
            if place.opens:
                await page.click(place.opens)
                await page.wait_for_selector("main form :focus")
            if place.path == "/":
                await _take_down(page, locale)
            await page.screenshot(path=target / f"{place.name}.png", full_page=True)
            taken += 1
        await window.close()
    return taken


async def _main(folder: Path, *, dark: bool) -> None:
    async with _demo() as told, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--headless", "--disable-gpu"]
        )
        taken = 0
        for locale in LOCALES:
            taken += await _walk(browser, told, folder, locale, dark=dark)
        await browser.close()
    print(f"{taken} pictures in {folder}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pictures of every page of the demo.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dark", action="store_true", help="in the dark theme")
    given = parser.parse_args()
    asyncio.run(_main(given.folder, dark=given.dark))
