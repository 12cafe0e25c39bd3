"""No page breaks: at the widths people have, and with text twice as large."""

import json
from typing import Any

import pytest

from tests.e2e.everywhere import BOSS, addresses, furnish

# What is wrong with how a page lies: it scrolls sideways, texts lie on each other, or a word is cut off by its box.
LOOK = """() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) {
    const wide = [...document.querySelectorAll('body *')].filter(one => {
      const box = one.getBoundingClientRect();
      return box.right > root.clientWidth + 1 && !one.closest('.scroll, .rail, .top, [hidden], pre, textarea, svg');
    }).slice(-3).map(one => one.outerHTML.slice(0, 90));
    wrong.push(`scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}: ${wide.join(' | ')}`);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility({checkVisibilityCSS: true, checkOpacity: true})) continue;
    if (parent.closest('.sr, .unseen, .skip, .toast, dialog:not([open]), option, svg, textarea')) continue;
    // these clip or scroll within themselves
    if (parent.closest('script, style, .scroll, .rail, .top, .gutter')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width > 1 && box.height > 1) texts.push({parent, box, text: node.data.trim().slice(0, 30)});
    }
  }
  texts.sort((a, b) => a.box.top - b.box.top);
  for (let i = 0; i < texts.length; i++) {
    for (let j = i + 1; j < texts.length && texts[j].box.top < texts[i].box.bottom - 3; j++) {
      const a = texts[i].box, b = texts[j].box;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const fixed = [texts[i], texts[j]].some(one => {
        for (let up = one.parent; up; up = up.parentElement)
          if (['fixed', 'sticky'].includes(getComputedStyle(up).position)) return true;
        return false;
      });
      if (across > 3 && down > 6 && !fixed)
        wrong.push(`on each other: ${texts[i].text} / ${texts[j].text}`);
    }
  }
  return wrong.slice(0, 5);
}"""
SIZES = {"phone": (390, 844), "desk": (1280, 800), "wide": (1920, 1080)}


async def _broken(house: Any, size: tuple[int, int], *, larger: bool = False) -> dict[str, list[str]]:
    places = addresses(*await furnish(house))
    window, page = await house.signed_in(BOSS, viewport={"width": size[0], "height": size[1]})
    wrong: dict[str, list[str]] = {}
    for place in places:
        await page.goto(house.url(place.path))
        if place.opens:
            async with page.expect_response(lambda one: one.request.resource_type == "xhr"):
                await page.click(place.opens)
        if larger:
            await page.evaluate("document.documentElement.style.fontSize = '200%'")
        if lines := await page.evaluate(LOOK):
            wrong[f"{place.path} {place.opens or ''}"] = lines
    assert window.faults == []
    return wrong


@pytest.mark.parametrize("name", SIZES)
async def test_no_page_breaks_at_this_width(house: Any, name: str) -> None:
    wrong = await _broken(house, SIZES[name])
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)


async def test_no_page_breaks_with_text_twice_as_large(house: Any) -> None:
    wrong = await _broken(house, SIZES["desk"], larger=True)
    assert wrong == {}, json.dumps(wrong, indent=1, ensure_ascii=False)


async def test_a_broken_page_would_be_seen(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    inside = '<div class="wide-thing">too wide</div><p class="one">first text</p><p class="two">second text</p>'
    await page.evaluate("(inside) => { document.querySelector('main').innerHTML = inside; }", inside)
    await page.evaluate("""() => { document.querySelector('.wide-thing').style.width = '3000px';
      document.querySelector('.two').style.marginTop = '-20px'; }""")
    told = " ".join(await page.evaluate(LOOK))
    assert "scrolls sideways" in told
    assert "first text / second text" in told
