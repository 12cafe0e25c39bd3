-- name: figures
-- Inbound calls that entered a queue, counted as a whole, by queue, and by queue and half-hour. Each call is measured by
-- the thresholds of its own queue. A half-hour is of the day (`by_day` false) or of the calendar (true), in local time.
-- Calls alike are counted together first: percentiles are then found in some thousand lengths rather than a million.
with measured as (
    select q.name as queue, q.answer_within_s, q.short_abandon_s,
           case when cast(:by_day as boolean) then l.half_hour
                else timestamp '2000-01-01' + (l.half_hour - date_trunc('day', l.half_hour)) end as slot,
           case when c.outcome = 'answered' or c.outcome is null and c.answered_at is not null then 'answered'
                when c.outcome in ('abandoned', 'missed') or c.outcome is null and c.ended_at is not null then 'abandoned'
                when c.outcome is null then 'waiting'
                else 'overflow' end as class,
           greatest(0, coalesce(c.wait_s, date_part('epoch', coalesce(c.answered_at, c.ended_at)
                                                       - coalesce(c.queued_at, c.received_at)))) as wait_s,
           greatest(0, date_part('epoch', c.ended_at - c.answered_at)) as handle_s
    from calls c
    join queues q on q.id = c.queue
    cross join lateral (
        select date_bin('30 minutes', c.received_at at time zone :zone, timestamp '2000-01-01') as half_hour
    ) l
    where c.received_at >= :since and c.received_at < :until and c.direction = 'in'
      and (cast(:queues as bigint[]) is null or c.queue = any (cast(:queues as bigint[])))
), alike as materialized (
    select queue, slot, class, wait_s, case when class = 'answered' then handle_s end as handle_s,
           coalesce(wait_s <= answer_within_s, false) as in_time, coalesce(wait_s <= short_abandon_s, false) as is_short,
           count(*) as n
    from measured
    group by 1, 2, 3, 4, 5, 6, 7
), counts as (
    select grouping(queue, slot) as level, queue, slot,
           coalesce(sum(n) filter (where class <> 'waiting'), 0)::bigint as offered,
           coalesce(sum(n) filter (where class = 'answered'), 0)::bigint as answered,
           coalesce(sum(n) filter (where class = 'abandoned' and not is_short), 0)::bigint as abandoned,
           coalesce(sum(n) filter (where class = 'abandoned' and is_short), 0)::bigint as short,
           coalesce(sum(n) filter (where class = 'abandoned'), 0)::bigint as abandoned_all,
           coalesce(sum(n) filter (where class = 'overflow'), 0)::bigint as overflow,
           coalesce(sum(n) filter (where class = 'waiting'), 0)::bigint as waiting,
           coalesce(sum(n) filter (where class = 'answered' and in_time), 0)::bigint as answered_within,
           coalesce(sum(n) filter (where class = 'abandoned' and in_time), 0)::bigint as abandoned_within,
           coalesce(sum(n) filter (where class = 'abandoned' and in_time and is_short), 0)::bigint as short_within
    from alike
    group by grouping sets ((), (queue), (queue, slot))
), lengths as (
    select what, grouping(queue, slot) as level, queue, slot, length, sum(n) as n
    from (
        select class as what, queue, slot, wait_s as length, n from alike where class in ('answered', 'abandoned')
        union all
        select 'handled', queue, slot, handle_s, n from alike
    ) length
    where length is not null
    group by grouping sets ((what, length), (what, queue, length), (what, queue, slot, length))
), ranked as (
    select *, sum(n) over (partition by what, level, queue, slot order by length) as upto,
           sum(n) over (partition by what, level, queue, slot) as total
    from lengths
), marks as (
    select level, queue, slot, jsonb_object_agg(what, marks) as marks
    from (
        select what, level, queue, slot,
               jsonb_build_array(sum(n), sum(length * n), min(length) filter (where upto * 2 >= total),
                                 min(length) filter (where upto * 10 >= total * 9), max(length)) as marks
        from ranked
        group by what, level, queue, slot
    ) mark
    group by level, queue, slot
)
select c.*, to_char(c.slot, case when cast(:by_day as boolean) then 'YYYY-MM-DD"T"HH24:MI' else 'HH24:MI' end) as half_hour, m.marks
from counts c
left join marks m on m.level = c.level and coalesce(m.queue, '') = coalesce(c.queue, '')
    and coalesce(m.slot, '-infinity') = coalesce(c.slot, '-infinity')
order by c.level desc, c.queue, c.slot;

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
-- Faults first rung about in the span that are settled by now: how many of them took a single inbound call. What rang
-- first more than 90 days before is not looked for.
select count(*) filter (where mine) as settled, count(*) filter (where mine and n = 1) as at_once
from (
    select ticket, count(*) as n, min(received_at) >= :since and min(received_at) < :until
               and (cast(:queues as bigint[]) is null or bool_or(queue = any (cast(:queues as bigint[])))) as mine
    from calls
    where direction = 'in' and ticket is not null and received_at >= cast(:since as timestamptz) - interval '90 days'
    group by ticket
) rung
join tickets t on t.number = rung.ticket
where t.state in ('resolved', 'closed', 'restored');
