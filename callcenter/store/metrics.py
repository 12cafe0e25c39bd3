"""Figures about the database, read in a handful of statements and kept in one row for every worker of every host."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from callcenter.store import queries
from callcenter.store.types import Connection, Row

_sql = queries.load(__file__)

# Bounds of the histograms in seconds: the figures that contracts promise.
CALL_BOUNDS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800, 3600)
LATE_BOUNDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)
# Rows are counted anew from a moving start; what older rows turn into is not counted any more.
_WINDOW = timedelta(hours=26)
_REMEMBERED = timedelta(hours=2)
# A number may be given before a smaller one is committed: so many numbers back are looked at again.
_OVERLAP = 1000
_AT_FIRST = 20_000
_SEVERITIES = 50
# Whose work is the telephone, among those who sign in.
_DESK = ("agent", "dispatcher", "follow_up", "supervisor")

# A counter's name and its labels; a histogram's bucket is its last label.
Series = tuple[str, ...]
Counts = dict[Series, float]


class Names(msgspec.Struct, frozen=True):
    """The label values that are told apart; all others are `other`."""

    contracts: list[str]
    commitments: list[str]
    kinds: list[str]


class Figures(msgspec.Struct, kw_only=True):
    """What the database said at an instant. `totals` only ever grow; the other three say how to go on counting."""

    as_of: datetime
    read_s: float = 0.0
    queues: list[tuple[str, int]]
    channels: list[str]
    tickets_open: list[tuple[int | None, str, int]]
    clocks_open: list[tuple[str, int | None, str, int, datetime | None]]
    month: list[tuple[str, str, str, int]]
    calls_waiting: list[tuple[str, int, datetime]]
    next_wake: datetime | None
    alerts_unsettled: list[tuple[str, str, int]]
    outbox: list[tuple[str, int, datetime]]
    mails: list[tuple[str, str, int]] = []
    firing_oldest: list[tuple[str, datetime]] = []
    last_call: datetime | None = None
    last_heard: datetime | None = None
    last_beat: datetime | None = None
    agents: list[tuple[str, int]] = []
    on_duty: list[tuple[str, int]] = []
    totals: list[tuple[Series, float]]
    since: datetime
    counted: list[tuple[Series, float]]
    tickets: list[int]

    @property
    def rows(self) -> int:
        """About how many rows were counted: what reading costs, however busy the machine is."""
        counted = sum(value for series, value in self.counted if series[0] in ("offered", "finished", "raised"))
        standing = sum(one[2] for one in self.tickets_open) + sum(one[3] for one in self.clocks_open)
        return int(counted) + standing + sum(one[3] for one in self.month)


class Kept(msgspec.Struct, frozen=True):
    """The figures last kept, how long reading them took and how old they are, in seconds."""

    figures: Figures
    read_s: float
    age_s: float


async def kept(conn: Connection) -> Kept | None:
    """What was kept last; None where there is nothing, or nothing this version can read."""
    row = await _sql.kept(conn)
    if row is None:
        return None
    try:
        return Kept(msgspec.convert(row["figures"], Figures), row["read_s"], row["age_s"])
    except msgspec.ValidationError:  # another version wrote it
        return None


async def keep(conn: Connection, figures: Figures) -> None:
    """The figures are there for all."""
    await _sql.keep(conn, figures=msgspec.to_builtins(figures), read_s=figures.read_s)


async def lock(conn: Connection) -> None:
    """This transaction alone reads the figures anew."""
    await _sql.lock(conn)


async def listed(conn: Connection, codes: Sequence[str] | None) -> list[Row]:
    """The contracts (`code`, newest `version`) that have a label: those named, or the 50 that came first."""
    return [row async for row in _sql.listed(conn, codes=codes)]


async def read(conn: Connection, names: Names, now: datetime, before: Figures | None) -> Figures:
    """The figures as of now, counting on from those before; the caller's transaction holds the lock."""
    await _sql.quick(conn)
    queues = [(row["name"], row["answer_within_s"]) async for row in _sql.queues(conn)]
    given = {
        "contracts": names.contracts,
        "commitments": names.commitments,
        "kinds": names.kinds,
        "queues": [name for name, _ in queues],
    }
    totals, since, counted = await _count(conn, given, now, before)
    opened, numbers = await _opened(conn, given, now, before)
    telephone = await _sql.telephone(conn, now=now)
    _add(totals, opened)
    return Figures(
        as_of=now,
        queues=queues,
        channels=[row["kind"] async for row in _sql.channel_kinds(conn)],
        tickets_open=[tuple(row) async for row in _sql.tickets_open(conn, kinds=given["kinds"])],
        clocks_open=[tuple(row) async for row in _sql.clocks_open(conn, commitments=given["commitments"], now=now)],
        month=[
            tuple(row)
            async for row in _sql.month(conn, codes=given["contracts"], commitments=given["commitments"], now=now)
        ],
        calls_waiting=[tuple(row) async for row in _sql.calls_waiting(conn, queues=given["queues"], now=now)],
        next_wake=await _sql.next_wake(conn),
        alerts_unsettled=[tuple(row) async for row in _sql.alerts_unsettled(conn)],
        outbox=[tuple(row) async for row in _sql.outbox(conn)],
        mails=[tuple(row) async for row in _sql.mails(conn, now=now)],
        firing_oldest=[tuple(row) async for row in _sql.firing_oldest(conn)],
        last_call=telephone["call"],
        last_heard=telephone["heard"],
        last_beat=telephone["beat"],
        agents=[tuple(row) async for row in _sql.agents(conn, now=now, roles=list(_DESK))],
        totals=list(totals.items()),
        since=since,
        counted=list(counted.items()),
        tickets=numbers,
    )


