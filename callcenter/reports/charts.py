"""Charts as SVG, drawn by hand: lines of the last months, bars of a day's half-hours."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from callcenter.reports.model import Report
from callcenter.reports.words import Language, Words

# Without a family of the right language, Chinese text is set in Japanese shapes.
FONTS: Mapping[Language, str] = {
    "zh-CN": '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", sans-serif',
    "zh-TW": '"Noto Sans CJK TC", "Source Han Sans TC", "Microsoft JhengHei", sans-serif',
    "en": '"Noto Sans", "DejaVu Sans", "Noto Sans CJK SC", sans-serif',
}
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT = 760, 200, 40, 12, 160
_COLOURS = ("#1f6feb", "#b35900", "#1a7f37", "#8250df", "#cf222e", "#57606a")
# the lowest share worth drawing: most months lie far above
_MOST_LINES = len(_COLOURS)


def trend(report: Report, words: Words) -> str:
    """The compliance of each commitment over the months; empty where fewer than two months have cases."""
    months = sorted({one.month for one in report.trend})
    shares = {(one.month, one.commitment): one.compliance for one in report.trend if one.compliance is not None}
    names = list(dict.fromkeys(one.commitment for one in report.trend))[:_MOST_LINES]
    if len({month for month, _ in shares}) < 2:
        return ""
    low = min(90.0, min(shares.values()) // 10 * 10)
    parts = _frame(low, 100.0, months)
    for place, name in enumerate(names):
        points = [(x, shares.get((month, name))) for x, month in enumerate(months)]
        drawn = [(_x(x, len(months)), _y(share, low, 100.0)) for x, share in points if share is not None]
        parts += _line(drawn, _COLOURS[place], words.commitment(name), place)
    return _svg(parts, words("trend"), words.language)


def _x(place: int, count: int) -> float:
    return round(_LEFT + place * (_WIDTH - _LEFT - _RIGHT) / max(1, count - 1), 1)


def _y(value: float, low: float, high: float) -> float:
    return round(_TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - 24), 1)


def _frame(low: float, high: float, labels: Sequence[str]) -> list[str]:
    """Lines across at round values, and a label under each point."""
    parts = []
    for step in range(5):
        value = low + (high - low) * step / 4
        y = _y(value, low, high)
        parts.append(f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="#d0d7de"/>')
        parts.append(f'<text x="{_LEFT - 4}" y="{y + 3}" text-anchor="end">{value:g}</text>')
    for place, label in enumerate(labels):
        x = _x(place, len(labels))
        parts.append(f'<text x="{x}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(label)}</text>')
    return parts


def _line(points: Sequence[tuple[float, float]], colour: str, name: str, place: int) -> list[str]:
    if not points:
        return []
    path = " ".join(f"{x},{y}" for x, y in points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    parts += [f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in points]
    return parts + _key(place, colour, name)


def half_hours(report: Report, words: Words) -> str:
    """Calls by half-hour of the day, answered and not; empty where there was none."""
    answered: Counter[str] = Counter()
    offered: Counter[str] = Counter()
    for row in report.hotline.half_hours:
        answered[row.half_hour or ""] += row.answered
        offered[row.half_hour or ""] += row.offered
    most = _rounded_up(max(offered.values(), default=0))
    if not most:
        return ""
    slots = [f"{hour:02}:{minute}" for hour in range(24) for minute in ("00", "30")]
    width = (_WIDTH - _LEFT - _RIGHT) / len(slots)
    parts = _frame(0, most, [])
    for place, slot in enumerate(slots):
        x = round(_LEFT + place * width, 1)
        for count, colour in ((offered[slot], _COLOURS[4]), (answered[slot], _COLOURS[0])):
            if count:
                y = _y(count, 0, most)
                height = round(_y(0, 0, most) - y, 1)
                parts.append(f'<rect x="{x}" y="{y}" width="{width - 1.5:.1f}" height="{height}" fill="{colour}"/>')
        if place % 4 == 0:
            parts.append(f'<text x="{x}" y="{_HEIGHT - 6}">{slot}</text>')
    for place, (key, colour) in enumerate((("answered", _COLOURS[0]), ("abandoned", _COLOURS[4]))):
        parts += _key(place, colour, words(key))
    return _svg(parts, words("half_hours"), words.language)


def _rounded_up(most: int) -> int:
    """A height of four whole steps that the bars just fit under."""
    if not most:
        return 0
    unit: int = 10 ** max(0, len(str(most)) - 2)
    return -(-most // (4 * unit)) * 4 * unit


def _key(place: int, colour: str, name: str) -> list[str]:
    """A line of the legend."""
    y = _TOP + 10 + place * 16
    return [
        f'<rect x="{_WIDTH - _RIGHT + 14}" y="{y - 8}" width="10" height="10" fill="{colour}"/>',
        f'<text x="{_WIDTH - _RIGHT + 30}" y="{y}">{escape(name)}</text>',
    ]


def _svg(parts: Sequence[str], title: str, language: Language) -> str:
    inside = "".join(parts)
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" font-size="9" font-family="{escape(FONTS[language])}"'
    name = f"<title>{escape(title)}</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{name}{inside}</svg>'
