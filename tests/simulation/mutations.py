"""Ways to break the service that days must notice; each is the text of a file and what it becomes.

By what they break: the judging of clocks, the alerts kept of them, the claim of what is due, the outbox and its
messages, the timeline's writes, the clocks themselves. `EQUAL` holds those that change nothing anybody could see.
"""

# ruff: noqa: E501  the lines are those of other files
from typing import NamedTuple

_POLICY = "alerts/policy.py"
_ENGINE = "alerts/engine.py"
_LADDER = "alerts/ladder.py"
_MOMENT = "alerts/moment.py"
_TELLING = "alerts/telling.py"
_PACE = "alerts/pace.py"
_DISPATCHER = "alerts/dispatcher.py"
_BOOK = "callcenter/store/engine.py"
_BOOK_SQL = "callcenter/store/engine.sql"
_ALERTS = "callcenter/store/alerts.py"
_ALERTS_SQL = "callcenter/store/alerts.sql"
_OUTBOX = "callcenter/store/deliveries.py"
_OUTBOX_SQL = "callcenter/store/deliveries.sql"
_TELL = "callcenter/store/telling.py"
_TELL_SQL = "callcenter/store/telling.sql"
_WRITE = "callcenter/services/timeline.py"
_CLOCK = "sla/clock.py"
_DEADLINE = "sla/deadline.py"
_CYCLE = "sla/cycle.py"


class Edit(NamedTuple):
    """A text of a file that stands there once, or `all` of them, and what it becomes."""

    file: str
    old: str
    new: str
    all: bool = False


Mutant = tuple[Edit, ...]


def _one(file: str, old: str, new: str) -> Mutant:
    return (Edit(file, old, new),)


