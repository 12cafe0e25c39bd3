"""Templates in three languages."""

import hashlib
import io
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from aiohttp import web
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from callcenter.web.pages.navigation import navigation
from callcenter.web.pages.phrases import because, phrase
from callcenter.web.pages.words import word
from sla.duration import parse

LOCALES = ("zh-CN", "zh-TW", "en")
_HERE = Path(str(files("callcenter")))
STATIC = _HERE / "web" / "static"


@lru_cache(maxsize=8)
def catalogue(locale: str) -> NullTranslations:
    """The translations of a language; English is what the templates are written in."""
    path = _HERE / "locales" / locale.replace("-", "_") / "LC_MESSAGES" / "callcenter.po"
    if not path.exists():
        return NullTranslations()
    binary = io.BytesIO()
    with path.open("rb") as file:
        write_mo(binary, read_po(file))
    binary.seek(0)
    return Translations(binary)


class Rendering:
    """One Jinja environment a language, on the same templates."""

    def __init__(self) -> None:
        self._environments = {locale: _environment(locale) for locale in LOCALES}

    def render(self, locale: str, template: str, **values: Any) -> str:
        """The template's text in the language."""
        environment = self._environments[locale if locale in LOCALES else "en"]
        return environment.get_template(template).render(**values)


def _environment(locale: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "web" / "templates"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    translations = catalogue(locale)
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # by the extension
    environment.globals |= {"locale": locale, "static": static, "navigation": navigation, "word": word}
    environment.filters |= _filters(locale, translations)
    return environment


@lru_cache(maxsize=256)
def static(name: str) -> str:
    """The address of a file of ours, which changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def _filters(locale: str, translations: NullTranslations) -> dict[str, Callable[..., Any]]:
    gettext = translations.gettext
    babel = locale.replace("-", "_").replace("zh_TW", "zh_Hant_TW").replace("zh_CN", "zh_Hans_CN")

    def clock(at: datetime | None, zone: str) -> str:
        """Wall-clock time in a zone: 16:07."""
        return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%H:%M")

    def day(at: datetime | None, zone: str) -> str:
        return "" if at is None else format_date(at.astimezone(ZoneInfo(zone)), "medium", locale=babel)

    def moment(at: datetime | None, zone: str) -> str:
        return "" if at is None else at.astimezone(ZoneInfo(zone)).isoformat(" ")[:16]

    def weekday(day: date) -> str:
        return str(format_date(day, "EEE d", locale=babel))

    def iso(at: datetime | None) -> str:
        return "" if at is None else at.isoformat()

    def wall(at: datetime, zone: str, now: datetime) -> str:
        """Wall-clock time in a zone, with the day where it is another one: 03-02 16:07."""
        there, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
        return there.strftime("%H:%M" if there.date() == today.date() else "%m-%d %H:%M")

    # looked up once, as a list says them some hundred times
    d, h, m, s = gettext("d"), gettext("h"), gettext("min"), gettext("s")

    def span(seconds: float | None) -> str:
        """A length of time as people say it: 1 h 05 min."""
        if seconds is None:
            return ""
        minutes, rest = divmod(int(abs(seconds)), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        if days:
            return f"{days} {d} {hours} {h}"
        if hours:
            return f"{hours} {h} {minutes:02} {m}" if minutes or rest else f"{hours} {h}"
        return f"{minutes} {m}" if minutes else f"{rest} {s}"

    def figure(text: str | None) -> str:
        """What was promised, as the contract wrote it: 4h, 3wd, measure."""
        if text is None or text in plain:
            return plain.get(text or "", "")
        try:
            length = parse(text)
        except ValueError:
            return text
        if length.kind == "open":
            return span(length.micros / 1_000_000)
        if length.kind == "working_days":
            return counted("%(num)s working day", "%(num)s working days", length.days)
        if length.months:
            return counted("%(num)s month", "%(num)s months", length.months)
        return counted("%(num)s day", "%(num)s days", length.days)

    def counted(one: str, many: str, number: int) -> str:
        return translations.ngettext(one, many, number) % {"num": number}

    plain = {"": "", "none": gettext("no promise"), "measure": gettext("measured only"), "agreed": gettext("as agreed"),
             "NBD": gettext("next business day")}  # fmt: skip

    def said(text: str) -> str:
        """A sentence of the calculations."""
        return phrase(text, gettext)

    def reason(text: str, clause: str | None = None) -> str:
        """Why a stretch of a clock counts or does not."""
        return because(text, clause, gettext)

    times: dict[str, Callable[..., Any]] = {
        "clock": clock,
        "day": day,
        "moment": moment,
        "iso": iso,
        "span": span,
        "wall": wall,
        "weekday": weekday,
    }
    return {**times, "figure": figure, "said": said, "reason": reason}


def best_locale(request: web.Request) -> str:
    """The language the browser asks for, among ours."""
    chosen = request.cookies.get("callcenter_locale")
    if chosen in LOCALES:
        return chosen
    accepted = request.headers.get("Accept-Language", "").lower()
    for part in accepted.split(","):
        tag = part.split(";")[0].strip()
        if tag.startswith(("zh-tw", "zh-hk", "zh-hant", "zh-mo")):
            return "zh-TW"
        if tag.startswith("zh"):
            return "zh-CN"
        if tag.startswith("en"):
            return "en"
    return "en"
