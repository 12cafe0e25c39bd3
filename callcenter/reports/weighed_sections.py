"""The sections of a report that weigh the month: credits, and certifiers' forms."""

from collections.abc import Iterator

from callcenter.reports.model import Report
from callcenter.reports.tables import Table, columns_of
from callcenter.reports.words import Words


def credits(report: Report, words: Words) -> Iterator[Table]:
    """What the month costs, and what more breaches would."""
    found = report.credits
    columns = columns_of(words, "commitment", "kind", "breached:number", "each:money", "below", "share",
                       "amount:money", "state", "by")  # fmt: skip
    rows = [
        [words.commitment(one.commitment), words(one.kind), one.breaches, one.each and (one.each, one.currency),
         one.below, one.share, (one.amount, one.currency), words(one.state), one.by]
        for one in found.lines
    ]  # fmt: skip
    yield Table("credits", words("credits"), columns, rows)
    columns = columns_of(words, "currency", "before_cap:money", "cap:money", "amount:money", "said:money")
    sums = [
        [one.currency, (one.before_cap, one.currency), one.cap and (one.cap, one.currency), (one.amount, one.currency),
         (one.confirmed, one.currency)]
        for one in found.sums
    ]  # fmt: skip
    note = "; ".join(
        words(
            "more_cost",
            more=one.more,
            commitment=words.commitment(one.commitment),
            extra=one.extra,
            currency=one.currency,
        )
        for one in found.forecast
    )
    yield Table("credit_sums", words("credit_sums"), columns, sums, note)


def evidence(report: Report, words: Words) -> Iterator[Table]:
    """Each certifier's form, filled as far as it goes."""
    for form in report.evidence:
        columns = columns_of(words, "item", "title", "points:number", "most:number", "value", "source")
        rows = [
            [one.item, one.title, _number(one.points), _number(one.most), one.value, one.source] for one in form.items
        ]
        note = (
            f"{words('so_far')}: {form.so_far} / {form.most} ({form.percent} %). {words('grade')}: {form.grade or '-'}."
        )
        if form.missing:
            note += f" {words('missing')}: {', '.join(form.missing)}."
        yield Table(f"evidence_{form.form}", f"{words('evidence')}: {form.title}", columns, rows, note)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
