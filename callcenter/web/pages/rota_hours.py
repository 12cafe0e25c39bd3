"""The hours of a turn of the rota as people write them, one line a day or range of days: `mon-fri: 09:00-18:00`."""

from collections.abc import Mapping
from typing import Any

_DAYS = dict(zip("一二三四五六日", ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), strict=True)) | {"天": "sun"}
_SIGNS = str.maketrans({"：": ":", "，": ",", "至": "-", "到": "-", "～": "-", "—": "-", "–": "-"})


def read_hours(text: str, zone: str) -> dict[str, Any] | None:
    """The calendar the lines write, in that zone unless they name another; None for no line.

    What is wrong in it is the calendar's to say.
    """
    week: dict[str, str] = {}
    more: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.translate(_SIGNS).splitlines())):
        days, _, hours = (part.strip() for part in line.partition(":"))
        if days in ("holidays", "假日", "節假日", "节假日"):
            more["holidays"] = [one.strip() for one in hours.split(",")]
        elif days in ("timezone", "时区", "時區"):
            more["timezone"] = hours
        else:
            week[_english(days)] = hours
    return {"week": week, "timezone": zone, **more} if week or more else None


def _english(days: str) -> str:
    """The days by the names that calendars know: 周一-周五 is mon-fri."""
    bare = days.replace("星期", "").replace("周", "").replace("週", "")
    return "".join(_DAYS.get(sign, sign) for sign in bare)


def written_hours(hours: Mapping[str, Any] | None, zone: str) -> str:
    """The lines that write the calendar."""
    if not hours:
        return ""
    week = hours.get("week", {})
    lines = [f"{days}: {' '.join(each) if isinstance(each, list) else each}" for days, each in week.items()]
    listed = hours.get("holidays")
    if listed:
        lines.append(f"holidays: {listed if isinstance(listed, str) else ', '.join(map(str, listed))}")
    if hours.get("timezone", zone) != zone:
        lines.append(f"timezone: {hours['timezone']}")
    return "\n".join(lines)
