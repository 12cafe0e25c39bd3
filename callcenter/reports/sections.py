"""The sections of a report, each as a table or two, in the report's order."""

from collections.abc import Callable, Iterator, Sequence

from callcenter.reports.call_sections import hotline
from callcenter.reports.model import Report
from callcenter.reports.tables import (
    Cell,
    Column,
    Table,
    behind,
    breach_columns,
    breach_row,
    columns_of,
    region,
    severity,
    verdict,
)
from callcenter.reports.weighed_sections import credits, evidence
from callcenter.reports.words import Words
from callcenter.services.compliance import ComplianceRow


def tables(report: Report, words: Words) -> list[Table]:
    """Every section that a table shows, in the report's order."""
    return [made for section in _SECTIONS for made in section(report, words)]


_FIGURES = ("due", "met", "breached", "cancelled", "paused", "open")


def _glance(report: Report, words: Words) -> Iterator[Table]:
    columns = columns_of(words, "commitment", "target:number", "due:number", "met:number", "breached:number",
                       "compliance:percent", "net:percent", "verdict:verdict")  # fmt: skip
    rows = [
        [
            words.commitment(one.commitment),
            one.target,
            one.due,
            one.met,
            one.breached,
            one.compliance,
            one.net,
            verdict(one),
        ]
        for one in report.by_commitment
    ]
    links = _links(report, columns, report.by_commitment, exactly=False)
    yield Table("glance", words("glance"), columns, rows, words("rounding"), links)


def _links(
    report: Report, columns: Sequence[Column], rows: Sequence[ComplianceRow], *, exactly: bool
) -> dict[tuple[int, int], str]:
    return {
        (line, place): behind(report, row, column.key, exactly=exactly)
        for line, row in enumerate(rows)
        for place, column in enumerate(columns)
        if column.key in _FIGURES
    }


def _promises(report: Report, words: Words) -> Iterator[Table]:
    columns = columns_of(words, "commitment", "severity", "region", "target:number", "due:number", "met:number",
                       "breached:number", "exempt:number", "compliance:percent", "net:percent", "cancelled:number",
                       "paused:number", "open:number")  # fmt: skip
    rows = [_promise(report, words, one) for one in report.rows]
    total = _promise(report, words, report.total)
    total[0] = words("total")
    links = _links(report, columns, [*report.rows, report.total], exactly=True)
    last = len(report.rows)
    links |= {
        place: behind(report, report.total, columns[place[1]].key, exactly=False) for place in links if place[0] == last
    }
    rows = rows if words.plain else [*rows, total]
    yield Table("promises", words("promises"), columns, rows, "", links)


def _promise(report: Report, words: Words, one: ComplianceRow) -> list[Cell]:
    name, place = (
        words.commitment(one.commitment),
        (severity(report, one.severity, words), region(report, one.region, words)),
    )
    counts = (one.due, one.met, one.breached, one.exempt, one.compliance, one.net, one.cancelled, one.paused, one.open)
    return [name, *place, one.target, *counts]


def _on_site(report: Report, words: Words) -> Iterator[Table]:
    columns = columns_of(words, "commitment", "region", "due:number", "met:number", "breached:number",
                       "compliance:percent", "arrivals:number", "mean:seconds",
                       "longest:seconds")  # fmt: skip
    rows = [
        [words.commitment(one.commitment), region(report, one.region, words), one.due, one.met, one.breached,
         one.compliance, one.arrivals, one.mean_s, one.longest_s]
        for one in report.on_site
    ]  # fmt: skip
    yield Table("on_site", words("on_site"), columns, rows)


def _breaches(report: Report, words: Words) -> Iterator[Table]:
    note = ""
    if report.breaches_total > len(report.breaches):
        note = words("worst_shown", shown=len(report.breaches), total=report.breaches_total)
    rows = [breach_row(one, report, words) for one in report.breaches]
    yield Table("breaches", words("breaches"), breach_columns(words), rows, note)


def _effort(report: Report, words: Words) -> Iterator[Table]:
    effort = report.effort
    facts: list[list[Cell]] = [
        [words("faults"), effort.faults],
        [words("contacts"), effort.contacts],
        [words("contacts_a_fault"), effort.contacts_a_fault],
        [words("most_contacts"), effort.most_contacts],
        [words("more_than_two"), effort.laborious],
        [words("ring_to_human"), effort.ring_to_human_s],
    ]
    yield Table("effort", words("effort"), columns_of(words, "figure", "value"), facts if effort.faults else [])
    columns = columns_of(words, "ticket:ticket", "title", "contacts:number", "people:number")
    rows = [[one.ticket, one.title, one.contacts, one.people] for one in effort.worst]
    yield Table("laborious", words("laborious"), columns, rows)


def _spoken(report: Report, words: Words) -> Iterator[Table]:
    spoken = report.spoken
    columns = columns_of(words, "made:number", "kept:number", "kept_late:number", "broken:number", "open:number",
                       "kept_rate:percent")  # fmt: skip
    row = [spoken.made, spoken.kept, spoken.late, spoken.broken, spoken.open, spoken.kept_rate]
    yield Table("spoken", words("spoken"), columns, [row] if spoken.made else [])
    columns = columns_of(words, "ticket:ticket", "at:instant", "by", "what", "until:instant", "kept_at:instant")
    rows = [[one.ticket, one.at, one.by, one.what, one.until, one.kept_at] for one in spoken.not_kept]
    yield Table("spoken_broken", words("spoken_broken"), columns, rows)


