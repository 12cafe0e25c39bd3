"""Sentences of the calculations in the reader's language: why a clock says what it says, what is wrong in a contract.

The service and its API say them in English, as each is put together from parts; here they are recognised by their form.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from callcenter.web.pages.navigation import N_
from callcenter.web.pages.words import ANSWERS, COMMITMENTS, ENTRIES, EXEMPTIONS, FACTS, REASONS, SAID

_WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip
_HOLIDAYS = (
    N_("New Year's Day"), N_("Chinese New Year"), N_("Chinese New Year (Spring Festival)"),
    N_("Chinese New Year's Eve"), N_("The second day of Chinese New Year"),
    N_("The third day of Chinese New Year"), N_("Tomb-Sweeping Day"),
    N_("Labor Day"), N_("Dragon Boat Festival"), N_("Mid-Autumn Festival"), N_("The Day following Mid-Autumn Festival"),
    N_("National Day"), N_("Double Ninth Festival"), N_("Christmas Day"), N_("The first weekday after Christmas Day"),
    N_("Easter Monday"), N_("Good Friday"), N_("Hong Kong S.A.R. Establishment Day"), N_("The Buddha's Birthday"),
    N_("Children's Day"), N_("Confucius' Birthday"), N_("Constitution Day"), N_("Peace Memorial Day"),
    N_("Founding Day of the Republic of China"), N_("Taiwan Restoration and Guningtou Victory Memorial Day"),
)  # fmt: skip
# What a sealed month counts, and how a promise ended.
_COUNTS = {
    "due": N_("came due"), "met": N_("kept in time"), "breached": N_("breached"), "exempt": N_("exempt"),
    "cancelled": N_("cancelled"), "kept": N_("kept in time"), "offered": N_("calls offered"),
    "answered": N_("calls answered"), "abandoned": N_("calls abandoned"), "short": N_("calls given up at once"),
    "overflow": N_("calls passed on"), "answered_within": N_("answered within the limit"),
    "abandoned_within": N_("abandoned within the limit"),
}  # fmt: skip
# The whole of a sentence, the first that fits; `day`, `entry`, `what`, `near` and `error` are said in turn.
_SENTENCES = (
    N_("ticket %(number)s, %(promise)s/%(cycle)s"),
    N_("objective %(promise)s, severity %(severity)s, region %(region)s: %(count)s"),
    N_("%(promise)s, severity %(severity)s, region %(region)s: %(count)s"),
    N_("queue %(queue)s: %(count)s"),
    N_("breached, exempt (%(cause)s)"),
    N_("%(figure)s on the wall clock of %(zone)s"),
    N_("the instant agreed"),
    N_("agreed later, the new instant counts"),
    N_("regraded, the figure counts from the regrade"),
    N_("%(entry)s, then reopened: the time between does not count"),
    N_("make-up day %(date)s (as %(day)s)"),
    N_("days %(date)s: closed"),
    N_("days %(date)s"),
    N_("holiday %(date)s"),
    N_("Day off (substituted from %(on)s)"),
    N_("%(day)s (observed)"),
    N_("%(day)s break %(hours)s"),
    N_("%(day)s before %(at)s"),
    N_("%(day)s after %(at)s"),
    N_("%(day)s %(hours)s"),
    N_("%(rule)s: severity %(number)s"),
    N_("%(value)s stands where text belongs"),
    N_("%(value)s stands where a whole number belongs"),
    N_("%(value)s stands where keys with values belong"),
    N_("%(value)s stands where a list belongs"),
    N_("%(value)s is not a date; write it as 2026-10-08"),
    N_("%(value)s is not a date: write 2026-10-08"),
    N_("the list is empty; name at least one, or leave the key out"),
    N_("'calendar' is missing: which hours count? known are %(names)s"),
    N_("%(value)s is missing"),
    N_("the time zone %(value)s is unknown; write an IANA name such as Asia/Shanghai"),
    N_("%(value)s is not a time zone: write an IANA name such as Asia/Shanghai"),
    N_("this is not YAML: %(detail)s"),
    N_("this is not a YAML text: %(detail)s"),
    N_("anchors and aliases (&, *) are not supported; write the value out"),
    N_("tags (!) are not supported; write the plain value"),
    N_("%(value)s is written twice; keep one of the two"),
    N_("the file is longer than %(most)s characters"),
    N_("nested deeper than %(most)s levels"),
    N_("a key must be a plain word"),
    N_("a code has at most 64 signs and no spaces, / ? # or %%; such as HF-2005-PH"),
    N_("versions count from 1"),
    N_("%(value)s lies before %(other)s; the last day of validity is right"),
    N_("there is no severity; write at least one"),
    N_("there is no commitment; write at least one"),
    N_("there is no figure; write a duration, none, measure or agreed"),
    N_("%(value)s of a commitment is not supported yet"),
    N_("%(value)s is not supported yet"),
    N_("%(value)s is not a calendar; write 24x7 or a week"),
    N_("%(value)s is not a calendar: write 24x7 or a mapping with a week"),
    N_("%(value)s is not a key of a calendar; known are %(names)s"),
    N_("%(value)s is not a holiday: write a region (CN, DE-BE), 2026-10-08 or 12-24"),
    N_("%(value)s is not a holiday region: write an ISO code such as CN or DE-BE"),
    N_("%(value)s is not a time of day: write it in quotes as \"16:00\""),
    N_("%(value)s are not hours: write \"09:00-12:00 13:30-18:00\" or closed"),
    N_("%(value)s is not an interval: write \"09:00-12:00\", opening and closing as HH:MM"),
    N_("%(value)s is not a weekday: write %(names)s or a range such as mon-fri"),
    N_("%(value)s is not a currency; write its three letters, such as CNY"),
    N_("%(value)s is not an amount; write a number such as 100"),
    N_("%(value)s is not a percentage; write it as 95%%, at most %(most)s"),
    N_("%(error)s; or none, measure or agreed"),
    N_("%(value)s is not a duration: write it as 30m, 4h, 3wd or 10d"),
    N_("%(value)s is not a duration: write open time as 90s, 5m, 4h or 1h30m, working days as 3wd or NBD, "
       "civil time as 10d, 1mo or 1y"),
    N_("%(value)s is longer than a hundred years"),
    N_("%(value)s is there already; keep the two apart by kinds, phases or categories"),
    N_("%(value)s is not a step; write 50%%, breach or +30m"),
    N_("%(value)s counts days; a step is wall time, such as 30m or 2h"),
    N_("`until` ends a repeat; write `repeat` too"),
    N_("a repeat needs a span, such as 30m"),
    N_("the rule asks for nothing; write {otherwise: ...}"),
    N_("`otherwise` stands alone: {otherwise: 3}"),
    N_("%(what)s %(value)s is unknown; %(near)s"),
    N_("did you mean %(value)s?"),
    N_("known are %(names)s"),
    N_("none is declared here"),
)  # fmt: skip
_THINGS = (
    N_("the severity"), N_("the region"), N_("the category"), N_("the phase"), N_("the calendar"), N_("the commitment"),
    N_("the fact"), N_("the key"), N_("the entry type"), N_("the unit of a credit"), N_("the region or severity"),
)  # fmt: skip
_SHAPES = {"at": r"\d\d:\d\d", "hours": r"\d\d:\d\d-\d\d:\d\d", "date": r"(?:\d{4}-)?\d\d-\d\d", "on": r"[\d/]+",
           "number": r"\d+", "rule": r"otherwise|\w+ is .+"}  # fmt: skip
_NAMED = {"count": _COUNTS, "promise": COMMITMENTS, "cause": EXEMPTIONS}
_SAID_IN_TURN = ("day", "entry", "what", "near", "error")
_PLACE = re.compile(r"%\((\w+)\)s|%%")


def phrase(text: str, gettext: Callable[[str], str]) -> str:
    """The sentence in the reader's language; as it is where nobody foresaw it."""
    words = _words()
    if text in words:
        return gettext(words[text])
    for form, sentence in _forms():
        found = form.fullmatch(text)
        if found is not None:
            return gettext(sentence) % {name: _part(name, part, gettext) for name, part in found.groupdict().items()}
    listed = text.split(", ")
    return ", ".join(phrase(one, gettext) for one in listed) if len(listed) > 1 else text


