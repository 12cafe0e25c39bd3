"""A contract: its terms, read strictly from YAML or from the same data in JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sla import fields
from sla.calendar import Calendar, CalendarError
from sla.commitment import Commitment, Declared, read_commitments
from sla.document import ContractError, Document, Finding, Findings, Path, Value, parse
from sla.figures import Names
from sla.grading import Rule, read_facts, read_rules
from sla.ladder import Offset, Percent, Rung, read_ladder
from sla.reporting import Reporting, read_reporting

__all__ = [
    "Commitment",
    "Contract",
    "ContractError",
    "Finding",
    "Offset",
    "Percent",
    "Reporting",
    "Rung",
    "Severity",
    "needs_region",
    "read",
    "read_data",
]

_KEYS = [
    "contract",
    "title",
    "customer",
    "valid",
    "timezone",
    "version",
    "effective",
    "regions",
    "phases",
    "severities",
    "grading",
    "facts",
    "calendars",
    "commitments",
    "reporting",
    "alerts",
]
_LATER = ("upstream", "warranties", "special_periods", "targets", "events", "customer_grade", "service_class")
_REQUIRED = ("contract", "customer", "valid", "timezone", "severities", "commitments")


@dataclass(frozen=True, slots=True)
class Severity:
    """What a severity is called and what it means."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Contract:
    """The terms of one version of a contract; `facts` holds every fact that can be asked, its values and labels."""

    code: str
    title: str
    customer: str
    valid_from: date
    valid_until: date
    timezone: str
    zone: ZoneInfo
    version: int
    effective: date
    regions: Mapping[str, str]
    phases: tuple[str, ...]
    severities: Mapping[int, Severity]
    grading: tuple[Rule, ...]
    facts: Mapping[str, Mapping[str, str]]
    calendars: Mapping[str, Calendar]
    commitments: tuple[Commitment, ...]
    pause_reasons: frozenset[str]
    reporting: Reporting
    ladder: tuple[Rung, ...]


def read(text: str) -> Contract:
    """The contract that the YAML text writes; ContractError with every reason where it cannot be read or computed."""
    return _read(parse(text))


def read_data(data: Mapping[str, object]) -> Contract:
    """The same from JSON-like data, in which severities are string keys."""
    return _read(Document(data, {}))


def needs_region(contract: Contract, kind: str, category: str | None, phase: str | None, severity: int | None) -> bool:
    """Whether some figure of such a ticket cannot be known without its region."""
    severities = [severity] if severity is not None else list(contract.severities)
    return any(
        commitment.within.figure(one, None, category) is None
        for commitment in contract.commitments
        if commitment.fits(kind, category, phase)
        for one in severities
    )


def _read(document: Document) -> Contract:
    findings = Findings(document.lines)
    top = fields.mapping(document.value, (), findings)
    for name in top:
        if name in _LATER:
            findings.add((name,), f"{name!r} is not supported yet", "not_supported")
        elif name not in _KEYS:
            findings.unknown((name,), "the key", name, _KEYS, "unknown_key")
    complete = fields.required(top, _REQUIRED, (), findings) if isinstance(document.value, Mapping) else False
    contract = _terms(top, findings) if complete else None
    findings.raise_if_any()
    assert contract is not None
    return contract


def _terms(top: fields.Fields, findings: Findings) -> Contract:
    code = _code(top["contract"], ("contract",), findings)
    zone = fields.zone(top["timezone"], ("timezone",), findings)
    valid_from, valid_until = _validity(top["valid"], ("valid",), findings)
    regions = _regions(top.get("regions"), ("regions",), findings)
    phases = _phases(top.get("phases"), ("phases",), findings)
    severities = _severities(top["severities"], ("severities",), findings)
    facts = read_facts(top.get("facts"), ("facts",), findings)
    calendars = _calendars(top.get("calendars"), ("calendars",), findings, zone.key)
    always = Calendar.build("24x7", "24x7", zone.key)
    declared = Declared(Names(severities, regions), phases, calendars, always)
    commitments = read_commitments(top["commitments"], ("commitments",), findings, declared)
    names = {commitment.name for commitment in commitments}
    effective = top.get("effective")
    return Contract(
        code=code,
        title=fields.text(top["title"], ("title",), findings) if top.get("title") is not None else code,
        customer=fields.text(top["customer"], ("customer",), findings),
        valid_from=valid_from,
        valid_until=valid_until,
        timezone=zone.key,
        zone=zone,
        version=_version(top.get("version"), ("version",), findings),
        effective=fields.day(effective, ("effective",), findings) if effective is not None else valid_from,
        regions=regions,
        phases=phases,
        severities=severities,
        grading=read_rules(top.get("grading"), ("grading",), findings, facts, severities),
        facts=facts,
        calendars=calendars,
        commitments=commitments,
        pause_reasons=frozenset(reason for commitment in commitments for reason in commitment.pauses),
        reporting=read_reporting(top.get("reporting"), ("reporting",), findings, names),
        ladder=read_ladder(top.get("alerts"), ("alerts",), findings),
    )