async def _count(
    conn: Connection, given: dict[str, list[str]], now: datetime, before: Figures | None
) -> tuple[Counts, datetime, Counts]:
    """Totals, the start counted from, and what was counted since then.

    A total grows by what there is more of than the last time, so it never falls: a correction that takes something
    back would look to Prometheus like a restart, and the whole total like new.
    """
    if before is None or before.since > now:
        since = _midnight(now)
        counted = await _rows_since(conn, given, since, now)
        return dict(counted), since, counted
    totals, last = dict(before.totals), dict(before.counted)
    counted = await _rows_since(conn, given, before.since, now)
    _add(totals, {series: value - last.get(series, 0) for series, value in counted.items()})
    # a count that fell is remembered at its highest, or it would be added again when it rises
    counted = {series: max(counted.get(series, 0), last.get(series, 0)) for series in {**last, **counted}}
    if now - before.since <= _WINDOW:
        return totals, before.since, counted
    since = now - _REMEMBERED
    return totals, since, await _rows_since(conn, given, since, now)


def _add(totals: Counts, more: Counts) -> None:
    for series, value in more.items():
        totals[series] = totals.get(series, 0) + max(0.0, value)


async def _rows_since(conn: Connection, given: dict[str, list[str]], since: datetime, now: datetime) -> Counts:
    counts: Counts = {}
    async for row in _sql.calls_counted(conn, queues=given["queues"], since=since, now=now, **_bounds(CALL_BOUNDS)):
        _add(counts, _calls(row))
    async for row in _sql.clocks_finished(conn, commitments=given["commitments"], since=since):
        counts["finished", row["commitment"], row["state"]] = row["n"]
    async for row in _sql.alerts_raised(conn, since=since, **_bounds(LATE_BOUNDS)):
        late = {("late", str(row["bucket"])): row["n"], ("late_s",): row["late_s"]}
        _add(counts, {("raised", row["kind"]): row["n"], **late})
    return counts


def _bounds(bounds: Sequence[float]) -> dict[str, list[float]]:
    return {"bounds": list(bounds), "negative": [-bound for bound in reversed(bounds)]}


def _calls(row: Row) -> Counts:
    queue, n = row["queue"], row["n"]
    if row["handled"]:
        if row["handle_bucket"] is None:
            return {}
        return {("handle", queue, str(row["handle_bucket"])): n, ("handle_s", queue): row["handle_s"]}
    counts: Counts = {("offered", queue): n}
    outcome = row["outcome"]
    if outcome is not None:
        counts[outcome, queue] = n
        if row["wait_bucket"] is not None:
            counts |= {("wait", queue, outcome, str(row["wait_bucket"])): n, ("wait_s", queue, outcome): row["wait_s"]}
    return counts


async def _opened(
    conn: Connection, given: dict[str, list[str]], now: datetime, before: Figures | None
) -> tuple[Counts, list[int]]:
    """Tickets not counted before, each once and under the severity it then had; and the numbers counted lately."""
    if before is None:
        after, known = await _sql.newest_ticket(conn) - _AT_FIRST, set()
        since = _midnight(now)
    else:
        known = set(before.tickets)
        after = max(known, default=_OVERLAP) - _OVERLAP
        since = before.as_of - _WINDOW
    counts: Counts = {}
    rows = _sql.tickets_since(conn, after=after, since=since, kinds=given["kinds"], overlap=_OVERLAP)
    async for row in rows:
        if row["fresh"] and row["number"] not in known:
            _add(counts, {("opened", severity_label(row["severity"]), row["kind"]): 1})
        known.add(row["number"])
    newest = max(known, default=0)
    return counts, sorted(number for number in known if number > newest - _OVERLAP)


def severity_label(severity: int | None) -> str:
    """The label of a severity; contracts may number them as they like, a label may not grow without bounds."""
    if severity is None:
        return "none"
    return str(severity) if 0 <= severity < _SEVERITIES else "other"


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
