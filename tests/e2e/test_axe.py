"""No page has a fault that axe-core finds, in light or dark. axe.min.js is axe-core as published, for tests alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.everywhere import BOSS, addresses, furnish

AXE = Path(__file__).with_name("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"


def told(found: dict[str, Any]) -> list[str]:
    """Each violation in a line: the rule, where, and why."""
    return [
        f"{one['id']}: {node['target']} {json.dumps(node.get('failureSummary', ''))[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_a_violation(house: Any, scheme: str) -> None:
    places = addresses(*await furnish(house))
    window, page = await house.signed_in(BOSS, color_scheme=scheme)
    wrong: dict[str, list[str]] = {}
    for place in places:
        answer = await page.goto(house.url(place.path))
        assert answer.status == 200, f"{place.path}: {answer.status}"
        if place.opens:
            async with page.expect_response(lambda one: one.request.resource_type == "xhr"):
                await page.click(place.opens)
            await page.wait_for_selector("form :focus, [autofocus]")
        await page.evaluate(AXE)
        if lines := told(await page.evaluate(RUN, RULES)):
            wrong[f"{scheme} {place.path} {place.opens or ''}"] = lines
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)
    assert window.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_sign_in_page_has_no_violation(house: Any, scheme: str) -> None:
    window = await house.window(color_scheme=scheme)
    page = await window.new_page()
    for locale in ("en", "zh-CN"):
        await page.goto(house.url(f"/sign-in?locale={locale}"))
        await page.evaluate(AXE)
        assert told(await page.evaluate(RUN, RULES)) == []


async def test_axe_would_find_something(house: Any) -> None:
    """A page that is wrong is found wrong, so that the tests above can fail."""
    _, page = await house.signed_in("zhao")
    await page.evaluate("document.querySelector('main').innerHTML = '<img src=\"/static/icon.svg\"><input>'")
    await page.evaluate(AXE)
    rules = {line.split(":")[0] for line in told(await page.evaluate(RUN, RULES))}
    assert {"image-alt", "label"} <= rules
