"""A report's words: all there in three languages, with the same gaps, each language its own."""

import re

import pytest

from callcenter.reports.words import LANGUAGES, WORDS, Language, Words


@pytest.mark.parametrize("key", WORDS)
def test_every_word_is_there_with_the_same_gaps(key: str) -> None:
    texts = [WORDS[key][language] for language in LANGUAGES]
    assert all(texts)
    assert len({frozenset(re.findall(r"{\w+}", text)) for text in texts}) == 1


@pytest.mark.parametrize(("language", "signs"), [("zh-TW", "big5"), ("zh-CN", "gb2312")])
def test_each_chinese_is_written_in_its_own_signs(language: Language, signs: str) -> None:
    """The character set of the one lacks the signs of the other."""
    "".join(one[language] for one in WORDS.values()).encode(signs)
    other = "zh-CN" if language == "zh-TW" else "zh-TW"
    with pytest.raises(UnicodeEncodeError):
        "".join(one[other] for one in WORDS.values()).encode(signs)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5 s"), (59.6, "1 min"), (3599, "59 min"), (3900, "1 h 05 min"), (-7200, "-2 h 00 min"), (180000, "2 d 2 h")],
)
def test_lengths_of_time_as_people_say_them(seconds: float, text: str) -> None:
    assert Words("en").span(seconds) == text
