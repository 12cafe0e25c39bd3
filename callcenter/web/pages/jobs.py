"""My jobs: what an engineer does at the customer's, on a telephone's screen."""

from typing import Any

from callcenter.errors import CallcenterError, Invalid, NotFound
from callcenter.services import case as case_service
from callcenter.services import casework, field_work
from callcenter.services.case import Case
from callcenter.services.casework import Meanwhile, Seen
from callcenter.web.pages import bars
from callcenter.web.pages.acts import Act, Entries, Field, Given, entries_of
from callcenter.web.pages.navigation import N_
from callcenter.web.pages.page import Go, Look, Page, View
from callcenter.web.pages.words import OUTCOMES, word


def _work(given: Given, case: Case) -> Entries:
    hours, parts = given.get("hours", ""), given.get("parts", "")
    if not hours and not parts:
        raise Invalid.field("/hours", "missing", "hours or parts")
    told = [f"{hours} h" if hours else "", parts]
    return [{"type": "noted", "to": "work", "text": "; ".join(part for part in told if part)}]


def _outcome(given: Given, case: Case) -> Entries:
    """How the visit ended; fixed also says that it works again, for good or for now."""
    outcome, text = given["outcome"], {"text": given["text"]} if given.get("text") else {}
    made: Entries = [{"type": "visited", "outcome": outcome, **text}]
    if outcome == "fixed":
        made.append({"type": "restored"})
        if given.get("for_good"):
            made.append({"type": "resolved"})
    return made


_SERIAL = Field("serial", N_("Serial number"), required=True)
STEPS = (
    Act("accept", "1", N_("Accept the job"), "accepted", quick=True),
    Act("depart", "2", N_("On the way"), "departed", quick=True),
    Act("arrive", "3", N_("Arrived"), "arrived", ()),
    Act("loaner", "4", N_("Loaner provided"), "loaner_provided", (_SERIAL,)),
    Act("unit", "5", N_("Unit taken away"), "taken_away", (_SERIAL,)),
    Act("work", "6", N_("Hours and parts"), "noted",
        (Field("hours", N_("Hours"), "number"), Field("parts", N_("Parts used"), "text")), make=_work),
    Act("outcome", "7", N_("How the visit ended"), "visited",
        (Field("outcome", N_("Outcome"), "outcome", True), Field("for_good", N_("Solved for good"), "check"),
         Field("text", N_("What was done"), "text")), make=_outcome),
)  # fmt: skip
_BY_NAME = {step.name: step for step in STEPS}


async def listing(look: Look) -> View:
    """The jobs, those due next first."""
    found = await field_work.jobs(look.conn, look.context, look.actor, look.now)
    return View("jobs.html", {"jobs": found, "word": word})


async def page(look: Look) -> View:
    """One job, step by step."""
    return View("job.html", await _values(look))


async def do(look: Look) -> View | Go:
    """The step is on the timeline; refused, the page says why and keeps what was typed."""
    given = _given(look)
    name = look.http.match_info["step"]
    try:
        seen = Seen(int(given.get("version") or 0), int(given.get("entries") or 0))
        if name == "sign":
            who, drawing = given.get("who", ""), given.get("drawing", "")
            await field_work.sign(look.conn, look.context, look.number, drawing, who, look.actor, seen)
        else:
            await _step(look, name, given, seen)
    except (CallcenterError, ValueError) as error:
        told = {"meanwhile": error} if isinstance(error, Meanwhile) else {"refused": str(error)}
        values = {**await _values(look), "given": given, "at": name, **told}
        return View("job.html", values, 409 if isinstance(error, Meanwhile) else 422)
    return Go(f"/jobs/{look.number}")


async def _step(look: Look, name: str, given: Given, seen: Seen) -> None:
    if name not in _BY_NAME:
        raise NotFound("no such step")
    case = await case_service.look(look.conn, look.context, look.number, look.actor, look.now)
    made = entries_of(_BY_NAME[name], given, case)
    await casework.record(look.conn, look.context, look.number, made, look.actor, seen)


def _given(look: Look) -> dict[str, str]:
    if look.form is None:
        return {}
    return {name: value.replace("\x00", "").strip() for name, value in look.form.items() if isinstance(value, str)}


async def _values(look: Look) -> dict[str, Any]:
    case = await case_service.look(look.conn, look.context, look.number, look.actor, look.now)
    last = {line.type: line for line in reversed(case.lines) if not line.void}
    done = {step.name: last.get(step.entry) for step in STEPS}
    done["work"] = next((line for line in case.lines if line.data.get("to") == "work" and not line.void), None)
    return {
        "case": case, "ticket": case.ticket, "zone": case.zone, "word": word, "steps": STEPS, "done": done,
        "next_step": next((step.name for step in STEPS if done[step.name] is None), ""),
        "signed": last.get("signed"), "outcomes": OUTCOMES, "tightest": bars.tightest(case.clocks), "given": {},
        "at": "", "refused": None, "meanwhile": None,
    }  # fmt: skip


PAGES = [
    Page("GET", "/jobs", listing, "entries.write"),
    Page("GET", "/jobs/{number}", page, "entries.write"),
    Page("POST", "/jobs/{number}/{step}", do, "entries.write"),
]
