"""Every text of the console is said in every language, in that language's own words, with nothing left out."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from alerts.reasons import Reason
from callcenter.web.pages.rendering import catalogue
from callcenter.web.pages.words import UNDELIVERED

HERE = Path(__file__).parents[2] / "callcenter"
TEMPLATES = [page for page in (HERE / "web" / "templates").rglob("*.html") if page.parent.name != "report"]
METHODS = [("web/pages/**.py", "python"), ("web/acknowledging.py", "python"), ("web/templates/**.html", "jinja2")]
OPTIONS = {"web/templates/**.html": {"newstyle_gettext": "true", "silent": "false"}}
LANGUAGES = {"zh_CN": "gb2312", "zh_TW": "big5"}
_CJK = re.compile("[\u4e00-\u9fff]")
_PLACES = re.compile(r"%\(\w+\)s|\{\w+\}|%%")
# What is said alike in every language; a Chinese text of Latin letters alone is otherwise one that was forgotten.
NAMES: set[str] = set()
# Words of the other side of the strait, by what is said here.
FOREIGN = {
    "zh_TW": ("響應", "合同", "質保", "投訴", "彈屏", "短信", "網絡", "硬件", "軟件", "信息", "默認", "用戶", "登錄",
              "打印", "服務器", "導出", "視頻", "隊列", "令牌", "坐席", "設置", "支持", "鏈接", "數據庫"),
    "zh_CN": ("工單", "登入", "預設", "資訊", "簡訊", "軟體", "硬體", "伺服器", "佇列", "客訴", "保固", "叫修"),
}  # fmt: skip


@cache
def _texts() -> set[str]:
    """Every text that pages mark for translation, plural forms by their singular."""
    found = extract_from_dir(HERE, METHODS, OPTIONS)
    texts = (message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found)
    return {text for text in texts if text}


@cache
def _messages(locale: str) -> dict[str, Message]:
    with (HERE / "locales" / locale / "LC_MESSAGES" / "callcenter.po").open("rb") as file:
        read = read_po(file, locale=locale)
    return {one.id if isinstance(one.id, str) else one.id[0]: one for one in read if one.id}


def _said(message: Message) -> str:
    return message.string if isinstance(message.string, str) else message.string[0]


def test_every_reason_of_a_message_not_delivered_has_words() -> None:
    assert set(UNDELIVERED) == set(Reason)


def test_there_is_a_lot_to_say() -> None:
    assert len(_texts()) > 500


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_text_is_translated_and_no_translation_is_left_over(locale: str) -> None:
    known = _messages(locale)
    assert sorted(_texts() - {text for text, message in known.items() if _said(message)}) == []
    assert sorted(set(known) - _texts()) == []
    assert [text for text, message in known.items() if message.fuzzy] == []


@pytest.mark.parametrize("locale", LANGUAGES)
def test_chinese_is_chinese(locale: str) -> None:
    latin = [text for text, message in _messages(locale).items() if not _CJK.search(_said(message))]
    assert sorted(set(latin) - NAMES) == []


@pytest.mark.parametrize("locale", LANGUAGES)
def test_what_is_filled_in_is_filled_in_everywhere(locale: str) -> None:
    wrong = [
        text
        for text, message in _messages(locale).items()
        if sorted(_PLACES.findall(text)) != sorted(_PLACES.findall(_said(message)))
    ]
    assert wrong == []


@pytest.mark.parametrize("locale", LANGUAGES)
def test_each_side_writes_its_own_characters_and_says_its_own_words(locale: str) -> None:
    for text, message in _messages(locale).items():
        said = _said(message)
        strange = [sign for sign in _CJK.findall(said) if not _encodes(sign, LANGUAGES[locale])]
        assert strange == [], f"{text}: {said}"
        assert [word for word in FOREIGN[locale] if word in said] == [], f"{text}: {said}"


def _encodes(sign: str, charset: str) -> bool:
    try:
        sign.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def test_counted_things_are_said_with_their_number() -> None:
    for locale in ("zh-CN", "zh-TW"):
        said = catalogue(locale).ngettext("%(num)s working day", "%(num)s working days", 3)
        assert _CJK.search(said), said


_JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
_KEYS = re.compile(r"<kbd[^>]*>.*?</kbd>|<(script|style)\b.*?</\1>", re.DOTALL)
_SHOWN = re.compile(r"\b(?:title|aria-label|placeholder|alt)=\"([^\"]*)\"")
_WORD = re.compile(r"[A-Za-z\u4e00-\u9fff]{2,}")
# Zones, formats and names of one's own language, which stand as they are everywhere.
AS_IT_IS = {"UTC", "doctype", "html", "br", "nbsp", "middot", "kB"}


def _visible(page: str) -> Iterator[str]:
    """What a template shows by itself: text between tags, and attributes that are read out."""
    bare = _JINJA.sub(" ", page)
    yield from _SHOWN.findall(bare)
    yield re.sub(r"<[^>]*>", " ", _KEYS.sub(" ", bare))


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda page: page.name)
def test_no_text_stands_in_a_template_untranslated(page: Path) -> None:
    shown = [word for text in _visible(page.read_text("utf-8")) for word in _WORD.findall(text)]
    assert [word for word in shown if word not in AS_IT_IS] == []


def test_an_untranslated_text_would_be_found() -> None:
    assert _WORD.findall(" ".join(_visible('<p title="Hello">{{ _("x") }} world</p>'))) == ["Hello", "world"]
