"""What can be done to a ticket, each with its key and its form, and the timeline entries that come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.errors import Invalid
from callcenter.services.case import Case
from callcenter.web.pages.navigation import N_

Given = Mapping[str, str]
Entries = list[dict[str, Any]]
_OPEN = ("new", "assigned", "in_progress", "waiting", "restored")
_DONE = ("restored", "resolved")
_OVER = ("resolved", "closed", "cancelled")
_ANY = (*_OPEN, *_OVER)


@dataclass(frozen=True, slots=True)
class Field:
    """One question of an act's form; `kind` says how it is asked."""

    name: str
    label: str
    kind: str = "line"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to a ticket; `quick` ones need no form, `run` ones are more than entries."""

    name: str
    key: str
    label: str
    entry: str
    fields: tuple[Field, ...] = ()
    states: tuple[str, ...] = _OPEN
    quick: bool = False
    run: str | None = None
    desk: bool = False
    make: Callable[[Given, Case], Entries] | None = None
    wanted: Callable[[Case], bool] = lambda case: True


_TEXT = Field("text", N_("Remark"), "text")
_WHY = Field("reason", N_("Reason"), "text", required=True)
_SERIAL = Field("serial", N_("Serial number"), "line", required=True)


def _dispatch(given: Given, case: Case) -> Entries:
    """Given to somebody and sent there; parts are confirmed and a fee is agreed before departure."""
    who = given["to"]
    told = [given.get("text", "")]
    if given.get("parts"):
        told.append(f"parts confirmed: {given['parts']}")
    if given.get("fee"):
        told.append(f"fee agreed with the customer: {given['fee']}")
    text = "; ".join(part for part in told if part)
    sent: dict[str, Any] = {"type": "dispatched", "who": who, **({"text": text} if text else {})}
    first = [] if "visit_requested" in case.types else [{"type": "visit_requested"}]
    return [*first, {"type": "assigned", "to": who}, sent]


def _coverage(given: Given, case: Case) -> Entries:
    """The first verdict is told; a different one later needs evidence and somebody else's agreement."""
    text = given["verdict"] + (f": {given['fee']}" if given.get("fee") else "")
    if not given.get("read_out"):
        raise Invalid.field("/read_out", "not_read_out", "read coverage and fee out to the customer first")
    if case.coverage.told is None or case.coverage.told == text:
        return [{"type": "noted", "to": "coverage", "text": text}]
    if not given.get("evidence"):
        raise Invalid.field("/evidence", "evidence_needed", "another verdict than the one told needs evidence")
    return [{"type": "noted", "to": "coverage_change", "text": text, "reason": given["evidence"]}]


def _unit(given: Given, case: Case) -> Entries:
    kind, serial = given["kind"], given["serial"]
    known = {unit.serial for unit in case.away if unit.loaner == kind.startswith("loaner")}
    if kind in ("returned", "loaner_returned") and known and serial not in known:
        raise Invalid.field("/serial", "other_serial", f"{serial} is not one of those out: {', '.join(sorted(known))}")
    return [{"type": kind, "serial": serial, **_texts(given, "who", "text")}]


def _move(given: Given, case: Case) -> Entries:
    return [{"type": "moved", **_texts(given, "region", "phase", "reason")}]


def _promise(given: Given, case: Case) -> Entries:
    until = instant_of(given["until"], case.zone, "/until")
    return [{"type": "promised", "what": given["what"], "until": until.isoformat(), **_texts(given, "commitment")}]


def _grade(given: Given, case: Case) -> Entries:
    return [{"type": "graded", "severity": int(given["severity"]), "reason": given["reason"]}]


def _no_visit(given: Given, case: Case) -> Entries:
    return [{"type": "noted", "to": "no_visit", "reason": given["reason"]}]


def _texts(given: Given, *names: str) -> dict[str, str]:
    return {name: given[name] for name in names if given.get(name)}


