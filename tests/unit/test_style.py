"""The colours of the style sheet can be told apart, and its page says so in the same numbers."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEET = (ROOT / "callcenter" / "web" / "static" / "style.css").read_text("utf-8")
PAGE = (ROOT / "docs" / "style.md").read_text("utf-8")
# Text on what it stands on, and what WCAG 2.2 asks for: 4.5 for text, 3 for the edges of controls.
PAIRS = [
    *((ink, ground, 4.5) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in ("surface", "bg")),
    ("accent", "accent-soft", 4.5),
    ("accent-ink", "accent", 4.5),
    *((state, ground, 4.5) for state in ("ok", "risk", "late", "hold") for ground in (f"{state}-soft", "surface")),
    ("line-strong", "surface", 3.0),
    ("line-strong", "bg", 3.0),
]


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


def _themes() -> dict[str, dict[str, str]]:
    light = SHEET.split(":root {", 1)[1].split("}", 1)[0]
    dark = SHEET.split(':root[data-theme="dark"] {', 1)[1].split("}", 1)[0]
    return {"light": _tokens(light), "dark": _tokens(dark)}


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * sign for sign in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_the_contrast_is_enough_and_as_the_page_says(theme: str, ink: str, ground: str, least: float) -> None:
    tokens = _themes()[theme]
    ratio = contrast(tokens[ink], tokens[ground])
    assert ratio >= least, f"{ink} on {ground}: {ratio:.2f}"
    row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{ink}` on `{ground}` |")), None)
    assert row is not None, f"docs/style.md has no row for {ink} on {ground}"
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1 if theme == "light" else 2] == f"{ratio:.1f}"


def test_a_machine_in_the_dark_gets_the_same_colours_as_who_asks_for_them() -> None:
    by_itself = SHEET.split('data-theme="light"]) {', 1)[1].split("}", 1)[0]
    assert _tokens(by_itself) == _themes()["dark"]


def test_both_themes_have_the_same_tokens() -> None:
    themes = _themes()
    assert set(themes["light"]) == set(themes["dark"])


def test_sizes_of_text_are_those_of_the_scale() -> None:
    scale = set(re.findall(r"^\| `([\d.]+)rem` \|", PAGE, re.MULTILINE))
    used = set(re.findall(r"font(?:-size)?: (?:\d{3} )?([\d.]+)rem", SHEET))
    board = {size for size in used if float(size) >= 2}  # the wallboard is read from nine metres
    assert used - board <= scale, sorted(used - board - scale)
