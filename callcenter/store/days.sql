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

-- name: there^
select current_setting('transaction_read_only') = 'on' as read_only,
       exists (select from day_marks where part = :part and owner = :owner) as changed,
       (select count(*)::int from counted_days where part = :part and owner = :owner and since >= :since and until <= :until) as days;

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
select d.day, c.ticket
from (
    select day, since, lead(since) over (order by day) as until
    from unnest(cast(:edges as timestamptz[])) with ordinality e (since, day)
) d
cross join lateral (
    select c.ticket
    from clocks c
    where c.contract = :contract and c.due_at >= d.since and c.due_at < d.until and c.state = 'breached' and not c.void
      and c.owner = 'customer' and c.stopped_at is not null
    order by c.severity nulls last, c.stopped_at - c.due_at desc, c.ticket, c.commitment, c.cycle
    limit :limit
) c;

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
-- how long they waited, and how long those answered were handled. The classes are numbers while they are sorted, which takes
-- a third of the time that words take.
select day, queue, (date_part('epoch', slot - (cast(:edges as timestamptz[]))[day]) / 1800)::int as slot,
       ('{outside,answered,abandoned,waiting,overflow}'::text[])[class] as class, count(*)::int as n,
       coalesce(array_agg(wait_s) filter (where wait_s is not null and class in (2, 3)), '{}') as waits,
       coalesce(array_agg(handle_s) filter (where handle_s is not null and class = 2), '{}') as handled,
       coalesce(array_agg(caller) filter (where caller is not null), '{}') as callers
from (
    select b.day, coalesce(c.queue, 0) as queue, c.caller,
           date_bin('30 minutes', c.received_at, (cast(:edges as timestamptz[]))[b.day]) as slot,
           case when c.queue is null then 1
                when c.outcome = 'answered' or c.outcome is null and c.answered_at is not null then 2
                when c.outcome in ('abandoned', 'missed') or c.outcome is null and c.ended_at is not null then 3
                when c.outcome is null then 4
                else 5 end as class,
           greatest(0, coalesce(c.wait_s, date_part('epoch', coalesce(c.answered_at, c.ended_at)
                                                       - coalesce(c.queued_at, c.received_at)))) as wait_s,
           greatest(0, date_part('epoch', c.ended_at - c.answered_at)) as handle_s
    from calls c
    cross join lateral (select width_bucket(c.received_at, cast(:edges as timestamptz[])) as day) b
    where c.received_at >= :since and c.received_at < :until and c.direction = 'in'
) call
group by call.day, call.queue, call.slot, call.class;

-- name: called
-- Faults by a day each of two kinds, `what`: `reported` that day and called in about at any time (with how many inbound calls,
-- how long the first rang before somebody spoke, and which took several), and settled and `called` about first that day, those
-- `at_once` with no other call. What rang first more than 90 days before is not looked for. Both are found in one pass: most
-- of the time of a large month goes into finding the tickets of a million calls. `offset 0` hides from the planner that there
-- are as many instants as tickets: of days there are few, and nothing is to be sorted.
select case grouping(reported) when 0 then 'reported' else 'called' end as what, coalesce(reported, called) as day,
       count(*)::int as n, sum(contacts)::bigint as contacts, max(contacts)::int as most,
       count(*) filter (where contacts > 2)::int as laborious, count(ring)::int as rung,
       coalesce(extract(epoch from sum(ring)) * 1000000, 0)::bigint as ring_us, count(*) filter (where at_once)::int as at_once,
       coalesce(array_agg(number) filter (where contacts > 1), '{}') as several,
       coalesce(array_agg(contacts) filter (where contacts > 1), '{}') as several_contacts
from (
    select t.number, coalesce(c.n, 0) + coalesce(o.n, 0) as contacts,
           least(c.answered_at, o.answered_at) - least(c.first_at, o.first_at) as ring,
           case when t.reported_at >= :since and t.reported_at < :until
                then width_bucket(t.reported_at, cast(:edges as timestamptz[])) end as reported,
           case when t.state in ('restored', 'resolved', 'closed') and (o.before < c.first_at - interval '90 days') is not false
                then width_bucket(c.first_at, cast(:edges as timestamptz[])) end as called,
           c.n = 1 and o.later is not true as at_once
    from (
        select ticket, count(*) as n, min(received_at) as first_at, min(answered_at) as answered_at
        from calls
        where ticket is not null and direction = 'in' and received_at >= :since and received_at < :until
        group by ticket
    ) c
    full join (
        select ticket, count(*) as n, min(received_at) as first_at, min(answered_at) as answered_at,
               bool_or(received_at >= :until) as later, max(received_at) filter (where received_at < :since) as before
        from (
            select o.ticket, o.received_at, o.answered_at
            from calls o
            where o.direction = 'in' and (o.received_at < :since or o.received_at >= :until) and exists (
                select from calls i
                where i.ticket = o.ticket and i.direction = 'in' and i.received_at >= :since and i.received_at < :until)
            union all
            select o.ticket, o.received_at, o.answered_at
            from calls o
            join tickets t on t.number = o.ticket
            where o.direction = 'in' and (o.received_at < :since or o.received_at >= :until)
              and t.contract = :contract and t.reported_at >= :since and t.reported_at < :until and not exists (
                select from calls i
                where i.ticket = o.ticket and i.direction = 'in' and i.received_at >= :since and i.received_at < :until)
        ) other
        group by ticket
    ) o using (ticket)
    join tickets t on t.number = ticket and t.contract = :contract
    offset 0
) fault
group by grouping sets ((reported), (called))
having coalesce(reported, called) is not null;

-- name: visited
-- Settled faults by the day of the first arrival, and those fixed with a single arrival and no reopening. What was arrived
-- at first more than 90 days before is not looked for. `offset 0` keeps each parallel worker from counting the same arrivals.
select width_bucket(a.first_at, cast(:edges as timestamptz[])) as day, count(*)::int as visited,
       count(*) filter (where a.n = 1 and more.ticket is null)::int as fixed
from (
    select ticket, count(*) as n, min(occurred_at) as first_at
    from entries
    where type = 'arrived' and occurred_at >= :since and occurred_at < :until
    group by ticket
    offset 0
) a
join tickets t on t.number = a.ticket and t.contract = :contract and t.state in ('restored', 'resolved', 'closed')
left join (
    select distinct ticket
    from (
        select ticket from entries where type = 'arrived' and occurred_at >= :until
        union all
        select ticket from entries where type = 'reopened'
    ) e
    where exists (
        select from entries i
        where i.ticket = e.ticket and i.type = 'arrived' and i.occurred_at >= :since and i.occurred_at < :until)
) more on more.ticket = a.ticket
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
