-- name: figures
-- Inbound calls that entered a queue, counted as a whole, by queue, and by queue and half-hour. Each call is measured by
-- the thresholds of its own queue. A half-hour is of the day (`by_day` false) or of the calendar (true), in local time.
with measured as (
    select q.name as queue, q.answer_within_s, q.short_abandon_s,
           case when cast(:by_day as boolean) then to_char(l.local, 'YYYY-MM-DD"T"') else '' end
               || to_char(l.local, 'HH24:') || case when extract(minute from l.local) < 30 then '00' else '30' end as slot,
           case when c.outcome = 'answered' or c.outcome is null and c.answered_at is not null then 'answered'
                when c.outcome in ('abandoned', 'missed') or c.outcome is null and c.ended_at is not null then 'abandoned'
                when c.outcome is null then 'waiting'
                else 'overflow' end as class,
           greatest(0, coalesce(c.wait_s, extract(epoch from coalesce(c.answered_at, c.ended_at)
                                                      - coalesce(c.queued_at, c.received_at))::float8)) as wait_s,
           greatest(0, extract(epoch from c.ended_at - c.answered_at))::float8 as handle_s
    from calls c
    join queues q on q.id = c.queue
    cross join lateral (select c.received_at at time zone :zone as local) l
    where c.received_at >= :since and c.received_at < :until and c.direction = 'in'
      and (cast(:queues as bigint[]) is null or c.queue = any (cast(:queues as bigint[])))
)
select queue, slot, grouping(queue, slot) as level,
       count(*) filter (where class <> 'waiting') as offered,
       count(*) filter (where class = 'answered') as answered,
       count(*) filter (where class = 'abandoned' and not coalesce(wait_s <= short_abandon_s, false)) as abandoned,
       count(*) filter (where class = 'abandoned' and wait_s <= short_abandon_s) as short,
       count(*) filter (where class = 'abandoned') as abandoned_all,
       count(*) filter (where class = 'overflow') as overflow,
       count(*) filter (where class = 'waiting') as waiting,
       count(*) filter (where class = 'answered' and wait_s <= answer_within_s) as answered_within,
       count(*) filter (where class = 'abandoned' and wait_s <= answer_within_s) as abandoned_within,
       count(*) filter (where class = 'abandoned' and wait_s <= answer_within_s and wait_s <= short_abandon_s) as short_within,
       count(wait_s) filter (where class = 'answered') as answered_waits,
       sum(wait_s) filter (where class = 'answered') as answered_wait_sum,
       percentile_disc(array[0.5, 0.9, 1]) within group (order by wait_s) filter (where class = 'answered') as answered_wait,
       count(wait_s) filter (where class = 'abandoned') as abandoned_waits,
       sum(wait_s) filter (where class = 'abandoned') as abandoned_wait_sum,
       percentile_disc(array[0.5, 0.9, 1]) within group (order by wait_s) filter (where class = 'abandoned') as abandoned_wait,
       count(handle_s) filter (where class = 'answered') as handled,
       sum(handle_s) filter (where class = 'answered') as handle_sum,
       percentile_disc(array[0.5, 0.9, 1]) within group (order by handle_s) filter (where class = 'answered') as handle
from measured
group by grouping sets ((), (queue), (queue, slot))
order by level desc, queue, slot;

-- name: queues
-- The queues in question by name, with their rules.
select id, name, answer_within_s, short_abandon_s, service_level
from queues
where cast(:queues as bigint[]) is null or id = any (cast(:queues as bigint[]))
order by name;

-- name: queue_named$
select id from queues where name = :name;

-- name: outside$
-- Inbound calls that never entered a queue: menus, wrong numbers, callers who hung up at once.
select count(*) from calls where received_at >= :since and received_at < :until and direction = 'in' and queue is null;

-- name: callers^
-- Numbers that were shown, and those that rang more than once.
select count(*) as callers, count(*) filter (where n > 1) as again
from (
    select caller, count(*) as n
    from calls
    where received_at >= :since and received_at < :until and direction = 'in' and queue is not null and caller is not null
      and (cast(:queues as bigint[]) is null or queue = any (cast(:queues as bigint[])))
    group by caller
) rung;

-- name: first_call^
-- Faults first rung about in the span that are settled by now: how many of them took a single inbound call.
select count(*) as settled, count(*) filter (where n = 1) as at_once
from (
    select c.ticket, count(*) as n, min(c.received_at) as first_at
    from calls c
    where c.ticket in (
        select ticket from calls
        where received_at >= :since and received_at < :until and direction = 'in' and ticket is not null
          and (cast(:queues as bigint[]) is null or queue = any (cast(:queues as bigint[])))
    ) and c.direction = 'in'
    group by c.ticket
) rung
join tickets t on t.number = rung.ticket
where rung.first_at >= :since and t.state in ('resolved', 'closed', 'restored');
