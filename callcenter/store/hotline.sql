-- name: queues
-- The queues in question by name, with their rules.
select id, name, answer_within_s, short_abandon_s, service_level
from queues
where cast(:queues as bigint[]) is null or id = any (cast(:queues as bigint[]))
order by name;

-- name: queue_named$
select id from queues where name = :name;

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