def _unpaused(case: Case) -> bool:
    return case.ticket.state != "waiting" and case.terms is not None and bool(case.terms.pause_reasons)


UNITS = ("taken_away", "returned", "replaced", "loaner_provided", "loaner_returned")
ACTS = (
    Act("respond", "r", N_("Respond"), "responded", quick=True, wanted=lambda c: "responded" not in c.types),
    Act("take", "t", N_("Take on"), "accepted", quick=True),
    Act("assign", "a", N_("Assign"), "assigned", (Field("to", N_("To"), "hand", True), _TEXT), desk=True),
    Act("dispatch", "d", N_("Dispatch"), "dispatched",
        (Field("to", N_("Who goes"), "hand", True), Field("parts", N_("Parts confirmed")),
         Field("fee", N_("Fee agreed")), _TEXT), desk=True, make=_dispatch),
    Act("no_visit", "x", N_("No visit"), "noted", (_WHY,), make=_no_visit, wanted=lambda c: c.visit_called_for),
    Act("depart", "v", N_("On the way"), "departed", quick=True,
        wanted=lambda c: "dispatched" in c.types and "departed" not in c.types),
    Act("arrive", "o", N_("Arrived"), "arrived", (Field("who", N_("Who")), _TEXT),
        wanted=lambda c: "arrived" not in c.types),
    Act("pause", "p", N_("Pause"), "paused", (Field("reason", N_("Reason"), "pause", True), _TEXT), wanted=_unpaused),
    Act("resume", "p", N_("Resume"), "resumed", states=("waiting",), quick=True),
    Act("escalate", "e", N_("Escalate"), "escalated", (Field("tier", N_("To which tier")), _TEXT)),
    Act("vendor", "y", N_("To the manufacturer"), "vendor_reported",
        (Field("vendor", N_("Manufacturer"), required=True), Field("reference", N_("Their number")), _TEXT)),
    Act("tell", "j", N_("Customer told"), "updated", (_TEXT,)),
    Act("promise", "m", N_("Promise"), "promised",
        (Field("what", N_("What"), required=True), Field("until", N_("Until"), "instant", True)), states=_ANY,
        make=_promise),
    Act("unit", "l", N_("Loaner, unit"), "loaner_provided",
        (Field("kind", N_("What happens"), "entry", True, UNITS), _SERIAL, Field("who", N_("To or from whom")),
         Field("text", N_("Courier number, remark"), "text")), states=_ANY, make=_unit),
    Act("restore", "s", N_("Restored"), "restored", (_TEXT,), states=("new", "assigned", "in_progress", "waiting")),
    Act("resolve", "f", N_("Resolved"), "resolved", (_TEXT,)),
    Act("close", "q", N_("Close"), "closed", (_TEXT,), states=_DONE, desk=True),
    Act("reopen", "o", N_("Reopen"), "reopened", (_WHY,), states=_OVER),
    Act("note", "n", N_("Note"), "noted", (Field("text", N_("Remark"), "text", True),), states=_ANY),
    Act("grade", "i", N_("Grade"), "graded", (Field("severity", N_("Severity"), "severity", True), _WHY), states=_ANY,
        desk=True, make=_grade),
    Act("move", "b", N_("Site, phase"), "moved",
        (Field("region", N_("Region"), "region"), Field("phase", N_("Phase"), "phase"), _WHY), make=_move,
        wanted=lambda c: c.terms is not None and bool(c.terms.regions or c.terms.phases)),
    Act("coverage", "c", N_("Coverage, fee"), "noted",
        (Field("verdict", N_("Verdict"), "coverage", True, ("covered", "billable", "partly")), Field("fee", N_("Fee")),
         Field("evidence", N_("Evidence"), "text"), Field("read_out", N_("Read out to the customer"), "check")),
        states=_ANY, make=_coverage),
    Act("file", "u", N_("Attach"), "noted", (Field("file", N_("File"), "file", True),), states=_ANY, run="attach"),
    Act("link", "h", N_("Link, merge"), "noted",
        (Field("other", N_("Ticket"), "number", True),
         Field("kind", N_("How"), "link", True, ("related", "cause", "merged")), Field("reason", N_("Reason"))),
        states=_ANY, run="link", desk=True),
    Act("rewrite", "/", N_("Title, text"), "noted",
        (Field("title", N_("Title"), "line", True), Field("description", N_("What is wrong"), "text")), states=_ANY,
        run="rewrite", desk=True),
    Act("cancel", "-", N_("Cancel"), "cancelled", (_WHY,), desk=True),
)  # fmt: skip
CORRECT = Act(
    "correct", "", N_("Correct"), "corrected",
    (Field("entry", "", "hidden", True), Field("to", N_("It happened at"), "instant"),
     Field("void", N_("It did not happen"), "check"), _WHY), states=_ANY, run="correct", desk=True,
)  # fmt: skip
KEPT = Act("kept", "k", N_("Promise kept"), "kept", (Field("what", "", "hidden"),), states=_ANY, quick=True)
AGREE = Act("agree", "", N_("Agree to the change"), "noted", states=_ANY, run="agree", quick=True)
BY_NAME = {act.name: act for act in (*ACTS, CORRECT, KEPT, AGREE)}
COVERAGE = {"covered": N_("covered, free"), "billable": N_("billable"), "partly": N_("partly covered")}
LINKS = {"related": N_("related"), "cause": N_("has the same cause"), "merged": N_("is the same fault: merge into it")}


