"""Every PostgreSQL panel worked out a second time, in Python, from the bare rows."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.integration.panel_facts import DAY, DONE, Facts, Row

# A second opinion: title -> all rows a panel could show, before it is cut to its first so many.
Opinion = Callable[[Facts], list[Row]]


def _overloaded(facts: Facts) -> list[Row]:
    rows: dict[str, Row] = {}
    for ticket in facts.tickets.values():
        person = facts.person(ticket, None)
        if ticket["state"] not in DONE and person is not None:
            row = rows.setdefault(person, {"person": person, "open": 0, "overdue": 0, "soon": 0, "next": None})
            row["open"] += 1
    for clock in facts.open_clocks():
        ticket = facts.tickets[clock["ticket"]]
        person = facts.person(ticket, None)
        if ticket["state"] in DONE or person is None:
            continue
        row, due = rows[person], clock["due_at"]
        row["overdue"] += due < facts.now
        row["soon"] += facts.now <= due < facts.now + timedelta(hours=2)
        if due >= facts.now:
            row["next"] = min(row["next"] or due, due)
    return list(rows.values())


def _untaken(facts: Facts) -> list[Row]:
    return [
        {
            "ticket": number, "title": one["title"], "severity": one["severity"], "contract": facts.code(one),
            "reported": one["reported_at"],
            "due": min((clock["due_at"] for clock in facts.open_clocks() if clock["ticket"] == number), default=None),
        }
        for number, one in facts.tickets.items() if one["state"] == "new"
    ]  # fmt: skip


def _deadline(facts: Facts, clock: Row) -> Row:
    ticket = facts.tickets[clock["ticket"]]
    return {
        "ticket": clock["ticket"], "commitment": clock["commitment"], "due": clock["due_at"],
        "contract": facts.contracts[clock["contract"]]["code"], "customer": facts.accounts.get(ticket["account"]),
        "severity": ticket["severity"], "region": ticket["region"], "person": facts.person(ticket),
        "title": ticket["title"],
    }  # fmt: skip


def _next(facts: Facts) -> list[Row]:
    return [_deadline(facts, one) for one in facts.picked_clocks() if one["due_at"] >= facts.now]


def _missed(facts: Facts) -> list[Row]:
    return [_deadline(facts, one) for one in facts.picked_clocks() if one["due_at"] < facts.now]


def _visits(facts: Facts) -> list[Row]:
    chosen = facts.chosen["commitment"]
    return [_deadline(facts, one) for one in facts.picked_clocks() if one["commitment"] in chosen]


def _who(facts: Facts) -> list[Row]:
    rows: dict[str | None, Row] = {}
    for clock in facts.picked_clocks():
        person, left = facts.person(facts.tickets[clock["ticket"]]), clock["due_at"] - facts.now
        row = rows.setdefault(person, {"person": person, "overdue": 0, "hour": 0, "hours": 0, "all": 0})
        row["all"] += 1
        row["overdue"] += left < timedelta(0)
        row["hour"] += timedelta(0) <= left < timedelta(hours=1)
        row["hours"] += timedelta(hours=1) <= left < timedelta(hours=4)
    return list(rows.values())


def _ahead(facts: Facts) -> list[Row]:
    rows: dict[datetime, Row] = {}
    for clock in facts.picked_clocks():
        if not timedelta(0) <= clock["due_at"] - facts.now < timedelta(hours=12):
            continue
        hour, ticket = clock["due_at"].replace(minute=0, second=0, microsecond=0), facts.tickets[clock["ticket"]]
        row = rows.setdefault(hour, {"hour": hour, "deadlines": 0, "grave": 0, "nobody": 0})
        row["deadlines"] += 1
        row["grave"] += ticket["severity"] in (1, 2)
        row["nobody"] += ticket["assignee"] is None
    return list(rows.values())


def _kept(facts: Facts) -> list[Row]:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for code, clock, result in facts.cases():
        counts[code, clock["commitment"]][result] += 1
    rows = []
    for (code, name), n in counts.items():
        done = n["met"] + n["breached"]
        row = {"contract": code, "commitment": name, "share": n["met"] / done if done else None}
        rows.append({**row, "met": n["met"], "breached": n["breached"], "open": n["open"]})
    return rows


def _missed_this_month(facts: Facts) -> list[Row]:
    return [
        {
            "ticket": clock["ticket"], "contract": code, "commitment": clock["commitment"],
            "severity": clock["severity"], "region": clock["region"], "due": clock["due_at"],
            "state": facts.tickets[clock["ticket"]]["state"], "title": facts.tickets[clock["ticket"]]["title"],
        }
        for code, clock, result in facts.cases() if result == "breached"
    ]  # fmt: skip


def _where(facts: Facts) -> list[Row]:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for _, clock, result in facts.cases():
        severity = "-" if clock["severity"] is None else str(clock["severity"])
        counts[severity, clock["region"] or "-"][result] += 1
    return [
        {"severity": severity, "region": region, "met": n["met"], "breached": n["breached"], "open": n["open"]}
        for (severity, region), n in counts.items()
    ]


def _ending(facts: Facts) -> list[Row]:
    last = (facts.now + 90 * DAY).date()
    return [
        {"contract": one["code"], "title": one["title"], "ends": one["valid_until"]}
        for one in facts.contracts.values() if one["code"] in facts.chosen["contract"] and one["valid_until"] < last
    ]  # fmt: skip


STEPS = ("visit_requested", "dispatched", "departed", "arrived", "restored", "resolved")


def _standing(facts: Facts) -> Iterator[tuple[Row, Row]]:
    """Each open, chosen ticket with the last of its entries that says where somebody is."""
    last: dict[int, Row] = {}
    for entry in facts.entries:
        if entry["type"] in STEPS:
            before = last.get(entry["ticket"], entry)
            last[entry["ticket"]] = max(before, entry, key=lambda one: (one["occurred_at"], one["seq"]))
    for number, entry in last.items():
        ticket = facts.tickets[number]
        if ticket["state"] not in DONE and facts.picked(ticket):
            yield ticket, entry


def _places(facts: Facts) -> list[Row]:
    n = Counter(entry["type"] for _, entry in _standing(facts))
    return [{"to_go": n["visit_requested"] + n["dispatched"], "on_the_way": n["departed"], "there": n["arrived"]}]


def _roads(facts: Facts) -> list[Row]:
    return [
        {
            "ticket": ticket["number"], "step": entry["type"], "since": entry["occurred_at"],
            "contract": facts.code(ticket), "region": ticket["region"], "severity": ticket["severity"],
            "person": facts.person(ticket), "title": ticket["title"],
        }
        for ticket, entry in _standing(facts) if entry["type"] in STEPS[:4]
    ]  # fmt: skip


def _engineers(facts: Facts) -> list[Row]:
    held: dict[str, list[Row]] = defaultdict(list)
    for ticket in facts.tickets.values():
        user = facts.users.get(ticket["assignee"] or "")
        at_work = ticket["state"] in ("new", "assigned", "in_progress", "waiting")
        if at_work and user and user["role"] in ("engineer", "partner") and facts.picked(ticket):
            held[user["name"]].append(ticket)
    return [
        {
            "person": name, "open": len(tickets), "grave": sum(one["severity"] in (1, 2) for one in tickets),
            "waiting": sum(one["state"] == "waiting" for one in tickets),
            "regions": ", ".join(sorted({one["region"] or "-" for one in tickets})),
        }
        for name, tickets in held.items()
    ]  # fmt: skip


def _spans(facts: Facts) -> dict[int, dict[str, Any]]:
    """First departure, arrival and restoration of the last day by ticket, and how often somebody arrived."""
    spans: dict[int, dict[str, Any]] = defaultdict(lambda: {"times": 0})
    for entry in facts.entries:
        kind = {"departed": "departed", "arrived": "arrived", "restored": "restored", "resolved": "restored"}
        if entry["type"] not in kind or not facts.now - DAY <= entry["occurred_at"] <= facts.now:
            continue
        span, name = spans[entry["ticket"]], kind[entry["type"]]
        span[name] = min(span.get(name, entry["occurred_at"]), entry["occurred_at"])
        span["times"] += entry["type"] == "arrived"
    return {number: span for number, span in spans.items() if facts.picked(facts.tickets[number])}


def _middle(values: Sequence[float], share: float) -> float | None:
    """The value below which a share lies, between two neighbours where need be."""
    if len(values) < 2:
        return values[0] if values else None
    ordered = sorted(values)
    return statistics.median(ordered) if share == 0.5 else _between(ordered, share * (len(ordered) - 1))


def _between(ordered: Sequence[float], place: float) -> float:
    low = int(place)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)


def _times(facts: Facts) -> list[Row]:
    by: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, span in _spans(facts).items():
        if "arrived" in span:
            by[facts.tickets[number]["region"] or "-"].append(span)
    rows = []
    for region, spans in by.items():
        ways = [(one["arrived"] - one["departed"]).total_seconds() for one in spans if "departed" in one]
        repairs = [(one["restored"] - one["arrived"]).total_seconds() for one in spans if "restored" in one]
        row = {"region": region, "visits": len(spans), "way": _middle(ways, 0.5), "way_long": _middle(ways, 0.9)}
        rows.append({**row, "repair": _middle(repairs, 0.5)})
    return rows


def _again(facts: Facts) -> list[Row]:
    rows = []
    for number, span in _spans(facts).items():
        one = facts.tickets[number]
        if span["times"] > 1:
            row = {"ticket": number, "visits": span["times"], "state": one["state"], "contract": facts.code(one)}
            rows.append({**row, "region": one["region"], "person": one["assignee"] or "-", "title": one["title"]})
    return rows


OPINIONS: dict[str, tuple[Opinion, int]] = {
    "Who is overloaded": (_overloaded, 20),
    "Tickets nobody has": (_untaken, 20),
    "What will break next": (_next, 30),
    "Missed and still open": (_missed, 30),
    "Who has deadlines": (_who, 20),
    "Deadlines of the next 12 hours": (_ahead, 1000),
    "Kept so far, worst first": (_kept, 1000),
    "Missed this month": (_missed_this_month, 50),
    "By severity and region": (_where, 1000),
    "Contracts that end within 90 days": (_ending, 1000),
    "Where people are": (_places, 1000),
    "Visits by deadline": (_visits, 30),
    "On the road and on site, longest first": (_roads, 40),
    "Engineers' load": (_engineers, 30),
    "Ways and repairs by region": (_times, 1000),
    "More than one visit": (_again, 30),
}
