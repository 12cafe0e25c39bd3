-- name: cases
-- The clocks of a month, counted alike ones together. A clock that is open past its deadline is breached, whether or not
-- a pass of the engine has said so yet. A cancelled one without a deadline belongs to the month it was cancelled in; a
-- paused one has no deadline now and is listed in every month since it started. `spent_s` is what those that stopped took.
select commitment, owner, severity, region, state, count(*)::int as times, min(at) as at,
       count(spent_s)::int as ended, coalesce(sum(spent_s), 0)::float8 as spent_s, max(spent_s) as longest_s
from (
    select c.commitment, c.owner, c.severity, c.region, c.due_at as at,
           case when c.state = 'running' and c.due_at < :now then 'breached' else c.state end as state,
           date_part('epoch', c.stopped_at - c.started_at) as spent_s
    from clocks c
    where c.contract = :contract and c.due_at >= :start and c.due_at < :until and not c.void and c.state <> 'none'
    union all
    select c.commitment, c.owner, c.severity, c.region, c.stopped_at, c.state, null
    from clocks c
    where c.contract = :contract and c.due_at is null and c.state = 'cancelled' and c.stopped_at >= :start
      and c.stopped_at < :until and not c.void
    union all
    select c.commitment, c.owner, c.severity, c.region, cast(:start as timestamptz), c.state, null
    from clocks c
    where c.contract = :contract and c.due_at is null and c.state = 'paused' and c.started_at < :until and not c.void
) counted
group by commitment, owner, severity, region, state;

-- name: exempted
-- Of the month's breaches those that two people took out, counted the same way.
select c.commitment, c.owner, c.severity, c.region, count(*)::int as times
from exemptions e
join clocks c on c.ticket = e.ticket and c.commitment = e.commitment and c.cycle = e.cycle
where e.contract = :contract and e.state = 'approved' and c.contract = :contract and not c.void
  and c.due_at >= :start and c.due_at < :until and (c.state = 'breached' or c.state = 'running' and c.due_at < :now)
group by c.commitment, c.owner, c.severity, c.region;

-- name: behind
-- The clocks behind one figure of the month, with their tickets: the same clocks as `cases` counts, one line each.
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
  and (not cast(:exactly as boolean) or (c.severity is not distinct from cast(:severity as int)
       and c.region is not distinct from cast(:region as text)))
  and (cast(:states as text[]) is null or c.state = any (cast(:states as text[])))
order by c.due_at desc nulls first, c.ticket desc
limit :limit;

-- name: by_day
-- What came due on each day of the month, in the contract's zone, and how it ended.
select (c.due_at at time zone :zone)::date as day,
       count(*) filter (where c.state = 'met') as met,
       count(*) filter (where c.state = 'breached' or c.state = 'running' and c.due_at < :now) as breached,
       count(*) filter (where c.state <> 'met' and c.state <> 'breached' and c.state <> 'cancelled'
                        and not (c.state = 'running' and c.due_at < :now)) as open
from clocks c
where c.contract = :contract and c.owner = 'customer' and c.due_at >= :start and c.due_at < :until and not c.void
  and c.state not in ('none', 'cancelled')
group by day
order by day;

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

-- name: totals
-- The running month of every contract in its own zone: what came due for the customer so far and how it ended.
select k.code, a.name as customer, v.title, v.timezone,
       to_char(cast(:now as timestamptz) at time zone v.timezone, 'YYYY-MM') as month,
       count(c.id) filter (where c.state = 'met') as met,
       count(c.id) filter (where c.state = 'breached' or c.state = 'running' and c.due_at < :now) as breached,
       count(c.id) filter (where c.state = 'running' and c.due_at >= :now) as open
from contracts k
join accounts a on a.id = k.account
join lateral (select * from contract_versions v where v.contract = k.id order by v.version desc limit 1) v on true
left join clocks c on c.contract = k.id and c.owner = 'customer' and not c.void
    and c.due_at >= date_trunc('month', cast(:now as timestamptz) at time zone v.timezone) at time zone v.timezone
    and c.due_at < (date_trunc('month', cast(:now as timestamptz) at time zone v.timezone) + interval '1 month') at time zone v.timezone
group by k.code, a.name, v.title, v.timezone
order by k.code;
