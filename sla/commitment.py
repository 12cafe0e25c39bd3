"""One promise of a contract: what starts and stops it, its figures, its calendar, and what bends it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sla import fields
from sla.calendar import Calendar
from sla.document import Findings, Path, Value
from sla.entry import TYPES
from sla.figures import Names, read_within
from sla.within import Within

OWNERS = ("customer", "internal", "upstream", "to_upstream")
BINDINGS = ("firm", "best_effort")
ON_REGRADE = ("from_start", "from_regrade")
ON_REOPEN = ("continue", "resume", "restart")

# What a closing of the ticket may be; `on_reopen` is about promises that one of these stopped.
CLOSING_TYPES = frozenset(("resolved", "restored", "signed", "closed"))

_KEYS = [
    "name",
    "clause",
    "starts",
    "stops",
    "cancels",
    "renews",
    "requires",
    "within",
    "calendar",
    "kinds",
    "phases",
    "categories",
    "pauses",
    "on_regrade",
    "on_reopen",
    "owner",
    "binding",
    "credit",
]
_LATER = ("every", "from", "per", "by", "grace", "ladder", "remedy")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise as the contract writes it; `position` is its place in the contract, from 0.

    `listens` is every entry type that can start or end a cycle of it.
    """

    name: str
    position: int
    clause: str | None
    starts: tuple[str, ...]
    start_stated: bool
    stops: tuple[str, ...]
    cancels: tuple[str, ...]
    renews: tuple[str, ...]
    requires: tuple[str, ...]
    within: Within
    calendar: Calendar
    kinds: tuple[str, ...]
    phases: tuple[str, ...]
    categories: tuple[str, ...]
    pauses: tuple[str, ...]
    on_regrade: str
    on_reopen: str
    owner: str
    binding: str
    credit: Money | None
    listens: frozenset[str]

    def fits(self, kind: str, category: str | None, phase: str | None) -> bool:
        """Whether a ticket of this kind, category and phase has the commitment at all."""
        return (
            kind in self.kinds
            and (not self.phases or phase in self.phases)
            and (not self.categories or category in self.categories)
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """What the rest of the contract declares and a commitment may name."""

    names: Names
    phases: Collection[str]
    calendars: Mapping[str, Calendar]
    always: Calendar


def read_commitments(value: Value, path: Path, findings: Findings, declared: Declared) -> tuple[Commitment, ...]:
    """Every commitment of the list; two of one name must be kept apart by kind, phase or category."""
    found = fields.items(value, path, findings)
    if value == []:
        findings.add(path, "there is no commitment; write at least one", "empty")
    read = [_commitment(item, (*path, index), findings, declared, index) for index, item in enumerate(found)]
    for later, one in enumerate(read):
        for other in read[:later]:
            if one.name == other.name and one.name and not _apart(one, other):
                message = f"{one.name!r} is there already; keep the two apart by kinds, phases or categories"
                findings.add((*path, later, "name"), message, "duplicate_commitment")
                break
    return tuple(read)


def _apart(one: Commitment, other: Commitment) -> bool:
    pairs: Iterable[tuple[Sequence[str], Sequence[str]]] = (
        (one.kinds, other.kinds),
        (one.phases, other.phases),
        (one.categories, other.categories),
    )
    return any(first and second and not set(first) & set(second) for first, second in pairs)


def _commitment(item: Value, path: Path, findings: Findings, declared: Declared, position: int) -> Commitment:
    row = fields.mapping(item, path, findings)
    _check_keys(row, path, findings)
    fields.required(row, ["name", "stops", "within"], path, findings)
    within = (
        read_within(row["within"], (*path, "within"), findings, declared.names)
        if row.get("within") is not None
        else Within.of(())
    )

    def words(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return fields.words(row[name], (*path, name), findings) if row.get(name) is not None else default

    def entry_types(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return _entry_types(words(name, default), (*path, name), findings)

    def choice(name: str, known: tuple[str, ...]) -> str:
        given = row.get(name)
        return known[0] if given is None else fields.choice(given, (*path, name), findings, known, f"the {name}")

    starts, stops = entry_types("starts", ("reported",)), entry_types("stops")
    cancels, renews = entry_types("cancels"), entry_types("renews")
    return Commitment(
        name=fields.text(row["name"], (*path, "name"), findings) if row.get("name") is not None else "",
        position=position,
        clause=fields.text(row["clause"], (*path, "clause"), findings) if row.get("clause") is not None else None,
        starts=starts,
        start_stated=row.get("starts") is not None,
        stops=stops,
        cancels=cancels,
        renews=renews,
        requires=entry_types("requires"),
        within=within,
        calendar=_calendar(row, path, findings, declared, within),
        kinds=words("kinds", ("fault",)),
        phases=_declared_words(words("phases"), "phase", (*path, "phases"), findings, declared.phases),
        categories=words("categories"),
        pauses=words("pauses"),
        on_regrade=choice("on_regrade", ON_REGRADE),
        on_reopen=choice("on_reopen", ON_REOPEN),
        owner=choice("owner", OWNERS),
        binding=choice("binding", BINDINGS),
        credit=_credit(row["credit"], (*path, "credit"), findings) if row.get("credit") is not None else None,
        listens=frozenset((*starts, *stops, *cancels, *renews, "cancelled", "reopened")),
    )


def _check_keys(row: fields.Fields, path: Path, findings: Findings) -> None:
    for name in row:
        if name in _LATER:
            findings.add((*path, name), f"{name!r} of a commitment is not supported yet", "not_supported")
        elif name not in _KEYS:
            findings.unknown((*path, name), "the key", name, _KEYS, "unknown_key")


def _entry_types(names: tuple[str, ...], path: Path, findings: Findings) -> tuple[str, ...]:
    for name in names:
        if name and (name not in TYPES or name == "corrected"):
            known = [one for one in TYPES if one != "corrected"]
            findings.unknown(path, "nothing emits it: the entry type", name, known, "unknown_type")
        elif name == "cancelled" and path[-1] == "stops":
            findings.add(path, "a cancelled ticket stops no clock, it cancels it; leave it out", "unknown_type")
    return names


def _declared_words(
    given: tuple[str, ...], what: str, path: Path, findings: Findings, known: Collection[str]
) -> tuple[str, ...]:
    for word in given:
        if word and word not in known:
            findings.unknown(path, f"the {what}", word, known, f"unknown_{what}")
    return given


def _calendar(row: fields.Fields, path: Path, findings: Findings, declared: Declared, within: Within) -> Calendar:
    """The calendar named; a promise that counts no open time may go without one."""
    if row.get("calendar") is None:
        if any(one.duration is not None and one.duration.kind != "civil" for one in within.figures()):
            known = ", ".join(declared.calendars) or "none is declared"
            findings.add(path, f"'calendar' is missing: which hours count? known are {known}", "missing_key")
        return declared.always
    name = fields.text(row["calendar"], (*path, "calendar"), findings)
    if name and name not in declared.calendars:
        known_names = declared.calendars
        findings.unknown((*path, "calendar"), "the calendar", name, known_names, "unknown_calendar")
    return declared.calendars.get(name, declared.always)


def _credit(value: Value, path: Path, findings: Findings) -> Money:
    row = fields.mapping(value, path, findings, ("amount", "currency", "per", "on"))
    if row.get("on") is not None or row.get("per", "breach") == "day":
        findings.add(path, "credit per day and `on:` are not supported yet; write per: breach", "not_supported")
    elif "per" in row:
        fields.choice(row["per"], (*path, "per"), findings, ("breach",), "the unit of a credit")
    return read_money(row, path, findings)


def read_money(row: fields.Fields, path: Path, findings: Findings) -> Money:
    """The amount and currency of these keys."""
    if not fields.required(row, ["amount", "currency"], path, findings):
        return Money(Decimal(0), "")
    currency = fields.text(row["currency"], (*path, "currency"), findings)
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        message = f"{currency!r} is not a currency; write its three letters, such as CNY"
        findings.add((*path, "currency"), message, "bad_currency")
    return Money(_amount(row["amount"], (*path, "amount"), findings), currency)


def _amount(value: Value, path: Path, findings: Findings) -> Decimal:
    try:
        amount = Decimal(fields.text(value, path, findings) or "0")
        if amount.is_finite() and amount >= 0 and amount.adjusted() < 15:
            return amount
    except InvalidOperation:
        pass
    findings.add(path, f"{fields.shown(value)} is not an amount; write a number such as 100", "bad_amount")
    return Decimal(0)
