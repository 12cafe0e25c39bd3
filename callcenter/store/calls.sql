-- name: get^
select c.*, q.name as queue_name from calls c left join queues q on q.id = c.queue where c.id = :id;

-- name: of_ticket
select c.*, q.name as queue_name from calls c left join queues q on q.id = c.queue where c.ticket = :ticket order by c.received_at;

-- name: last_of
select c.*, q.name as queue_name
from calls c left join queues q on q.id = c.queue
where c.caller = :caller
order by c.received_at desc
limit :limit;

-- name: ensure_queue$
insert into queues (name, created_at, updated_at) values (:name, :now, :now)
on conflict (name) do update set name = excluded.name
returning id;

-- name: add$
with told as (insert into events (at, kind, ticket) values (:now, 'logged', :ticket))
insert into calls (ticket, queue, contact, caller, caller_raw, called, direction, received_at, answered_at, ended_at, wait_s,
    outcome, agent, summary, created_at)
values (:ticket, :queue, :contact, :caller, :caller_raw, :called, :direction, :received_at, :answered_at, :ended_at, :wait_s,
    :outcome, :agent, :summary, :now)
returning id;

-- name: move!
update calls set ticket = :ticket where id = :id;

-- name: change!
update calls set answered_at = :answered_at, ended_at = :ended_at, outcome = :outcome, agent = :agent, summary = :summary
where id = :id;

-- name: page
select c.*, q.name as queue_name
from calls c left join queues q on q.id = c.queue
where c.id < :before and (cast(:caller as text) is null or c.caller = :caller)
order by c.id desc
limit :limit;
