"""Follow-ups: whom to ask how the repair was, and whom to call back."""

from datetime import timedelta
from typing import Any

from callcenter.errors import CallcenterError, Invalid
from callcenter.services import case as case_service
from callcenter.services import followups
from callcenter.services.casework import Meanwhile, Seen
from callcenter.services.followups import SCALE, Answer
from callcenter.services.zones import zone_of
from callcenter.web.pages.page import Go, Look, Page, View
from callcenter.web.pages.words import word

# How long to wait before the next try, by the choice's name.
LATER = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "1d": timedelta(days=1)}


async def page(look: Look) -> View:
    """Both queues, what is due first first."""
    values = await _values(look)
    return View("_followups.html" if look.fragment else "followups.html", values)


async def ask(look: Look) -> View:
    """One customer to be asked: the script, what was done and promised, the keys for the answers."""
    case = await case_service.look(look.conn, look.context, look.number, look.actor, look.now)
    return View("followup.html", {"case": case, "ticket": case.ticket, **_asking(look)})


async def answer(look: Look) -> View | Go:
    """What the customer said is on the timeline."""
    given = {name: str(look.form.get(name, "") if look.form else "").replace("\x00", "").strip() for name in _FIELDS}
    try:
        said = _answer(given, look)
        seen = Seen(_whole(given["version"]), _whole(given["entries"]))
        await followups.follow_up(look.conn, look.context, look.number, said, look.actor, seen)
    except CallcenterError as error:
        case = await case_service.look(look.conn, look.context, look.number, look.actor, look.now)
        told = {"meanwhile": error} if isinstance(error, Meanwhile) else {"refused": error.detail}
        values = {"case": case, "ticket": case.ticket, **_asking(look), "given": given, **told}
        return View("followup.html", values, 409 if isinstance(error, Meanwhile) else 422)
    return Go("/follow-ups")


async def back(look: Look) -> View | Go:
    """The call back is logged, which takes the missed one off the list."""
    logged = await followups.call_back(look.conn, look.context, look.number, look.actor, look.now)
    if not look.fragment:
        return Go("/follow-ups")
    return View("_followups.html", {**await _values(look), "called": logged.call})


_FIELDS = ("version", "entries", "result", "score", "text", "later")


def _answer(given: dict[str, str], look: Look) -> Answer:
    """The answer behind the result keys: 1 solved, 2 not solved, 3 not reached, 4 will not say, 5 wrong number."""
    text, result = given["text"] or None, given["result"]
    score = _whole(given["score"]) if given["score"] else None
    if result == "3":
        return Answer(reached=False, text=text, again_at=look.now + LATER.get(given["later"], LATER["4h"]))
    known = {
        "1": Answer(reached=True, solved=True, score=score, text=text),
        "2": Answer(reached=True, solved=False, score=score, text=text),
        "4": Answer(reached=True, text=text or "did not want to say"),
        "5": Answer(reached=False, text=text or "wrong number"),
    }
    if result not in known:
        raise Invalid.field("/result", "missing", "choose what came of it")
    return known[result]


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Invalid.field("/version", "missing", "the form is not one of ours")
    return int(text)


def _asking(look: Look) -> dict[str, Any]:
    return {"scale": SCALE, "later": LATER, "word": word, "given": {}, "refused": None, "meanwhile": None}


async def _values(look: Look) -> dict[str, Any]:
    return {
        "asks": await followups.to_ask(look.conn, look.context, look.actor, look.now),
        "missed": await followups.missed_calls(look.conn, look.actor, look.now),
        "zone": zone_of(None, look.context.settings.default_region),
        "word": word,
        "called": None,
        "soon": followups.SOON,
    }


PAGES = [
    Page("GET", "/follow-ups", page, "calls.log"),
    Page("GET", "/follow-ups/{number}", ask, "calls.log"),
    Page("POST", "/follow-ups/{number}", answer, "entries.write"),
    Page("POST", "/follow-ups/calls/{number}/back", back, "calls.log"),
]
