-- name: exempted
-- Of the breaches of some months those that two people took out, counted like the others; `edges` are where the months
-- begin, and where the last one ends.
select width_bucket(c.due_at, cast(:edges as timestamptz[])) as month, c.commitment, c.owner, c.severity, c.region,
       count(*)::int as times
from exemptions e
join clocks c on c.ticket = e.ticket and c.commitment = e.commitment and c.cycle = e.cycle
where e.contract = :contract and e.state = 'approved' and c.contract = :contract and not c.void
  and c.due_at >= :since and c.due_at < :until and (c.state = 'breached' or c.state = 'running' and c.due_at < :now)
group by month, c.commitment, c.owner, c.severity, c.region;

-- name: behind
-- The clocks behind one figure of the month, with their tickets: the same clocks as the month counts, one line each.
select c.ticket, c.commitment, c.cycle, c.severity, c.region, c.due_at, c.stopped_at, c.breached_at, c.state, t.title,
       t.state as ticket_state, a.name as account_name, t.assignee
from (
    select c.ticket, c.commitment, c.cycle, c.severity, c.region, c.due_at, c.stopped_at, c.breached_at, c.owner,
           case when c.state = 'running' and c.due_at < :now then 'breached' else c.state end as state
    from clocks c
    where c.contract = :contract and not c.void and c.state <> 'none' and (
        c.due_at >= :start and c.due_at < :until
        or c.due_at is null and c.state = 'cancelled' and c.stopped_at >= :start and c.stopped_at < :until
        or c.due_at is null and c.state = 'paused' and c.started_at < :until
    )
) c
join tickets t on t.number = c.ticket
left join accounts a on a.id = t.account
where (c.owner = 'customer') = cast(:customer as boolean)
  and (cast(:commitment as text) is null or c.commitment = cast(:commitment as text))
  and (cast(:severity as int) is null and not cast(:exactly as boolean) or c.severity is not distinct from cast(:severity as int))
  and (cast(:region as text) is null and not cast(:exactly as boolean) or c.region is not distinct from cast(:region as text))
  and (cast(:states as text[]) is null or c.state = any (cast(:states as text[])))
order by c.due_at desc nulls first, c.ticket desc
limit :limit;

-- name: load
-- The calls of a day by hour of the zone; of these queues, or of all where there are none.
select extract(hour from c.received_at at time zone :zone)::int as hour,
       count(*) filter (where c.answered_at is not null or c.outcome = 'answered') as answered,
       count(*) filter (where c.answered_at is null and c.outcome is distinct from 'answered') as lost
from calls c
where c.direction = 'in' and c.received_at >= :start and c.received_at < :until
  and (cast(:queues as bigint[]) = '{}' or c.queue = any (cast(:queues as bigint[])))
group by hour
order by hour;
