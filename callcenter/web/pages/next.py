"""Next: everything with a deadline, nearest first, and what one key does about it."""

from typing import Any

from callcenter.errors import CallcenterError, NotFound
from callcenter.services import agenda, casework
from callcenter.services.agenda import Wanted
from callcenter.services.casework import Seen
from callcenter.web.pages.page import Look, Page, View
from callcenter.web.pages.words import word

_ACTS = {"respond": "responded", "take": "accepted"}


async def listing(look: Look) -> View:
    """The list, or only its rows where htmx asks."""
    values = await _values(look)
    if look.fragment:
        return View("_agenda.html", values)
    contracts, regions = await agenda.choices(look.conn)
    return View("next.html", {**values, "contracts": contracts, "regions": regions})


async def act(look: Look) -> View:
    """What the key says is on the ticket's timeline; the list as it then is."""
    name = _ACTS.get(look.http.match_info["act"])
    if name is None or look.form is None:
        raise NotFound("no such act")
    told: dict[str, Any] = {}
    try:
        seen = Seen(int(str(look.form["version"])), int(str(look.form["entries"])))
        done = await casework.record(look.conn, look.context, look.number, [{"type": name}], look.actor, seen)
        told = {"done": [entry.id for entry in done.entries], "ticket": look.number, "entry": name}
    except casework.Meanwhile as other:
        told = {"meanwhile": other, "ticket": look.number}
    except CallcenterError as error:
        told = {"refused": error.detail, "ticket": look.number}
    look.now = look.context.now()
    return View("_agenda.html", {**await _values(look), "told": told})


async def _values(look: Look) -> dict[str, Any]:
    wanted = _wanted(look)
    found = await agenda.agenda(look.conn, look.context, wanted, look.actor, look.now)
    return {"agenda": found, "wanted": wanted, "word": word, "told": {}}


def _wanted(look: Look) -> Wanted:
    query = look.http.query
    whose = query.get("whose", "all")
    return Wanted(
        whose=whose if whose in ("all", "mine", "team") else "all",  # type: ignore[arg-type]  # one of the three
        contract=_text(query.get("contract")),
        region=_text(query.get("region")),
        far="far" in query,
    )


def _text(value: str | None) -> str | None:
    return value.replace("\x00", "")[:300] or None if value else None


PAGES = [
    Page("GET", "/next", listing, "tickets.read"),
    Page("POST", "/next/{number}/{act}", act, "entries.write"),
]
