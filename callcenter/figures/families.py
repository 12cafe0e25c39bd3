"""The figures as the metrics of the scrape page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.utils import floatToGoString

from callcenter.figures.known import Known
from callcenter.services.cti import REPORTS_WITHIN
from callcenter.store.metrics import CALL_BOUNDS, LATE_BOUNDS, Figures, severity_label

RESULTS = ("met", "breached", "cancelled")
AGENT_STATES = ("on_call", "signed_in")


def render(figures: Figures, known: Known) -> Iterator[Metric]:
    """The figures as metrics."""
    totals = dict(figures.totals)
    queues = [name for name, _ in figures.queues]
    yield _gauge("callcenter_figures_timestamp_seconds", "When the figures were read.", [((), _seconds(figures.as_of))])
    yield _gauge("callcenter_figures_read_seconds", "How long reading the figures took.", [((), figures.read_s)])
    yield from _calls(figures, totals, queues)
    yield from _tickets(figures, totals, known)
    yield from _clocks(figures, totals, known)
    yield from _months(figures, known)
    yield from _alerts(figures, totals)
    ends = [((code,), _seconds(end)) for code, end in known.horizons]
    text = "Until when the holidays of a calendar are published; absent where they follow rules."
    yield _gauge("sla_calendar_published_until_timestamp_seconds", text, ends, ["calendar"])
    yield from _people(figures)
    yield from _telephony(figures)


Totals = dict[tuple[str, ...], float]
Sample = tuple[Sequence[str], float]


def _calls(figures: Figures, totals: Totals, queues: list[str]) -> Iterator[Metric]:
    each = [(queue,) for queue in queues]
    for name, text in (
        ("offered", "Calls that came into a queue."),
        ("answered", "Calls of a queue that somebody answered."),
        ("abandoned", "Calls of a queue whose caller gave up."),
    ):
        yield _counter(f"callcenter_calls_{name}", text, ["queue"], totals, name, each)
    both = [(queue, outcome) for queue in queues for outcome in ("answered", "abandoned")]
    waited = "Time in the queue, until answered or given up."
    yield _histogram("callcenter_call_wait_seconds", waited, ["queue", "outcome"], CALL_BOUNDS, totals, "wait", both)
    talked = "Time from the answer to the end."
    yield _histogram("callcenter_call_handle_seconds", talked, ["queue"], CALL_BOUNDS, totals, "handle", each)
    waiting: Totals = {(name,): float(count) for name, count, _ in figures.calls_waiting}
    oldest: Totals = {(name,): _age(figures, since) for name, _, since in figures.calls_waiting}
    yield _gauge("callcenter_calls_waiting", "Callers who wait now.", _zeros(each, waiting), ["queue"])
    longest = "How long the caller who waits longest has waited; 0 when nobody does."
    yield _gauge("callcenter_calls_waiting_oldest_seconds", longest, _zeros(each, oldest), ["queue"])
    targets = [((name,), float(seconds)) for name, seconds in figures.queues]
    yield _gauge("callcenter_queue_answer_target_seconds", "Time a call is to be answered in.", targets, ["queue"])


def _tickets(figures: Figures, totals: Totals, known: Known) -> Iterator[Metric]:
    each = [(severity, kind) for severity in known.severities for kind in known.names.kinds]
    now = _summed(((severity_label(severity), kind), count) for severity, kind, count in figures.tickets_open)
    labels = ["severity", "kind"]
    yield _gauge("callcenter_tickets_open", "Tickets neither closed nor cancelled.", _zeros(each, now), labels)
    yield _counter("callcenter_tickets_opened", "Tickets opened, as first graded.", labels, totals, "opened", each)


def _clocks(figures: Figures, totals: Totals, known: Known) -> Iterator[Metric]:
    states = ("running", "paused", "breached")
    each = [(*pair, state) for pair in known.graded for state in states]
    now = _summed(((name, severity_label(severity), state), n) for name, severity, state, n, _ in figures.clocks_open)
    labels = ["commitment", "severity", "state"]
    yield _gauge("sla_clocks_open", "Clocks not stopped; breached: past their deadline.", _zeros(each, now), labels)
    earliest: dict[str, datetime] = {}
    for name, _, _, _, due in figures.clocks_open:
        if due is not None:
            earliest[name] = min(due, earliest.get(name, due))
    deadlines = [((name,), _seconds(due)) for name, due in earliest.items()]
    text = "The earliest deadline still ahead; absent when there is none."
    yield _gauge("sla_next_deadline_timestamp_seconds", text, deadlines, ["commitment"])
    ends = [(name, result) for name in known.names.commitments for result in RESULTS]
    finished = "Clocks that stopped, by how they ended."
    yield _counter("sla_clocks_finished", finished, ["commitment", "result"], totals, "finished", ends)
    lag = _age(figures, figures.next_wake) if figures.next_wake else 0.0
    yield _gauge("sla_engine_lag_seconds", "How long the clock due longest has waited for a pass.", [((), lag)])


def _months(figures: Figures, known: Known) -> Iterator[Metric]:
    results = (*RESULTS, "open")
    each = [(*pair, result) for pair in known.promised for result in results]
    now: Totals = {(contract, name, result): float(n) for contract, name, result, n in figures.month}
    labels = ["contract", "commitment"]
    yield _gauge(
        "sla_month_clocks",
        "Clocks whose deadline falls into the contract's running month.",
        _zeros(each, now),
        [*labels, "result"],
    )
    rates = []
    for pair in dict.fromkeys((contract, name) for contract, name, _, _ in figures.month):
        met, breached = now.get((*pair, "met"), 0.0), now.get((*pair, "breached"), 0.0)
        if met + breached:
            rates.append((pair, met / (met + breached)))
    yield _gauge(
        "sla_month_compliance_ratio",
        "Share kept of the clocks met or breached in the running month; absent without a case.",
        rates,
        labels,
    )
    targets = [((contract, name), share) for contract, name, share in known.targets]
    yield _gauge("sla_month_target_ratio", "Share that the contract wants kept.", targets, labels)


def _alerts(figures: Figures, totals: Totals) -> Iterator[Metric]:
    kinds = [("warning",), ("breach",), ("overdue",)]
    yield _counter("alerts_raised", "Alerts recorded, by kind.", ["kind"], totals, "raised", kinds)
    now: Totals = {(kind, state): float(n) for kind, state, n in figures.alerts_unsettled}
    each = [(*kind, state) for kind in kinds for state in ("firing", "acknowledged")]
    yield _gauge(
        "alerts_unsettled", "Alerts that are not over, by kind and state.", _zeros(each, now), ["kind", "state"]
    )
    late = "From the instant a rung of the ladder came to the pass that recorded it."
    yield _histogram("sla_alert_lateness_seconds", late, [], LATE_BOUNDS, totals, "late", [()])
    channels = [(kind,) for kind in figures.channels]
    depth: Totals = {(channel,): float(n) for channel, n, _ in figures.outbox}
    oldest: Totals = {(channel,): _age(figures, since) for channel, _, since in figures.outbox}
    waiting = "Deliveries that wait or are under way, by channel kind."
    yield _gauge("alerts_outbox_deliveries", waiting, _zeros(channels, depth), ["channel"])
    age = "How long the oldest of them has waited; 0 when none does."
    yield _gauge("alerts_outbox_oldest_seconds", age, _zeros(channels, oldest), ["channel"])
    left: Totals = {(kind, state): float(n) for kind, state, n in figures.mails}
    each = [(kind, state) for kind in ("job", "month_report") for state in ("waiting", "dead")]
    mails = "Mails to whoever is sent out and of month reports: those that wait, and those given up within a week."
    yield _gauge("callcenter_mails", mails, _zeros(each, left), ["kind", "state"])
    standing: Totals = {(kind,): _age(figures, since) for kind, since in figures.firing_oldest}
    unheard = "How long the oldest alert that nobody has acknowledged has stood; 0 when there is none."
    yield _gauge("alerts_firing_oldest_seconds", unheard, _zeros(kinds, standing), ["kind"])


def _people(figures: Figures) -> Iterator[Metric]:
    now: Totals = {(state,): float(n) for state, n in figures.agents}
    at_work = "People at the telephone and the desk, each in one state."
    yield _gauge("callcenter_agents", at_work, _zeros([(state,) for state in AGENT_STATES], now), ["state"])
    duties = [((duty,), float(n)) for duty, n in figures.on_duty]
    yield _gauge("callcenter_people_on_duty", "People who fill a duty now by its rota.", duties, ["duty"])


def _telephony(figures: Figures) -> Iterator[Metric]:
    heard = [at for at in (figures.last_call, figures.last_heard) if at is not None]
    last = [((), _seconds(max(heard)))] if heard else []
    text = "When the telephone was last heard of: the newest call, or the newest event told."
    yield _gauge("callcenter_telephony_last_event_timestamp_seconds", text, last)
    beat = figures.last_beat
    reports = [] if beat is None else [((), float(figures.as_of - beat <= REPORTS_WITHIN))]
    text = "Whether every telephone system that reports itself did so within three minutes; absent where none does."
    yield _gauge("callcenter_telephony_connected", text, reports)


def _seconds(at: datetime) -> float:
    return at.timestamp()


def _age(figures: Figures, since: datetime) -> float:
    return max(0.0, (figures.as_of - since).total_seconds())


def _summed(counted: Iterable[tuple[tuple[str, ...], int]]) -> dict[tuple[str, ...], float]:
    sums: dict[tuple[str, ...], float] = {}
    for labels, count in counted:
        sums[labels] = sums.get(labels, 0.0) + count
    return sums


def _zeros(each: Iterable[tuple[str, ...]], now: dict[tuple[str, ...], float]) -> list[Sample]:
    """A sample for every known set of labels and for every other that occurs."""
    return list({**dict.fromkeys(each, 0.0), **now}.items())


def _gauge(name: str, text: str, samples: Iterable[Sample], labels: Sequence[str] = ()) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _counter(
    name: str, text: str, labels: Sequence[str], totals: Totals, series: str, each: Iterable[tuple[str, ...]]
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    counted = {key[1:]: value for key, value in totals.items() if key[0] == series and len(key) == len(labels) + 1}
    for values, value in _zeros(each, counted):
        family.add_metric(values, value)
    return family


def _histogram(
    name: str,
    text: str,
    labels: Sequence[str],
    bounds: Sequence[float],
    totals: Totals,
    series: str,
    each: Iterable[tuple[str, ...]],
) -> Metric:
    """Buckets are kept apart in the totals, the sum under the series' name and `_s`."""
    family = HistogramMetricFamily(name, text, labels=labels)
    edges = [*(str(floatToGoString(bound)) for bound in bounds), "+Inf"]  # type: ignore[no-untyped-call]
    cells: dict[tuple[str, ...], list[float]] = {values: [0.0] * len(edges) for values in each}
    for key, value in totals.items():
        if key[0] == series:
            cells.setdefault(key[1:-1], [0.0] * len(edges))[int(key[-1])] += value
    for values, counts in cells.items():
        buckets = list(zip(edges, accumulate(counts), strict=True))
        family.add_metric(values, buckets, totals.get((f"{series}_s", *values), 0.0))
    return family
