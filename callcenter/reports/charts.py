"""Charts as SVG, drawn by hand: lines of the last months, bars of a day's half-hours."""

from collections.abc import Sequence
from html import escape

from callcenter.reports.model import Report
from callcenter.reports.words import Words

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
    return _svg(parts, words("trend"))


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
    y = _TOP + 10 + place * 16
    parts.append(f'<rect x="{_WIDTH - _RIGHT + 14}" y="{y - 8}" width="10" height="10" fill="{colour}"/>')
    parts.append(f'<text x="{_WIDTH - _RIGHT + 30}" y="{y}">{escape(name)}</text>')
    return parts


def half_hours(report: Report, words: Words) -> str:
    """Calls by half-hour of the day, answered and not; empty where there was none."""
    answered: dict[str, int] = {}
    offered: dict[str, int] = {}
    for row in report.hotline.half_hours:
        slot = row.half_hour or ""
        answered[slot] = answered.get(slot, 0) + row.answered
        offered[slot] = offered.get(slot, 0) + row.offered
    most = max(offered.values(), default=0)
    if not most:
        return ""
    slots = [f"{hour:02}:{minute}" for hour in range(24) for minute in ("00", "30")]
    width = (_WIDTH - _LEFT - _RIGHT) / len(slots)
    parts = _frame(0, float(most), [])
    for place, slot in enumerate(slots):
        x = round(_LEFT + place * width, 1)
        for count, colour in ((offered.get(slot, 0), _COLOURS[4]), (answered.get(slot, 0), _COLOURS[0])):
            if count:
                y = _y(count, 0, most)
                height = round(_y(0, 0, most) - y, 1)
                parts.append(f'<rect x="{x}" y="{y}" width="{width - 1.5:.1f}" height="{height}" fill="{colour}"/>')
        if place % 4 == 0:
            parts.append(f'<text x="{x}" y="{_HEIGHT - 6}">{slot}</text>')
    for place, (key, colour) in enumerate((("answered", _COLOURS[0]), ("abandoned", _COLOURS[4]))):
        y = _TOP + 10 + place * 16
        parts.append(f'<rect x="{_WIDTH - _RIGHT + 14}" y="{y - 8}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{_WIDTH - _RIGHT + 30}" y="{y}">{escape(words(key))}</text>')
    return _svg(parts, words("half_hours"))


def _svg(parts: Sequence[str], title: str) -> str:
    inside = "".join(parts)
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" font-size="9"'
    name = f"<title>{escape(title)}</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{name}{inside}</svg>'
