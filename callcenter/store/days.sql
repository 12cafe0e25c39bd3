-- name: hold!
-- One hand at a time counts an owner's days.
select pg_advisory_xact_lock(1145132366, hashtext(:part || ' ' || cast(cast(:owner as bigint) as text)));

-- name: marks
-- Takes the marks: whatever left them is seen by a statement after this one.
delete from day_marks where part = :part and owner = :owner returning since, until;

-- name: changed
select owner, min(since) as since, max(until) as until from day_marks where owner <> 0 group by owner;

-- name: drop!
-- Days that hold a marked instant are to be counted again.
delete from counted_days d
using unnest(cast(:since as timestamptz[]), cast(:until as timestamptz[])) as m (since, until)
where d.part = :part and d.owner = :owner and d.since <= m.until and d.until > m.since;

-- name: found^
-- The kept days of a span, whether something changed since in what they count, and whether nothing may be written now.
select current_setting('transaction_read_only') = 'on' as read_only,
       exists (select from day_marks where part = :part and owner = :owner) as changed,
       coalesce(array_agg(since), '{}') as since, coalesce(array_agg(until), '{}') as until, coalesce(array_agg(counts), '{}') as counts
from counted_days
where part = :part and owner = :owner and since >= :since and until <= :until;

-- name: kept
select since, until, counts
from counted_days
where part = :part and owner = :owner and since >= :since and until <= :until;

-- name: keep!
insert into counted_days (part, owner, since, until, counts, as_of)
select :part, :owner, d.since, d.until, d.counts, :now
from unnest(cast(:since as timestamptz[]), cast(:until as timestamptz[]), cast(:counts as bytea[])) as d (since, until, counts);

-- name: forget!
delete from counted_days where as_of < :before;

-- name: clocks
-- The clocks of days that follow each other, counted alike ones together; `edges` are where days begin, and where the last
-- one ends. A clock that is open past its deadline is breached, whether or not a pass of the engine has said so yet. A
-- cancelled one without a deadline belongs to the day it was cancelled on. What those that stopped took is added up in
-- whole microseconds, so that the order makes no difference.
select day, commitment, owner, severity, region, state, count(*)::int as times, min(at) as at, count(spent)::int as ended,
       coalesce(extract(epoch from sum(spent)) * 1000000, 0)::bigint as spent_us,
       (extract(epoch from max(spent)) * 1000000)::bigint as longest_us
from (
    select width_bucket(c.due_at, cast(:edges as timestamptz[])) as day, c.commitment, c.owner, c.severity, c.region,
           case when c.state = 'running' and c.due_at < :now then 'breached' else c.state end as state, c.due_at as at,
           c.stopped_at - c.started_at as spent
    from clocks c
    where c.contract = :contract and c.due_at >= :since and c.due_at < :until and not c.void and c.state <> 'none'
    union all
    select width_bucket(c.stopped_at, cast(:edges as timestamptz[])), c.commitment, c.owner, c.severity, c.region, c.state,
           c.stopped_at, null
    from clocks c
    where c.contract = :contract and c.due_at is null and c.state = 'cancelled' and c.stopped_at >= :since
      and c.stopped_at < :until and not c.void
) counted
group by day, commitment, owner, severity, region, state
order by day, commitment, owner, severity, region, state;

-- name: worst
-- Tickets of the gravest breaches to the customer of each of these days that will not grow any more.
select day, ticket
from (
    select day, ticket, row_number() over (partition by day order by severity nulls last, overdue desc, ticket, commitment, cycle) as place
    from (
        select width_bucket(c.due_at, cast(:edges as timestamptz[])) as day, c.ticket, c.commitment, c.cycle, c.severity,
               c.stopped_at - c.due_at as overdue
        from clocks c
        where c.contract = :contract and c.due_at >= :since and c.due_at < :until and c.state = 'breached' and not c.void
          and c.owner = 'customer' and c.stopped_at is not null
    ) breach
) placed
where place <= :limit;

-- name: growing
-- Tickets of the gravest breaches to the customer that still grow.
select c.ticket
from clocks c
where c.contract = :contract and c.due_at >= :since and c.due_at < :until and c.due_at < :now and c.stopped_at is null
  and not c.void and c.owner = 'customer' and c.state in ('running', 'breached')
order by c.severity nulls last, c.due_at, c.ticket, c.commitment, c.cycle
limit :limit;

-- name: paused
-- Clocks without a deadline now: listed in every month since they started.
select c.commitment, c.owner, c.severity, c.region, c.state, count(*)::int as times, cast(:since as timestamptz) as at
from clocks c
where c.contract = :contract and c.due_at is null and c.state = 'paused' and c.started_at < :until and not c.void
group by c.commitment, c.owner, c.severity, c.region, c.state;

-- name: calls
-- Inbound calls of days that follow each other, by queue, half-hour since the day began, and what became of them: how many,
-- how long they waited, and how long those answered were handled.
select day, queue, slot, class, count(*)::int as n,
       coalesce(array_agg(wait_s) filter (where wait_s is not null and class in ('answered', 'abandoned')), '{}') as waits,
       coalesce(array_agg(handle_s) filter (where handle_s is not null and class = 'answered'), '{}') as handled,
       coalesce(array_agg(caller) filter (where caller is not null), '{}') as callers