_FIRST: dict[str, Mutant] = {
    "the unique key is skipped": (
        Edit(
            "migrations/0001_core.sql",
            "settled_because   text,\n    constraint alerts_once unique (clock, step, repeat, deadline_version)",
            "settled_because   text",
        ),
        Edit("callcenter/store/alerts.sql", "on conflict on constraint alerts_once do nothing\n", ""),
    ),
    "leases end at once": (Edit("alerts/dispatcher.py", "now, now + LEASE)", "now, now)"),),
    "a lease is not looked at": (
        Edit(
            "callcenter/store/deliveries.sql",
            "state in ('pending', 'sending') and coalesce(lease_until, next_try_at) <= cast(:now as timestamptz)\n          and not exists",
            "state in ('pending', 'sending') and coalesce(next_try_at, :now) <= cast(:now as timestamptz)\n          and not exists",
        ),
    ),
    "alerts are committed before their deliveries": (
        Edit(
            "callcenter/store/alerts.py",
            "    await deliveries.enqueue(conn, fired, ended, now)\n",
            "    if conn.is_in_transaction():\n        conn.later = (*getattr(conn, 'later', ()), (fired, ended, now))\n",
        ),
        Edit(
            "callcenter/store/engine.py",
            "            yield batch\n",
            "            yield batch\n            late = getattr(conn, 'later', ())\n"
            "        if late:\n            from callcenter.store import deliveries\n"
            "            async with self._pool.acquire() as conn, conn.transaction():\n"
            "                for one in late:\n                    await deliveries.enqueue(conn, *one)\n",
        ),
        Edit(
            "callcenter/store/alerts.py",
            "    await announce(conn, wakes, now)\n    return raised\n",
            "    await announce(conn, wakes, now)\n    for one in getattr(conn, 'later', ()):\n        await deliveries.enqueue(conn, *one)\n"
            "    conn.later = ()\n    return raised\n",
        ),
    ),
    "verdicts by the time of writing": (
        Edit("callcenter/store/tickets.py", 'at=micros(row["occurred_at"])', 'at=micros(row["recorded_at"])'),
    ),
    "a claim leaves the tickets unlocked": (
        Edit(
            "callcenter/store/engine.sql",
            "where number = taken.ticket for update skip locked",
            "where number = taken.ticket",
            all=True,
        ),
    ),
    "a claim locks nothing": (
        Edit("callcenter/store/engine.sql", "    for update skip locked\n", "", all=True),
        Edit(
            "callcenter/store/engine.sql",
            "where number = taken.ticket for update skip locked",
            "where number = taken.ticket",
            all=True,
        ),
    ),
    "a writer reads before it has the lock": (
        Edit(
            "callcenter/services/timeline.py",
            "found(conn, context, number, actor, lock=True)",
            "found(conn, context, number, actor)",
        ),
    ),
    "the ladder does not see that the deadline moved": (
        Edit("alerts/policy.py", "[a for a in told if a.live or a.deadline_version == version]", "[*told]"),
    ),
    "the version is not raised": (
        Edit(
            "alerts/policy.py",
            "stored.deadline_version + (stored.due_at is not None and due != stored.due_at)",
            "stored.deadline_version",
        ),
    ),
    "acknowledging does not stop repeats": (
        Edit("alerts/policy.py", 'if any(a.state != "firing" for a in chain):', "if not chain:"),
    ),
    "what is withdrawn is sent": (
        Edit(
            "callcenter/store/deliveries.sql",
            "and (a.state = 'withdrawn' or a.kind = 'warning')",
            "and false",
            all=True,
        ),
        Edit(
            "callcenter/store/deliveries.sql", "d.event = 'fire' and a.state = 'withdrawn' as stale", "false as stale"
        ),
    ),
    "wakes one step too late": (
        Edit("alerts/policy.py", "wake_at = min(wakes, default=None)", "wake_at = max(wakes, default=None)"),
    ),
    "due is earlier than now": (Edit("callcenter/store/engine.sql", "c.wake_at <= :now", "c.wake_at < :now"),),
    "a rung rings after its instant": (Edit("alerts/policy.py", "if step.instant > now:", "if step.instant >= now:"),),
    "a deadline is broken when it is reached": (
        Edit(
            "sla/clock.py",
            'return "breached" if now > due else "running"',
            'return "breached" if now >= due else "running"',
        ),
    ),
    "kept only before the deadline": (
        Edit(
            "sla/clock.py",
            'return "met" if found.until <= due else "breached"',
            'return "met" if found.until < due else "breached"',
        ),
    ),
    "a crash after the claim loses the wake": (
        Edit(
            "callcenter/store/engine.py",
            '        self._contracts |= {row["ticket"]: row["contract"] for row in held}\n',
            '        self._contracts |= {row["ticket"]: row["contract"] for row in held}\n'
            "        await conn.execute('update clocks set wake_at = null where id = any ($1)', [row['id'] for row in held])\n"
            "        await conn.execute('commit')\n        await conn.execute('begin')\n",
        ),
    ),
    "rungs of an outage are dropped": (
        Edit(
            "alerts/policy.py",
            "    if step.instant < ladder_from:\n",
            "    if step.instant < max(ladder_from, now - timedelta(minutes=10)):\n",
        ),
    ),
    "the backlog is never claimed": (
        Edit("callcenter/store/engine.py", "limit=room)] if room else []", "limit=room)] if room < 0 else []"),
    ),
    "what is over is not settled": (
        Edit(
            "alerts/policy.py",
            "if alert.live else None\n        if ending",
            'if alert.live and fresh.state != "met" else None\n        if ending',
        ),
    ),
    "a moved deadline withdraws nothing": (Edit("alerts/policy.py", 'else ("withdrawn", "moved")', "else None"),),
    "recorded as sent before it is": (
        Edit(
            "alerts/dispatcher.py",
            "                failure = await self._try(delivery)\n",
            "                await self._record(delivery, None)\n                failure = await self._try(delivery)\n",
        ),
        Edit("alerts/dispatcher.py", "                await self._record(delivery, failure)\n", ""),
    ),
    "every try has an id of its own": (
        Edit(
            "callcenter/store/deliveries.py",
            '                id=row["id"],\n                next_rung=',
            "                id=__import__('uuid').uuid4(),\n                next_rung=",
        ),
    ),
    "a failure is final": (
        Edit("alerts/dispatcher.py", "again = None if wait is None else now + wait", "again = None"),
    ),
    "nobody hears how it ended": (
        Edit("callcenter/store/deliveries.py", "        await _sql.tell_end(conn, alerts=ended, now=now)\n", ""),
    ),
    "clocks that are off stay off": (
        Edit("callcenter/steady_now.py", "self.offset = off", "self.offset = timedelta(0)"),
    ),
    "a cycle that begins later is not noticed": (
        Edit("alerts/engine.py", "        if key not in rows\n", "        if not rows\n"),
    ),
    "a host behind writes before what was judged": (
        Edit(
            "callcenter/services/timeline.py",
            "return judged if now < judged <= now + 2 * SKEW_ALLOWED else now",
            "return now",
        ),
    ),
    "paused clocks keep their breaches": (
        Edit("alerts/policy.py", 'return None if warning else ("withdrawn", "paused")', "return None"),
    ),
    "an outage is told repeat by repeat": (
        Edit(
            "alerts/policy.py",
            "raised.append(_alert(contract, step, due_repeats, fresh))",
            "raised += [_alert(contract, step, n, fresh) for n in range(1, due_repeats + 1)]",
        ),
    ),
}
_JUDGING: dict[str, Mutant] = {
    "a lost deadline does not raise the version": _one(
        _POLICY,
        "(stored.due_at is not None and due != stored.due_at)",
        "(None not in (stored.due_at, due) and due != stored.due_at)",
    ),
    "the version rises when a deadline is found again": _one(
        _POLICY, "(stored.due_at is not None and due != stored.due_at)", "(due != stored.due_at)"
    ),
    "the version rises by two": _one(
        _POLICY,
        "(stored.due_at is not None and due != stored.due_at)",
        "2 * (stored.due_at is not None and due != stored.due_at)",
    ),
    "what is withdrawn is not recorded": _one(
        _POLICY, "tuple(_settle(alerts, fresh, version, ladder, now)) if alerts else ()", "()"
    ),
    "only one alert of a clock is settled": _one(
        _POLICY,
        "settled = tuple(_settle(alerts, fresh, version, ladder, now)) if alerts",
        "settled = tuple(_settle(alerts, fresh, version, ladder, now))[:1] if alerts",
    ),
    "alerts of a clock that is gone stand": _one(
        _POLICY, 'tuple(Settled(a.id, "withdrawn", "void") for a in alerts if a.live)', "()"
    ),
    "a clock that is gone stays gone": _one(
        _POLICY, "again = None if ahead is None else instant(ahead) + AFTER", "again = None"
    ),
    "looks at the deadline, not after it": _one(
        _POLICY, "wakes = [fresh.changes_at + AFTER]", "wakes = [fresh.changes_at]"
    ),
    "looks a second after the deadline": _one(
        _POLICY, "wakes = [fresh.changes_at + AFTER]", "wakes = [fresh.changes_at + timedelta(seconds=1)]"
    ),
    "the deadline wakes nobody": _one(
        _POLICY, "wakes = [fresh.changes_at + AFTER] if fresh.changes_at is not None else []", "wakes = []"
    ),
    "a rung ahead wakes nobody": _one(
        _POLICY,
        "    if step.instant > now:\n        return step.instant\n",
        "    if step.instant > now:\n        return None\n",
    ),
    "the next repeat wakes nobody": _one(
        _POLICY, "return step.instant + (due_repeats + 1) * step.repeat", "return None"
    ),
    "the next repeat wakes one repeat too late": _one(
        _POLICY, "(due_repeats + 1) * step.repeat", "(due_repeats + 2) * step.repeat"
    ),
    "repeats are numbered one too few": _one(
        _POLICY,
        "raised.append(_alert(contract, step, due_repeats, fresh))",
        "raised.append(_alert(contract, step, due_repeats - 1, fresh))",
    ),
    "every repeat is the first": _one(
        _POLICY,
        "raised.append(_alert(contract, step, due_repeats, fresh))",
        "raised.append(_alert(contract, step, 1, fresh))",
    ),
    "a repeat is told again at every look": _one(
        _POLICY, "if due_repeats > spent and newest > max(a.recorded_at for a in chain):", "if due_repeats > 0:"
    ),
    "the first repeat is skipped": _one(
        _POLICY, "if due_repeats > spent and newest", "if due_repeats > max(spent, 1) and newest"
    ),
    "a step told for another deadline comes again": _one(
        _POLICY, "if any(a.settled_at is not None and a.settled_at >= step.instant for a in told):", "if False:"
    ),
    "a step told before never comes again": _one(
        _POLICY, "if any(a.settled_at is not None and a.settled_at >= step.instant for a in told):", "if told:"
    ),
    "repeats go on when it is over": _one(
        _POLICY, "if step.repeat is None or stopped is not None:", "if step.repeat is None:"
    ),
    "rungs after the end ring": _one(
        _POLICY, '(step.kind == "warning" or step.instant > stopped)', 'step.kind == "warning"'
    ),
    "what is over is warned of": _one(
        _POLICY, '(step.kind == "warning" or step.instant > stopped)', "step.instant > stopped"
    ),
    "a breach that is over is not told": _one(
        _POLICY,
        'if stopped is not None and (step.kind == "warning" or step.instant > stopped):',
        "if stopped is not None:",
    ),
    "a breach that is over is told as open": _one(_POLICY, "ended=fresh.stopped_at is not None,", "ended=False,"),
    "gravity is the wrong way round": _one(
        _POLICY,
        "fresh.severity == min(contract.severities, default=None)",
        "fresh.severity == max(contract.severities, default=None)",
    ),
    "nothing is grave": _one(_POLICY, "grave=fresh.severity is not None and", "grave=False and"),
    "a repeat rings at the first one's instant": _one(
        _POLICY,
        "fires_at=step.instant + repeat * step.repeat if step.repeat is not None else step.instant",
        "fires_at=step.instant",
    ),
    "alerts bear the time of the look": _one(
        _POLICY,
        "raised.append(_alert(contract, step, 0, fresh))",
        "raised.append(_alert(contract, step._replace(instant=now), 0, fresh))",
    ),
    "a breach rings when it is found": _one(
        _LADDER, 'clock.breached_at or due if at == "breach"', 'max(now, clock.breached_at or due) if at == "breach"'
    ),
    "a breach rings at a deadline that was not in force": _one(
        _LADDER, 'clock.breached_at or due if at == "breach"', 'due if at == "breach"'
    ),
    "nobody above is asked": _one(
        _POLICY, "for rung in contract.ladder[step.number + 1 :]", "for rung in contract.ladder[:0]"
    ),
    "the rung above is passed over": _one(
        _POLICY, "for rung in contract.ladder[step.number + 1 :]", "for rung in contract.ladder[step.number + 2 :]"
    ),
    "a writer leaves a due alert to chance": _one(
        _POLICY, "return self.assessed_at if self.raised else self.wake_at", "return self.wake_at"
    ),
    "a kept promise's breach is resolved, not withdrawn": _one(
        _POLICY, 'return ("resolved", "met") if warning else ("withdrawn", "kept")', 'return ("resolved", "met")'
    ),
    "a kept promise's warning is withdrawn": _one(
        _POLICY, 'return ("resolved", "met") if warning else ("withdrawn", "kept")', 'return ("withdrawn", "kept")'
    ),
    "a cancelled promise's alerts stand": _one(
        _POLICY, 'return ("resolved" if warning else "withdrawn", "cancelled")', "return None"
    ),
    "a breach that ended is withdrawn": _one(_POLICY, 'return ("resolved", "stopped")', 'return ("withdrawn", "kept")'),
    "a breach that ended stands": _one(_POLICY, 'return ("resolved", "stopped")', "return None"),
    "a pause withdraws warnings": _one(
        _POLICY, 'return None if warning else ("withdrawn", "paused")', 'return ("withdrawn", "paused")'
    ),
    "a lost promise keeps its alerts": _one(_POLICY, 'return ("withdrawn", "no_promise")', "return None"),
    "a moved deadline withdraws everything": _one(
        _POLICY, "return None if alert.step in ripe else", "return None if False else"
    ),
    "an end is called by another reason": _one(_POLICY, 'return ("resolved", "stopped")', 'return ("resolved", "met")'),
    "the end of the ladder is forgotten": _one(
        _LADDER, "enumerate(contract.ladder)", "enumerate(contract.ladder[:-1])"
    ),
    "the ladder begins with its second rung": _one(
        _LADDER, "enumerate(contract.ladder)", "enumerate(contract.ladder[1:], 1)"
    ),
    "rungs are numbered from one": _one(_LADDER, "enumerate(contract.ladder)", "enumerate(contract.ladder, 1)"),
    "shares after one ahead are left out": _one(
        _LADDER, "at.fraction >= nearest_ahead", "at.fraction <= nearest_ahead"
    ),
    "offsets count the other way": _one(
        _LADDER, "due + timedelta(microseconds=at.micros)", "due - timedelta(microseconds=at.micros)"
    ),
    "an overdue rung is called a breach": _one(_LADDER, 'else "overdue"', 'else "breach"'),
    "repeats are forgotten": _one(
        _LADDER, "repeat = timedelta(microseconds=rung.repeat) if rung.repeat else None", "repeat = None"
    ),
    "shares of the elapsed time": _one(_LADDER, "at.fraction, micros(now))", "at.fraction / 2, micros(now))"),
    "rungs count from the poll": _one(_LADDER, "instant = share", "instant = max(share, now)"),
    "rungs before the report ring": _one(_POLICY, "    if step.instant < ladder_from:\n        return None\n", ""),
    "an acknowledged alert is told again": _one(
        _POLICY, 'if any(a.state != "firing" for a in chain):', 'if all(a.state != "firing" for a in chain):'
    ),
    "a kept clock has a ladder": _one(
        _POLICY, 'fresh.state not in ("running", "breached")', 'fresh.state not in ("running", "breached", "met")'
    ),
}
_MOMENTS: dict[str, Mutant] = {
    "warnings are not brought forward": _one(
        _POLICY,
        'if step.kind == "warning":\n            instant = brought',
        'if step.kind == "none":\n            instant = brought',
    ),
    "breaches are brought forward": _one(
        _POLICY,
        'if step.kind == "warning":\n            instant = brought',
        'if step.kind != "none":\n            instant = brought',
    ),
    "the rota is not asked": _one(
        _ENGINE,
        "outcomes[ticket] = judge_due(matter, claimed, past, now, roster)",
        "outcomes[ticket] = judge_due(matter, claimed, past, now)",
    ),
    "travel takes no time": _one(_MOMENT, "travel = roster.travel.get(clock.region, travel)", "pass"),
    "everybody travels": _one(_MOMENT, "and not _FROM_A_DESK.intersection(stops)", ""),
    "no time is left to work": _one(_MOMENT, "min(travel + WORK, clock.due_at - step.instant)", "travel"),
    "travel does not matter where the rung is near": _one(
        _MOMENT,
        "max(travel, min(travel + WORK, clock.due_at - step.instant))",
        "min(travel + WORK, clock.due_at - step.instant)",
    ),
    "the last turn does not count": _one(
        _MOMENT,
        "spans = roster.staffed(step.notify, clock.region, start, due, assignee)",
        "spans = roster.staffed(step.notify, clock.region, start, due, assignee)\n    spans = spans[:-1] if spans and len(spans) > 1 else spans",
    ),
    "an assignee's own turns do not count": _one(
        _MOMENT, "clock.region, start, due, assignee)", "clock.region, start, due, None)"
    ),
    "a warning comes as the last of them goes": _one(_MOMENT, "max(span.start, span.end - WORK // _TICK)", "span.end"),
    "an early warning is called back": _one(
        _POLICY, "early = alert.early and alert.deadline_version == version", "early = False"
    ),
    "an early warning is never called back": _one(
        _POLICY, "early = alert.early and alert.deadline_version == version", "early = alert.early"
    ),
    "an early warning forgets its own instant": _one(_POLICY, "planned_at=step.planned,", "planned_at=None,"),
    "an early warning is stored as any other": _one(
        _ALERTS, "planned_at=[alert.planned_at for _, _, alert in new],", "planned_at=[None for _ in new],"
    ),
}
_LOOKING: dict[str, Mutant] = {
    "clocks are looked at as of when they were due": _one(
        _ENGINE,
        "    fresh = _assess(matter, {row.commitment for row in claimed}, now)\n",
        "    fresh = _assess(matter, {row.commitment for row in claimed}, max([now - timedelta(seconds=30), *(row.ladder_from for row in claimed)]))\n",
    ),
    "new cycles begin unseen": _one(
        _ENGINE,
        "        for key, clock in fresh.items()\n        if key not in rows\n",
        "        for key, clock in fresh.items()\n        if False\n",
    ),
    "no entry is ever ahead": _one(
        _BOOK, "if timeline.latest > max(one.recorded_at or 0 for one in loaded.entries):", "if False:"
    ),
    "a pass ends after one batch and calls it all": _one(
        _ENGINE, "while not done and total.batches != batches:", "while not done and total.batches != 1:"
    ),
    "only the fresh are taken": _one(_BOOK, "        rows += old\n", ""),
    "alerts told before are not known": _one(_ENGINE, "past.get(row.id, ()),\n", "(),\n"),
    "one that cannot be read stops all": _one(
        _ENGINE, "except Exception as error:  # one ticket", "except ZeroDivisionError as error:  # one ticket"
    ),
    "one that cannot be read is tried for ever": _one(_ENGINE, "await batch.postpone(clocks, now + SET_ASIDE)", "pass"),
    "one that cannot be read is given up": _one(
        _ENGINE, "await batch.postpone(clocks, now + SET_ASIDE)", "await batch.postpone(clocks, now + 1000 * SET_ASIDE)"
    ),
    "all are set aside with one": _one(
        _ENGINE,
        "clocks = [clock.id for ticket in (*aside, *unsaved)",
        "clocks = [clock.id for ticket in (by_ticket if aside else unsaved)",
    ),
    "one bad contract spoils the batch": _one(
        _BOOK,
        "return {number: await self._one(number, clocks[number], error) for number in wanted}",
        "return {number: error for number in wanted}",
    ),
    "a claim takes what is not held": _one(
        _BOOK, 'held = [row for row in rows if row["held"]]', "held = [row for row in rows]"
    ),
    "a claim takes everything": _one(
        _BOOK_SQL,
        "where c.wake_at > :since and c.wake_at <= :now\n",
        "where c.wake_at > :since and c.wake_at <= cast(:now as timestamptz) + interval '10 minutes'\n",
    ),
    "a claim takes a second too much": _one(
        _BOOK_SQL,
        "where c.wake_at > :since and c.wake_at <= :now\n",
        "where c.wake_at > :since and c.wake_at <= cast(:now as timestamptz) + interval '1 second'\n",
    ),
    "what is ten seconds old is forgotten": _one(
        _BOOK_SQL,
        "where c.wake_at <= :since\n",
        "where c.wake_at <= :since and c.wake_at > cast(:since as timestamptz) - interval '1 minute'\n",
    ),
    "what is late is told as if it were not": _one(
        _BOOK, 'self._late |= {row["id"] for row in held if row["wake_at"] <= now - LATE}', "pass"
    ),
    "everything is called late": _one(_BOOK, 'if row["wake_at"] <= now - LATE}', "if True}"),
    "the alarm asks for the last clock": _one(
        _BOOK_SQL, "is not null order by wake_at limit 1", "is not null order by wake_at desc limit 1"
    ),
    "the ticket's own columns stay behind": _one(_BOOK, "await self._summarize(number, now)", "pass"),
    "the wake is not stored": _one(
        _ALERTS_SQL,
        "    wake_at = u.wake_at\nfrom u\nwhere c.id = u.id;\n\n-- name: void",
        "    wake_at = null\nfrom u\nwhere c.id = u.id;\n\n-- name: void",
    ),
    "the wake stays what it was": _one(
        _ALERTS_SQL,
        "    wake_at = u.wake_at\nfrom u\nwhere c.id = u.id;\n\n-- name: void",
        "    wake_at = coalesce(c.wake_at, u.wake_at)\nfrom u\nwhere c.id = u.id;\n\n-- name: void",
    ),
    "the version is not stored": _one(
        _ALERTS_SQL,
        "provisional = u.provisional, void = false, deadline_version = u.deadline_version,",
        "provisional = u.provisional, void = false,",
    ),
    "the deadline is not stored": _one(
        _ALERTS_SQL, "started_at = u.started_at, due_at = u.due_at,", "started_at = u.started_at,"
    ),
    "severity and region stay what they were": _one(_ALERTS_SQL, "severity = u.severity, region = u.region, ", ""),
    "a clock that is back stays void": _one(
        _ALERTS_SQL, "provisional = u.provisional, void = false,", "provisional = u.provisional,"
    ),
    "a clock that is gone keeps its deadline": _one(
        _ALERTS_SQL, "set void = true, state = 'idle', due_at = null,", "set void = true, state = 'idle',"
    ),
    "alerts bear the first version": _one(
        _ALERTS,
        "deadline_version=[outcome.deadline_version for _, (_, _, outcome), _ in new],",
        "deadline_version=[1 for _ in new],",
    ),
    "ends are recorded without their time": _one(
        _ALERTS_SQL,
        "set state = u.state, settled_at = cast(:now as timestamptz),",
        "set state = u.state, settled_at = a.recorded_at,",
    ),
    "who acknowledged is forgotten": _one(
        _ALERTS_SQL,
        "set state = 'acknowledged', acknowledged_by = :by,",
        "set state = 'acknowledged', acknowledged_by = 'nobody',",
    ),
    "what is over can be acknowledged": (
        Edit(_ALERTS_SQL, "where id = :id and state = 'firing'\n", "where id = :id\n"),
        Edit("callcenter/services/alerts.py", 'if (await get(conn, alert, actor)).state == "firing":', "if True:"),
    ),
    "acknowledging locks nothing": (
        Edit(
            _ALERTS_SQL,
            "where number = (select ticket from alerts where id = :id) for update",
            "where number = (select ticket from alerts where id = :id)",
        ),
        Edit(
            "callcenter/services/alerts.py",
            "found(conn, context, number, actor, lock=True)",
            "found(conn, context, number, actor)",
        ),
    ),
}
_SENDING: dict[str, Mutant] = {
    "a lease locks nothing": _one(
        _OUTBOX_SQL, "        limit r.slots\n        for update skip locked\n", "        limit r.slots\n"
    ),
    "tries are not counted": _one(
        _OUTBOX_SQL, "case when ready.stale then 0 else 1 end, next_try_at", "0, next_try_at"
    ),
    "what waits for its time is sent at once": _one(
        _OUTBOX_SQL,
        "state in ('pending', 'sending') and coalesce(lease_until, next_try_at) <= cast(:now as timestamptz)\n          and not exists",
        "(state = 'pending' or lease_until <= :now)\n          and not exists",
    ),
    "an end is told before its beginning": _one(
        _OUTBOX_SQL,
        "and (deliveries.event = 'acknowledge' and before.event = 'fire'",
        "and false and (deliveries.event = 'acknowledge' and before.event = 'fire'",
    ),
    "the grave waits its turn": _one(
        _OUTBOX_SQL,
        "order by priority, coalesce(lease_until, next_try_at)\n",
        "order by coalesce(lease_until, next_try_at)\n",
    ),
    "anybody may record a success": _one(
        _OUTBOX_SQL,
        "d.id = any (cast(:ids as uuid[])) and d.lease_by = :by and d.state = 'sending'",
        "d.id = any (cast(:ids as uuid[]))",
    ),
    "anybody may record a failure": _one(
        _OUTBOX_SQL,
        "where a.id = d.alert and d.id = :id and d.lease_by = :by and d.attempts = :attempt and d.state = 'sending'",
        "where a.id = d.alert and d.id = :id",
    ),
    "a success is not recorded": _one(
        _OUTBOX_SQL,
        "    set state = 'sent', sent_at = cast(:now as timestamptz), lease_until = null",
        "    set sent_at = cast(:now as timestamptz), lease_until = null",
    ),
    "a failed message keeps its lease": _one(
        _OUTBOX_SQL,
        "    lease_until = null, lease_by = null, reason = :reason, detail = :detail\n",
        "    reason = :reason, detail = :detail\n",
    ),
    "a dead letter says nothing": _one(
        _OUTBOX_SQL,
        "lease_until = null, lease_by = null, reason = :reason, detail = :detail",
        "lease_until = null, lease_by = null, reason = null, detail = :detail",
    ),
    "a dead letter is called cancelled": _one(
        _OUTBOX_SQL,
        "when cast(:next_try_at as timestamptz) is null then 'dead'",
        "when cast(:next_try_at as timestamptz) is null then 'cancelled'",
    ),
    "ends cancel nothing": _one(
        _OUTBOX,
        "        await _sql.cancel_gathered(conn, alerts=ended)\n        await _sql.cancel(conn, alerts=ended)\n",
        "",
    ),
    "ends cancel breaches too": (
        Edit(_OUTBOX_SQL, "and (a.state = 'withdrawn' or a.kind = 'warning');", ";", all=True),
    ),
    "an end is told to those who were never told": _one(
        _OUTBOX_SQL,
        "and d.event = 'fire' and coalesce(carrier.state, d.state) in ('pending', 'sending', 'sent')",
        "and d.event = 'fire'",
    ),
    "an end is told only to those who were told already": _one(
        _OUTBOX_SQL,
        "coalesce(carrier.state, d.state) in ('pending', 'sending', 'sent')",
        "coalesce(carrier.state, d.state) = 'sent'",
    ),
    "an end is told to nobody in company": _one(
        _OUTBOX_SQL,
        "coalesce(carrier.state, d.state) in ('pending', 'sending', 'sent')",
        "d.state in ('pending', 'sending', 'sent')",
    ),
    "an end is called by the other name": _one(
        _OUTBOX_SQL,
        "case a.state when 'withdrawn' then 'withdraw' else 'resolve' end",
        "case a.state when 'withdrawn' then 'resolve' else 'withdraw' end",
    ),
    "an end reaches nobody by name": _one(
        _OUTBOX_SQL,
        "case a.state when 'withdrawn' then 'withdraw' else 'resolve' end, d.recipients",
        "case a.state when 'withdrawn' then 'withdraw' else 'resolve' end, '{}'",
    ),
    "who travelled with what is cancelled stays behind": _one(
        _OUTBOX, "        await _sql.release(conn, ids=[], alerts=ended)\n", ""
    ),
    "who travelled with what was dropped stays behind": _one(
        _OUTBOX, "        await _sql.release(conn, ids=dropped, alerts=[])\n", "        pass\n"
    ),
    "company leaves one by one": _one(_OUTBOX, 'taken = [row for row in taken if row["id"] not in carried]', "pass"),
    "a message names nobody else": _one(_OUTBOX, 'others=company["n"] if company else 0,', "others=0,"),
    "a message counts itself": _one(
        _OUTBOX, 'others=company["n"] if company else 0,', 'others=company["n"] + 1 if company else 0,'
    ),
    "what was tried takes company": _one(_OUTBOX_SQL, "d.batch <> '' and d.attempts = 1\n", "d.batch <> ''\n"),
    "those gathered count a try": _one(
        _OUTBOX_SQL,
        "set state = 'gathered', carrier = company.head, attempts = 0,",
        "set state = 'gathered', carrier = company.head, attempts = 1,",
    ),
    "a lease lasts an hour": _one(_DISPATCHER, "LEASE = timedelta(seconds=60)", "LEASE = timedelta(hours=1)"),
    "a lease lasts no longer than a try": _one(
        _DISPATCHER, "LEASE = timedelta(seconds=60)", "LEASE = timedelta(seconds=6)"
    ),
    "nobody waits for long": _one(_DISPATCHER, "asyncio.timeout(self._timeout)", "asyncio.timeout(None)"),
    "there is always room": _one(_DISPATCHER, "self._room - busy[channel]", "1000"),
    "tried again after a failure for good": _one(_DISPATCHER, "None if failure.permanent else delay", "delay"),
    "Retry-After is not heard": _one(
        _DISPATCHER, "delay(delivery.attempts, failure.retry_after)", "delay(delivery.attempts)"
    ),
    "every failure is the first": _one(
        _DISPATCHER, "delay(delivery.attempts, failure.retry_after)", "delay(1, failure.retry_after)"
    ),
    "a failure waits for nothing": _one(
        _DISPATCHER, "again = None if wait is None else now + wait", "again = None if wait is None else now"
    ),
    "a failure is taken for success": _one(
        _DISPATCHER,
        "            return SendFailed(Reason.TIMEOUT,",
        "            return None\n            return SendFailed(Reason.TIMEOUT,",
    ),
    "a fault of a channel is nobody's": _one(
        _DISPATCHER, "            return SendFailed(Reason.FAULT, repr(error))\n", "            raise\n"
    ),
    "only the first of several successes is recorded": _one(
        _DISPATCHER, "await self._outbox.sent(together, ", "await self._outbox.sent(together[:1], "
    ),
    "successes recorded together are lost": _one(
        _DISPATCHER, "            if together:\n", "            if len(together) == 1:\n"
    ),
    "a success is recorded for another host": _one(
        _DISPATCHER,
        "await self._outbox.sent(together, self._by, self._now())",
        "await self._outbox.sent(together, 'somebody', self._now())",
    ),
    "a failure is counted for no channel": _one(
        _OUTBOX,
        "            after = pace.failed(before, delivery.id, reason, now, next_try_at)\n",
        "            after = before\n",
    ),
    "give up after two tries": _one("alerts/backoff.py", "ATTEMPTS = 20", "ATTEMPTS = 2"),
    "back-off grows without end": _one("alerts/backoff.py", "CAP = timedelta(minutes=5)", "CAP = timedelta(hours=5)"),
    "the first try again comes late": _one("alerts/backoff.py", "2 ** (attempt - 1)", "2 ** (attempt + 3)"),
}
_PACING: dict[str, Mutant] = {
    "limits are not kept": _one(
        _PACE, "room = min(room, limit - sum(at > now - window for at in pace.leased_at))", "pass"
    ),
    "one more than the limit": _one(
        _PACE,
        "limit - sum(at > now - window for at in pace.leased_at)",
        "limit + 1 - sum(at > now - window for at in pace.leased_at)",
    ),
    "a minute has thirty seconds": _one(_PACE, "MINUTE = timedelta(seconds=65)", "MINUTE = timedelta(seconds=30)"),
    "what was taken is not counted": _one(
        _PACE, "leased_at=[*kept, *(now for _ in messages)]", "leased_at=[*kept, *(now for _ in messages[:0])]"
    ),
    "what was taken before is forgotten": _one(
        _PACE, "leased_at=[*kept, *(now for _ in messages)]", "leased_at=[*(now for _ in messages)]"
    ),
    "an open circuit lets all through": _one(
        _PACE, 'if circuit(pace, now) in ("open", "held") or', 'if circuit(pace, now) == "held" or'
    ),
    "a half-open circuit lets all through": _one(_PACE, "min(room, 1) if pace.opened_at is not None else room", "room"),
    "a circuit never opens": _one(_PACE, "return pace if pace.failures < FAILURES else", "return pace if True else"),
    "a circuit opens one failure late": _one(_PACE, "pace.failures < FAILURES", "pace.failures <= FAILURES"),
    "a circuit opens one failure early": _one(_PACE, "pace.failures < FAILURES", "pace.failures < FAILURES - 1"),
    "one message opens a circuit": _one(
        _PACE,
        "    if pace.failed_by == message:  # one message that always fails says nothing about the channel\n        return pace\n",
        "",
    ),
    "a circuit never closes": _one(
        _OUTBOX_SQL,
        "set failures = 0, failed_by = null, opened_at = null, probe_at = null, probe = null, probes = 0\n",
        "set failures = 0, failed_by = null\n",
    ),
    "a refusal does not close a circuit": _one(
        _PACE,
        "        pace = answered(replace(pace, reason=reason.value))\n",
        "        pace = replace(pace, reason=reason.value)\n",
    ),
    "a rest that was asked for is not kept": _one(
        _PACE, "return _rested(pace, next_try_at) if reason is Reason.RATE_LIMITED else pace", "return pace"
    ),
    "a channel's pace is read without its lock": _one(_OUTBOX_SQL, "order by channel for update;", "order by channel;"),
    "probes come at once": _one(_PACE, "FIRST_WAIT = timedelta(seconds=15)", "FIRST_WAIT = timedelta(0)"),
    "probes wait no longer each time": _one(_PACE, "probe_at=now + _wait(probes))", "probe_at=now + _wait(0))"),
}
_COMPANY: dict[str, Mutant] = {
    "one more makes a storm": _one(_TELLING, "if found[one.storm] > MOST:", "if found[one.storm] > MOST + 1:"),
    "one less makes a storm": _one(_TELLING, "if found[one.storm] > MOST:", "if found[one.storm] >= MOST:"),
    "a storm counts only what came before": _one(_TELLING, "            found[one.storm] += 1\n", ""),
    "a storm forgets what came before": _one(_TELLING, "found = Counter(before)", "found: Counter[str] = Counter()"),
    "a storm leaves at once": _one(_TELLING, 'f"storm {one.storm}", next_of(WITHIN, now)', 'f"storm {one.storm}", now'),
    "a storm is told one by one": _one(_TELLING, 'f"storm {one.storm}", next_of(WITHIN, now)', '"", now'),
    "storms of all contracts are one": _one(
        _ALERTS, """storm=f"{contract}/{matter['site'] or ''}/{matter['cause'] or ''}",""", 'storm="all",'
    ),
    "what is late counts for a storm": _one(
        _ALERTS, "storm=[None if one.late else one.storm for one in fired],", "storm=[one.storm for one in fired],"
    ),
    "what is late leaves one by one": _one(_TELLING, 'f"late {one.contract}", now + LATE_AT_MOST', '"", now'),
    "what is late goes first": _one(_TELLING, "priority = 2 if one.late else 0 if one.grave else 1", "priority = 0"),
    "the grave has to wait": _one(_TELLING, "        if grave:\n            return at\n", ""),
    "quiet hours are not kept": _one(
        _TELLING,
        "        if self.quiet is not None and self.zone is not None:\n            at = _after(*self.quiet, at.astimezone(self.zone))\n",
        "",
    ),
    "quiet hours are kept in another zone": _one(
        _TELLING, "_after(*self.quiet, at.astimezone(self.zone))", "_after(*self.quiet, at.astimezone(UTC))"
    ),
    "quiet hours swallow what falls into them": _one(
        _TELLING,
        '        yield Outgoing(one.id, line.id, (login,), max(at, until), f"for {login}", priority)\n',
        "        pass\n",
    ),
    "quiet hours hold back everybody": _one(
        _TELLING,
        "    others = tuple(login for login in recipients if login not in spared)\n",
        "    others = () if spared else recipients\n",
    ),
    "a digest holds breaches back": _one(
        _TELLING, 'if self.digest is not None and kind == "warning":', "if self.digest is not None:"
    ),
    "a digest comes at once": _one(_TELLING, "            at = next_of(self.digest, now)\n", "            pass\n"),
    "a digest comes one beat late": _one(
        _TELLING, "return now + every - (now - _EPOCH) % every", "return now + 2 * every - (now - _EPOCH) % every"
    ),
    "ends break quiet hours": _one(_OUTBOX, "        await telling.spare(conn, ended, now)\n", ""),
    "quiet hours swallow ends": _one(
        _TELL_SQL, "where exists (select from parted)\n", "where exists (select from parted) and false\n"
    ),
    "nobody asks the rung above": _one(_TELLING, "    for duties in fired.then:\n", "    for duties in ():\n"),
    "all rungs above are asked": _one(_TELLING, "        if any(by_duty.values()):\n            break\n", ""),
    "the admins are left in peace": _one(
        _TELLING, "        by_duty = dict.fromkeys(by_duty, house.admins)\n", "        pass\n"
    ),
    "nobody is missed": _one(
        _TELLING, "nobody_for = tuple(duty for duty, people in by_duty.items() if not people)", "nobody_for = ()"
    ),
    "the rota does not say whom": _one(
        _TELLING,
        "return self.directory.get(duty, ()) if on_duty is None else on_duty",
        "return self.directory.get(duty, ())",
    ),
    "who a ticket is assigned to does not matter": _one(
        _TELLING, 'return self.assignees.get(fired.assignee or "", ())', "return ()"
    ),
    "a channel serves every duty": _one(
        _TELLING, "self.by_duty.keys() & line.duties if line.duties else self.by_duty.keys()", "self.by_duty.keys()"
    ),
    "a channel is forgotten": _one(
        _TELL_SQL,
        "select id, kind, duties from channels where active order by id",
        "select id, kind, duties from channels where active order by id limit 2",
    ),
    "deliveries have no batch": _one(_TELL, "batch=[row.batch for row in rows],", "batch=['' for row in rows],"),
}
_WRITING: dict[str, Mutant] = {
    "a writer does not know what was told": _one(_WRITE, "past = known.get(row.id, ()) if row else ()", "past = ()"),
    "a writer does not know the clocks": _one(
        _WRITE,
        "        row = stored.get(key)\n",
        "        row = stored.get(key) if key in fresh else None\n        if key not in fresh:\n            continue\n",
    ),
    "a writer overlooks what is gone": _one(
        _WRITE, "for key in [*fresh, *(key for key in stored if key not in fresh)]:", "for key in fresh:"
    ),
    "a writer stores no clocks": _one(
        _WRITE, '    await alerts.save_outcomes(conn, number, loaded.row["contract"], outcomes, now)\n', ""
    ),
    "a writer raises nothing": _one(
        _WRITE,
        "        outcomes.append(judge(loaded.terms, timeline, row, fresh.get(key), past, now, ladder_from, roster))\n",
        "        outcomes.append(msgspec.structs.replace(judge(loaded.terms, timeline, row, fresh.get(key), past, now, ladder_from, roster), raised=()))\n",
    ),
    "a writer settles nothing": _one(
        _WRITE,
        "        outcomes.append(judge(loaded.terms, timeline, row, fresh.get(key), past, now, ladder_from, roster))\n",
        "        outcomes.append(msgspec.structs.replace(judge(loaded.terms, timeline, row, fresh.get(key), past, now, ladder_from, roster), settled=()))\n",
    ),
    "a writer looks at its clocks without the rota": _one(
        _WRITE, "past, now, ladder_from, roster))", "past, now, ladder_from))"
    ),
    "new cycles of a writer are silent": _one(
        _WRITE, 'ladder_from = max([summary["reported_at"], ', 'ladder_from = max([now, summary["reported_at"], '
    ),
    "a ticket's own columns are not written": _one(
        _WRITE,
        "    summary = summarized(timeline, at)\n",
        '    summary = summarized(timeline, at) | {"state": loaded.row["state"]}\n',
    ),
    "the ledger forgets its head": _one(
        _WRITE,
        'await tickets.summarize(conn, number, {**summary, "entries": entries, "head": head, "now": now})',
        'await tickets.summarize(conn, number, {**summary, "entries": entries, "head": loaded.row["head"], "now": now})',
    ),
    "only the first of several entries is kept": _one(
        _WRITE,
        'head = await tickets.append(conn, number, loaded.row["head"], added, now, actor.name)',
        'head = await tickets.append(conn, number, loaded.row["head"], added[:1], now, actor.name)',
    ),
    "the time is read before the lock": (
        Edit(
            _WRITE,
            "    async with conn.transaction():\n        loaded = await",
            "    now = context.now()\n    async with conn.transaction():\n        loaded = await",
        ),
        Edit(_WRITE, "        now = await _moment(conn, context, loaded.row)\n", ""),
    ),
    "entries and clocks are written apart": _one(
        _WRITE,
        "        await _follow(conn, context, loaded, timeline, now, entries=len(loaded.entries) + len(added), head=head)\n",
        '        await conn.execute("commit")\n        await conn.execute("begin")\n        await _follow(conn, context, loaded, timeline, now, entries=len(loaded.entries) + len(added), head=head)\n',
    ),
}
_CLOCKS: dict[str, Mutant] = {
    "a stop at the deadline is too late to cancel": _one(
        _CLOCK,
        'return "cancelled" if due is None or found.until <= due',
        'return "cancelled" if due is None or found.until < due',
    ),
    "a breach bears the deadline": _one(_DEADLINE, "return max(self.due, self.course.in_force)", "return self.due"),
    "a breach bears the change": _one(
        _DEADLINE, "return max(self.due, self.course.in_force)", "return self.course.in_force"
    ),
    "pauses do not count": _one(
        _DEADLINE,
        "        if pause.reason in commitment.pauses:\n            end = until",
        "        if False:\n            end = until",
    ),
    "every pause counts": _one(
        _DEADLINE,
        "        if pause.reason in commitment.pauses:\n            end = until",
        "        if True:\n            end = until",
    ),
    "a pause at the deadline still pauses": _one(
        _DEADLINE,
        "if paused_since is not None and paused_since < due:",
        "if paused_since is not None and paused_since <= due:",
    ),
    "a regrade counts from the start": _one(
        _DEADLINE, 'regraded = entry.type == "graded" and commitment.on_regrade == "from_regrade"', "regraded = False"
    ),
    "a move counts afresh": _one(
        _DEADLINE,
        'regraded = entry.type == "graded" and commitment.on_regrade == "from_regrade"',
        'regraded = commitment.on_regrade == "from_regrade"',
    ),
    "a change brings nothing into force": _one(
        _DEADLINE,
        "course.figure, course.in_force = figure, entry.at",
        "course.figure, course.in_force = figure, course.in_force",
    ),
    "regrades after the end count": _one(
        _DEADLINE, "            if end is not None and position >= end:\n                break\n", ""
    ),
    "what was left out counts": _one(
        _DEADLINE, "    for gap in cycle.left_out:\n        if max", "    for gap in ():\n        if max"
    ),
    "a renewal starts nothing": _one(
        _CYCLE,
        '                last.close("renewed", position, entry)\n                self._start(position, entry)\n',
        '                last.close("renewed", position, entry)\n',
    ),
    "a cancelled ticket's clocks run on": _one(
        _CYCLE,
        "        if not self.cancelled and self.cycles and self.cycles[-1].end is None:\n",
        "        if False:\n",
    ),
    "a cancellation is not taken back": _one(
        _CYCLE, '        if self.cycles and self.cycles[-1].end == "cancelled":\n', "        if False:\n"
    ),
    "a restart goes on": _one(_CYCLE, 'if on_reopen == "restart":', 'if on_reopen == "none":'),
    "a resumed cycle counts what was closed": _one(_CYCLE, 'elif on_reopen == "resume":', 'elif on_reopen == "none":'),
    "a reopening leaves an open follow-up": _one(
        _CYCLE, '                last.close("reopened", position, entry)\n', "                pass\n"
    ),
    "corrections are not applied": _one(
        "sla/timeline.py", "entries = _corrected(seen, now) if any(", "entries = seen if any("
    ),
    "entries count in the order they were written": _one(
        "sla/timeline.py", "key=lambda entry: (entry.at, entry.seq)))", "key=lambda entry: entry.seq))"
    ),
    "entries ahead count already": _one(
        "sla/timeline.py", "[entry for entry in entries if entry.at <= now]", "list(entries)"
    ),
    "entries count one tick late": _one(
        "sla/timeline.py",
        "[entry for entry in entries if entry.at <= now]",
        "[entry for entry in entries if entry.at < now]",
    ),
}

