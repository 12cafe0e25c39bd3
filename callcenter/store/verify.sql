-- name: tickets_page
select number, contract, contract_version, kind, category, region, phase, severity, state, assignee, reported_at, entries, head,
       updated_at
from tickets
where number > :after
order by number
limit :limit;

-- name: count$
select count(*) from tickets;

-- name: clocks_of
select ticket, contract, commitment, cycle, owner, state, severity, region, promised, promised_s, calendar, clause, started_at,
       due_at, stopped_at, breached_at, used_s, paused_s, provisional, void, assessed_at, wake_at
from clocks
where ticket = any (cast(:tickets as bigint[]))
order by ticket, id;

-- name: impossible_alerts
-- Alerts no run of the engine leaves behind, and why.
select a.id, a.ticket, p.problem
from alerts a
join clocks c on c.id = a.clock
cross join lateral (values
    (a.ticket <> c.ticket, 'it hangs on a clock of another ticket'),
    (a.deadline_version > c.deadline_version, 'it speaks of a deadline the clock has not had yet'),
    (a.recorded_at < a.fires_at, 'it was recorded before it could fire'),
    ((a.state in ('resolved', 'withdrawn')) <> (a.settled_at is not null), 'its state and the end of its matter disagree'),
    (a.state = 'acknowledged' and a.acknowledged_at is null, 'it is acknowledged, but not since when')
) as p (wrong, problem)
where p.wrong
order by a.id;

-- name: impossible_deliveries
-- Messages no run of the dispatcher leaves behind, and why.
select d.id, a.ticket, p.problem
from deliveries d
join alerts a on a.id = d.alert
cross join lateral (values
    ((d.state = 'sent') <> (d.sent_at is not null), 'its state and the time it was sent disagree'),
    (d.state = 'sending' and d.lease_until is null, 'it is being sent by nobody'),
    (d.state = 'pending' and d.next_try_at is null, 'it waits for no time'),
    (d.event <> 'fire' and a.settled_at is null, 'it tells the end of a matter that goes on')
) as p (wrong, problem)
where p.wrong
order by d.created_at, d.id;

-- name: earliest_wake$
select min(wake_at) from clocks where wake_at is not null;

-- name: dead_deliveries$
select count(*) from deliveries where state = 'dead';