def _exemptions(report: Report, words: Words) -> Iterator[Table]:
    columns = columns_of(words, "ticket:ticket", "commitment", "cycle:number", "reason", "evidence_given", "state",
                       "asked_by", "decided_by")  # fmt: skip
    rows = [
        [one.ticket, words.commitment(one.commitment), one.cycle, words.party(one.reason), one.evidence,
         words(one.state), one.asked_by, one.decided_by]
        for one in report.exemptions
    ]  # fmt: skip
    yield Table("exemptions", words("exemptions"), columns, rows)


def _pauses(report: Report, words: Words) -> Iterator[Table]:
    rows: list[list[Cell]] = [[one.reason, one.pauses] for one in report.pauses.by_reason]
    yield Table("pauses", words("pauses"), columns_of(words, "reason", "pauses:number"), rows)
    columns = columns_of(
        words, "ticket:ticket", "at:instant", "by", "reason", "commitment", "due_at:instant", "left:seconds"
    )
    near = [
        [one.ticket, one.at, one.by, one.reason, words.commitment(one.commitment), one.due_at, one.left_s]
        for one in report.pauses.near_deadline
    ]
    yield Table("pauses_near", words("pauses_near"), columns, near)


def _late(report: Report, words: Words) -> Iterator[Table]:
    late = report.late_entries
    columns = columns_of(words, "ticket:ticket", "entry:number", "what", "by", "occurred_at:instant",
                       "recorded_at:instant", "late_s:seconds")  # fmt: skip
    rows = [
        [one.ticket, one.entry, one.type, one.by, one.occurred_at, one.recorded_at, one.late_s] for one in late.worst
    ]
    note = f"{words('late_count')}: {late.entries}. {words('imported')}: {late.imported}."
    yield Table("late", words("late"), columns, rows, note)


def _people(report: Report, words: Words) -> Iterator[Table]:
    asked = report.follow_ups
    columns = columns_of(words, "attempted:number", "reached:number", "reached_rate:percent", "solved:number",
                       "unsolved:number", "score:number")  # fmt: skip
    row = [asked.attempted, asked.reached, asked.reached_rate, asked.solved, asked.unsolved, asked.score]
    yield Table("follow_ups", words("follow_ups"), columns, [row] if asked.attempted else [])
    columns = columns_of(words, "person", "complaints:number", "upheld:number", "open:number")
    rows = [[one.person or words("nobody"), one.complaints, one.upheld, one.open] for one in report.complaints]
    yield Table("complaints", words("complaints"), columns, rows)


def _units(report: Report, words: Words) -> Iterator[Table]:
    units, repeats = report.units, report.repeats
    names = ("inspections", "loaners_provided", "loaners_returned", "loaners_out")
    row = [getattr(units, name) for name in names]
    yield Table(
        "units", words("units"), columns_of(words, *(f"{name}:number" for name in names)), [row] if any(row) else []
    )
    columns = columns_of(words, "asset_faults:number", "repeated:number", "repeat_rate:percent", "visited:number",
                       "first_time_fix:percent")  # fmt: skip
    row = [repeats.faults, repeats.repeated, repeats.repeat_rate, repeats.visited, repeats.first_time_fix]
    yield Table("repeats", words("repeats"), columns, [row] if repeats.faults or repeats.visited else [])
    columns = columns_of(words, "serial", "model", "faults:number")
    rows = [[one.serial, one.model, one.faults] for one in repeats.assets]
    yield Table("repeated_assets", words("repeated_assets"), columns, rows)


def _trend(report: Report, words: Words) -> Iterator[Table]:
    columns = columns_of(words, "month", "commitment", "met:number", "breached:number", "exempt:number",
                       "compliance:percent", "net:percent")  # fmt: skip
    rows = [
        [one.month, words.commitment(one.commitment), one.met, one.breached, one.exempt, one.compliance, one.net]
        for one in report.trend
    ]
    yield Table("trend", words("trend"), columns, rows)


def _note(report: Report, words: Words) -> Iterator[Table]:
    note = report.data_note
    rows: list[list[Cell]] = [
        [f"{words('version')} {one.version} ({words('effective')} {one.effective})", one.hash] for one in note.versions
    ]
    rows += [
        [words("calendars"), ", ".join(note.calendars)],
        [words("software"), note.software],
        [words("holidays"), note.holidays],
        [words("time_zones"), note.time_zones],
        [words("corrections"), note.corrections],
        [words("hash"), note.hash],
    ]
    yield Table("note", words("note"), columns_of(words, "figure", "value"), rows)


_SECTIONS: Sequence[Callable[[Report, Words], Iterator[Table]]] = (
    _glance, _promises, hotline, _on_site, _breaches, _effort, _spoken, _exemptions, _pauses, _late, _people, _units,
    _trend, credits, evidence, _note,
)  # fmt: skip