MUTANTS = {**_FIRST, **_JUDGING, **_MOMENTS, **_LOOKING, **_SENDING, **_PACING, **_COMPANY, **_WRITING, **_CLOCKS}
# Nothing that anybody sees changes with these, whatever the day.
EQUAL: dict[str, tuple[Mutant, str]] = {
    "nobody is there and nobody minds": (
        _one(_MOMENT, "    return None\n", "    return at\n"),
        "before the first turn the instant is the rung's own, which stays either way",
    ),
    "a failure of what was withdrawn is tried again": (
        _one(
            _OUTBOX_SQL,
            "        when d.event = 'fire' and a.state = 'withdrawn' then 'cancelled'\n        when cast(:next_try_at",
            "        when cast(:next_try_at",
        ),
        "whoever leases it next finds it withdrawn and cancels it then",
    ),
    "an end before the ladder begins has rungs": (
        _one(_POLICY, "return fresh.stopped_at is None or fresh.stopped_at >= ladder_from", "return True"),
        "a rung up to such an end lies before the ladder begins, and one after it never rings",
    ),
    "what is exactly ten seconds old is forgotten": (
        _one(_BOOK_SQL, "where c.wake_at <= :since\n", "where c.wake_at < :since\n"),
        "the next look, a second later, takes it",
    ),
}