def _part(name: str, text: str, gettext: Callable[[str], str]) -> str:
    if name == "rule":
        return " + ".join(_asked(one, gettext) for one in text.split(" and "))
    if name in _NAMED:
        known = _NAMED[name]
        return gettext(known[text]) if text in known else text
    if text == "None":  # a promise that knows no severity, or no region
        return "–"
    return phrase(text, gettext) if name in _SAID_IN_TURN else text


def _asked(text: str, gettext: Callable[[str], str]) -> str:
    """A condition of a grading rule: which answers a question must have."""
    name, is_, values = text.partition(" is ")
    if not is_:
        return gettext(N_("otherwise"))
    known = ANSWERS.get(name, {})
    said = " / ".join(gettext(known[one]) if one in known else one for one in values.split(" or "))
    return f"{gettext(FACTS[name]) if name in FACTS else name} = {said}"


def because(text: str, clause: str | None, gettext: Callable[[str], str]) -> str:
    """The reason of a stretch of a clock, which may begin with its clause."""
    head = f"{clause}: " if clause and text.startswith(f"{clause}: ") else ""
    return head + phrase(text.removeprefix(head), gettext)


@cache
def _words() -> dict[str, str]:
    return {one: one for one in (*_WEEKDAYS, *_HOLIDAYS, *_THINGS, *SAID)} | _COUNTS | ENTRIES | REASONS


@lru_cache(maxsize=1)
def _forms() -> Sequence[tuple[re.Pattern[str], str]]:
    return [(_form(sentence), sentence) for sentence in _SENTENCES]


def _form(sentence: str) -> re.Pattern[str]:
    """What the sentence looks like with something in its places."""
    parts, at = [], 0
    for place in _PLACE.finditer(sentence):
        parts.append(re.escape(sentence[at : place.start()]))
        name = place[1]
        parts.append("%" if name is None else f"(?P<{name}>{_SHAPES.get(name, '.+?')})")
        at = place.end()
    return re.compile("".join([*parts, re.escape(sentence[at:])]))