def _code(value: Value, path: Path, findings: Findings) -> str:
    code = fields.text(value, path, findings)
    if len(code) > 64 or any(sign in "/?#%" or sign.isspace() or not sign.isprintable() for sign in code):
        findings.add(path, "a code has at most 64 signs and no spaces, / ? # or %; such as HF-2005-PH", "bad_code")
    return code


def _version(value: Value, path: Path, findings: Findings) -> int:
    if value is None:
        return 1
    before = len(findings.found)
    version = fields.integer(value, path, findings)
    if version == 0 and len(findings.found) == before:
        findings.add(path, "versions count from 1", "bad_version")
    return version


def _validity(value: Value, path: Path, findings: Findings) -> tuple[date, date]:
    row = fields.mapping(value, path, findings, ("from", "until"))
    if not fields.required(row, ["from", "until"], path, findings):
        return date.min, date.max
    before = len(findings.found)
    start = fields.day(row["from"], (*path, "from"), findings)
    until = fields.day(row["until"], (*path, "until"), findings)
    if until < start and len(findings.found) == before:
        findings.add((*path, "until"), f"{until} lies before {start}; the last day of validity is right", "bad_date")
    return start, until


def _regions(value: Value, path: Path, findings: Findings) -> Mapping[str, str]:
    if value is None:
        return {}
    regions = {}
    for name, label in fields.mapping(value, path, findings).items():
        if isinstance(label, Mapping):
            findings.add((*path, name), "areas and partners of a region are not supported yet", "not_supported")
        elif name == "default":
            findings.add((*path, name), "`default` means any other region; give it another name", "bad_name")
        else:
            regions[name] = fields.text(label, (*path, name), findings)
    return regions


def _phases(value: Value, path: Path, findings: Findings) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        findings.add(path, "dated phases are not supported yet; write a list of names", "not_supported")
        return ()
    return fields.words(fields.items(value, path, findings), path, findings) if value is not None else ()


def _severities(value: Value, path: Path, findings: Findings) -> Mapping[int, Severity]:
    severities = {}
    for name, row in fields.mapping(value, path, findings).items():
        place = (*path, name)
        number = fields.integer(name, place, findings)
        cells = fields.mapping(row, place, findings, ("name", "meaning"))
        if fields.required(cells, ["name"], place, findings):
            label = fields.text(cells["name"], (*place, "name"), findings)
            meaning = cells.get("meaning")
            said = fields.text(meaning, (*place, "meaning"), findings) if meaning is not None else ""
            severities[number] = Severity(label, said)
    if not severities:
        findings.add(path, "there is no severity; write at least one", "empty")
    return severities


def _calendars(value: Value, path: Path, findings: Findings, zone: str) -> Mapping[str, Calendar]:
    if value is None:
        return {}
    calendars = {}
    for name, spec in fields.mapping(value, path, findings).items():
        # A stand-in, so that those who use a broken calendar are not blamed too.
        calendars[name] = Calendar.build(name, "24x7", zone)
        place = (*path, name)
        if not isinstance(spec, str | Mapping):
            findings.add(place, f"{fields.shown(spec)} is not a calendar; write 24x7 or a week", "wrong_type")
            continue
        try:
            calendars[name] = Calendar.build(name, spec, zone)
        except CalendarError as error:
            findings.add((*place, *error.path), str(error), "bad_calendar")
    return calendars