from (
    select d.day, coalesce(c.queue, 0) as queue, c.caller,
           floor(date_part('epoch', c.received_at - d.begins) / 1800)::int as slot,
           case when c.queue is null then 'outside'
                when c.outcome = 'answered' or c.outcome is null and c.answered_at is not null then 'answered'
                when c.outcome in ('abandoned', 'missed') or c.outcome is null and c.ended_at is not null then 'abandoned'
                when c.outcome is null then 'waiting'
                else 'overflow' end as class,
           greatest(0, coalesce(c.wait_s, date_part('epoch', coalesce(c.answered_at, c.ended_at)
                                                       - coalesce(c.queued_at, c.received_at)))) as wait_s,
           greatest(0, date_part('epoch', c.ended_at - c.answered_at)) as handle_s
    from calls c
    cross join lateral (select width_bucket(c.received_at, cast(:edges as timestamptz[])) as day) b
    cross join lateral (select b.day, (cast(:edges as timestamptz[]))[b.day] as begins) d
    where c.received_at >= :since and c.received_at < :until and c.direction = 'in'
) call
group by day, queue, slot, class;

-- name: reported
-- Faults by the day they were reported on: those called in about, with how many inbound calls, and how long the first one
-- rang before somebody spoke; and which of them took the most calls.
select day, count(*)::int as faults, sum(contacts)::bigint as contacts, max(contacts)::int as most,
       count(*) filter (where contacts > 2)::int as laborious, count(ring)::int as rung,
       coalesce(extract(epoch from sum(ring)) * 1000000, 0)::bigint as ring_us,
       coalesce((array_agg(number order by contacts desc, number) filter (where contacts > 1))[1 : 20], '{}') as worst,
       coalesce((array_agg(contacts order by contacts desc, number) filter (where contacts > 1))[1 : 20], '{}') as worst_contacts
from (
    select width_bucket(t.reported_at, cast(:edges as timestamptz[])) as day, t.number, count(*) as contacts,
           min(c.answered_at) - min(c.received_at) as ring
    from tickets t
    join calls c on c.ticket = t.number and c.direction = 'in'
    where t.contract = :contract and t.reported_at >= :since and t.reported_at < :until
    group by t.number
) fault
group by day;

-- name: first_called
-- Settled faults by the day of their first inbound call, and those of them that took no other. What rang first more than 90
-- days before is not looked for.
select width_bucket(c.first_at, cast(:edges as timestamptz[])) as day, count(*)::int as settled,
       count(*) filter (where c.n = 1 and not exists (
           select from calls o where o.ticket = c.ticket and o.direction = 'in' and o.received_at >= :until))::int as at_once
from (
    select ticket, count(*) as n, min(received_at) as first_at
    from calls
    where ticket is not null and direction = 'in' and received_at >= :since and received_at < :until
    group by ticket
) c
join tickets t on t.number = c.ticket and t.contract = :contract and t.state in ('resolved', 'closed', 'restored')
where not exists (
    select from calls o
    where o.ticket = c.ticket and o.direction = 'in' and o.received_at < :since
      and o.received_at >= cast(:since as timestamptz) - interval '90 days' and o.received_at >= c.first_at - interval '90 days'
)
group by day;

-- name: visited
-- Settled faults by the day of the first arrival, and those fixed with a single arrival and no reopening. What was arrived
-- at first more than 90 days before is not looked for.
select width_bucket(a.first_at, cast(:edges as timestamptz[])) as day, count(*)::int as visited,
       count(*) filter (where a.n = 1 and not exists (
           select from entries o where o.type = 'arrived' and o.ticket = a.ticket and o.occurred_at >= :until)
           and not exists (select from entries o where o.type = 'reopened' and o.ticket = a.ticket))::int as fixed
from (
    select ticket, count(*) as n, min(occurred_at) as first_at
    from entries
    where type = 'arrived' and occurred_at >= :since and occurred_at < :until
    group by ticket
) a
join tickets t on t.number = a.ticket and t.contract = :contract and t.state in ('restored', 'resolved', 'closed')
where not exists (
    select from entries o
    where o.type = 'arrived' and o.ticket = a.ticket and o.occurred_at < :since
      and o.occurred_at >= cast(:since as timestamptz) - interval '90 days' and o.occurred_at >= a.first_at - interval '90 days'
)
group by day;

-- name: repeated
-- Faults on an asset by the day they were reported on, and those that had another of the same contract in the 30 days before.
select width_bucket(reported_at, cast(:edges as timestamptz[])) as day, count(*)::int as on_assets,
       count(*) filter (where again)::int as repeated
from (
    select t.reported_at - lag(t.reported_at) over (partition by t.asset order by t.reported_at, t.number)
               <= interval '30 days' as again, t.reported_at
    from tickets t
    where t.contract = :contract and t.asset is not null and t.kind = 'fault'
      and t.reported_at >= cast(:since as timestamptz) - interval '30 days' and t.reported_at < :until
) fault
where reported_at >= :since
group by day;
