"""Sentences of the calculations are said in the reader's language, and nothing of them is lost on the way."""

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from callcenter.web.pages.phrases import _forms, because, phrase
from callcenter.web.pages.rendering import catalogue
from sla.calendar import Calendar
from sla.check import errors
from sla.interval import micros

YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
_LATIN = re.compile("[A-Za-z]{2,}")


def _same(text: str) -> str:
    return text


def _reasons(spec: object) -> set[str]:
    calendar = Calendar.build("office", spec, "Asia/Shanghai")
    start, end = map(micros, YEAR)
    open_ = list(calendar.intervals(start, end))
    closed = {calendar.closed_because(a.end, b.start) for a, b in pairwise(open_)}
    return {one.because for one in open_} | closed


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW"])
@pytest.mark.parametrize("country", ["CN", "TW", "HK"])
def test_every_reason_of_a_year_is_chinese_to_the_chinese(locale: str, country: str) -> None:
    week = {"mon-fri": "09:00-12:00 13:30-18:00"}
    days = {"2026-06-03": "closed", "2026-06-06": "10:00-12:00"}
    reasons = _reasons({"week": week, "holidays": [country, "2026-07-08", "12-24"], "days": days})
    assert len(reasons) > 20
    say = catalogue(locale).gettext
    assert sorted(one for one in reasons if _LATIN.search(phrase(one, say))) == []


def test_english_is_left_as_it_is() -> None:
    week = {"mon-fri": "09:00-12:00 13:30-18:00", "sat": "22:00-06:00"}
    for reason in _reasons({"week": week, "holidays": "CN"}):
        assert phrase(reason, _same) == reason


def test_a_reason_keeps_its_clause_and_its_figures() -> None:
    say = catalogue("zh-CN").gettext
    assert because("4.9: Monday 09:00-12:00", "4.9", say) == "4.9: 星期一 09:00-12:00 工作"
    assert because("4.9: waiting_customer", "4.9", say) == "4.9: 等待客户"
    assert because("resolved, then reopened: the time between does not count", None, say).startswith("已解决")
    assert "10d" in because("10d on the wall clock of Asia/Shanghai", None, say)


def test_a_grading_rule_is_said_in_the_words_of_the_form() -> None:
    say = catalogue("zh-CN").gettext
    told = phrase("impact is partial or intermittent and liability is ours: severity 3", say)
    assert (
        told == f"{say('Impact')} = {say('Partly')} / {say('Now and then')} + {say('Liability')} = {say('Ours')}：3 级"
    )
    assert phrase("otherwise: severity 4", say) == "其他情况：4 级"


def test_what_nobody_foresaw_stands_as_it_is() -> None:
    assert phrase("the dog ate it, 100 % of it", catalogue("zh-CN").gettext) == "the dog ate it, 100 % of it"


def test_no_sentence_is_taken_for_another_one() -> None:
    for form, sentence in _forms():
        sample = re.sub(r"%\((\w+)\)s", lambda found: _SAMPLES.get(found[1], "'x'"), sentence).replace("%%", "%")
        assert form.fullmatch(sample), sentence
        first = next(other for each, other in _forms() if each.fullmatch(sample))
        assert first == sentence, f"{sample!r} is read as {first!r}"


_SAMPLES = {"at": "09:00", "hours": "09:00-12:00", "date": "2026-10-08", "on": "01/04/2026", "day": "Monday",
            "what": "the key", "near": "did you mean 'y'?", "entry": "resolved", "number": "3",
            "rule": "impact is down",
            "error": "'x' is no figure"}  # fmt: skip
_GOOD = """contract: C-1
customer: K
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: high}}
calendars: {office: {week: {mon-fri: "09:00-17:00"}}}
commitments: [{name: response, starts: reported, stops: responded, within: 1h, calendar: office}]
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("timezone: Asia/Shanghai", "timezone: Mars/Base"),
        ("within: 1h", "within: soon"),
        ("calendar: office", "calendar: offce"),
        ("mon-fri", "monn"),
        ("09:00-17:00", "9 to 5"),
        ("customer: K\n", ""),
        ("stops: responded", "stops: answerd"),
        ("until: 2026-12-31", "until: 2025-12-31"),
        ("{1: {name: high}}", "{}"),
        ("commitments:", "promises: []\ncommitments:"),
        ("within: 1h", "within: 1h, with: 1"),
        ("valid: {from: 2026-01-01", "valid: {from: yesterday"),
    ],
)
def test_what_is_wrong_in_a_contract_is_told_in_chinese(right: str, wrong: str) -> None:
    assert right in _GOOD
    findings = errors(_GOOD.replace(right, wrong))
    assert findings
    say = catalogue("zh-CN").gettext
    for one in findings:
        told = phrase(one.message, say)
        assert re.search("[\u4e00-\u9fff]", told), one.message
        assert phrase(one.message, _same) == one.message


def test_what_was_corrected_in_a_sealed_month_is_told_in_chinese() -> None:
    gettext = catalogue("zh-CN").gettext
    assert phrase("ticket 5, response/1", gettext) == "工单 5，响应/1"
    assert phrase("on_site, severity 2, region None: met", gettext) == "到场，故障级别 2，区域 –：按时"
    assert phrase("queue main: offered", gettext) == "队列 main：来电总数"
    assert phrase("breached, exempt (force_majeure)", gettext) == "违约，已豁免（不可抗力）"
    assert [phrase(one, gettext) for one in ("kept", "breached", "17")] == ["承诺已兑现", "违约", "17"]