def offered(case: Case, role: str) -> list[Act]:
    """What can be done now, the most likely first."""
    state = case.ticket.state
    found = [act for act in ACTS if state in act.states and act.wanted(case) and not (act.desk and role == "partner")]
    first = _first(case)
    return sorted(found, key=lambda act: first.index(act.name) if act.name in first else len(first))


def _first(case: Case) -> list[str]:
    if case.visit_called_for:
        return ["dispatch", "no_visit"]
    if case.ticket.state in _OVER:
        return ["close", "reopen", "note"]
    order = ["resume", "respond", "take" if case.ticket.assignee is None else "", "depart"]
    if "dispatched" in case.types:
        order.append("arrive")
    return [*order, "resolve" if case.ticket.state == "restored" else "restore", "resolve", "dispatch"]


# Talking on instead of going there: while a visit is called for, it is asked why not.
INSTEAD = frozenset(("respond", "tell", "escalate", "pause", "vendor"))


def entries_of(act: Act, given: Given, case: Case) -> Entries:
    """The entries that the filled-in form comes to; Invalid naming the field that is missing or wrong."""
    for field in act.fields:
        if field.required and not given.get(field.name):
            raise Invalid.field(f"/{field.name}", "missing", "this is needed")
    named = {field.name for field in act.fields if field.kind not in ("hidden",)}
    made = act.make(given, case) if act.make else [{"type": act.entry, **_texts(given, *sorted(named), "what")}]
    if act.name in INSTEAD and case.visit_called_for:
        if not given.get("no_visit"):
            raise Invalid.field("/no_visit", "missing", "it was spoken of twice and is not solved: say why nobody goes")
        made.append({"type": "noted", "to": "no_visit", "reason": given["no_visit"]})
    if given.get("when"):
        at = instant_of(given["when"], case.zone, "/when").isoformat()
        if not given.get("when_why"):
            raise Invalid.field("/when_why", "missing", "another time than now needs a reason")
        made = [{**one, "occurred_at": at, "reason": one.get("reason") or given["when_why"]} for one in made]
    return made


def instant_of(text: str, zone: str, pointer: str) -> datetime:
    """The instant of a wall-clock time as a form gives it: 2026-03-02T09:30."""
    try:
        local = datetime.fromisoformat(text)
        return (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid.field(pointer, "bad_time", "a time looks like 2026-03-02 09:30") from error
