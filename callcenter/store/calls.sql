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
with told as (insert into events (at, kind, ticket) values (:now, 'logged', :ticket)), marked as (
    insert into day_marks (part, owner, since, until)
    select 'calls', 0, at, at
    from (select cast(:received_at as timestamptz)) a (at) where at < cast(:now as timestamptz) - interval '1 hour'
    union all
    select 'faults', t.contract, i.at, i.at
    from tickets t
    cross join lateral (select fault_instants(t.number) union all select cast(:received_at as timestamptz)) i (at)
    where t.number = :ticket and t.contract is not null and i.at < cast(:now as timestamptz) - interval '1 hour'
)
insert into calls (ticket, queue, contact, caller, caller_raw, called, direction, received_at, answered_at, ended_at, wait_s,
    outcome, agent, summary, created_at)
values (:ticket, :queue, :contact, :caller, :caller_raw, :called, :direction, :received_at, :answered_at, :ended_at, :wait_s,
    :outcome, :agent, :summary, :now)
returning id;

-- name: move!
with marked as (
    insert into day_marks (part, owner, since, until)
    select 'faults', t.contract, i.at, i.at
    from calls c
    join tickets t on t.number in (c.ticket, :ticket)
    cross join lateral (
        select fault_instants(c.ticket) union all select fault_instants(cast(:ticket as bigint)) union all select c.received_at
    ) i (at)
    where c.id = :id and t.contract is not null
)
update calls set ticket = :ticket where id = :id;

-- name: change!
with marked as (
    insert into day_marks (part, owner, since, until)
    select 'calls', 0, received_at, received_at from calls
    where id = :id and received_at < cast(:now as timestamptz) - interval '1 hour'
    union all
    select 'faults', t.contract, i.at, i.at
    from calls c
    join tickets t on t.number = c.ticket
    cross join lateral fault_instants(t.number) i (at)
    where c.id = :id and t.contract is not null and i.at < cast(:now as timestamptz) - interval '1 hour'
)
update calls set answered_at = :answered_at, ended_at = :ended_at, outcome = :outcome, agent = :agent, summary = :summary
where id = :id;

-- name: page
select c.*, q.name as queue_name
from calls c left join queues q on q.id = c.queue
where c.id < :before and (cast(:caller as text) is null or c.caller = :caller)
order by c.id desc
limit :limit;
