-- name: unhurried!
set local idle_in_transaction_session_timeout = 0;

-- name: tickets_page
select t.number, t.ref, k.code as contract, t.contract_version, t.kind, t.category, t.region, t.phase, t.severity, t.state,
       t.title, t.caller, t.assignee, t.reported_at, a.name as account, s.name as site
from tickets t
left join contracts k on k.id = t.contract
left join accounts a on a.id = t.account
left join sites s on s.id = t.site
where t.number > :after and (cast(:code as text) is null or k.code = :code)
order by t.number
limit :limit;

-- name: calls_page
select c.id, c.ref, q.name as queue, c.caller, c.called, c.direction, c.received_at, c.queued_at, c.answered_at, c.ended_at,
       c.agent, c.outcome, c.wait_s, t.ref as ticket_ref, c.ticket as number, k.code as contract
from calls c
left join queues q on q.id = c.queue
left join tickets t on t.number = c.ticket
left join contracts k on k.id = t.contract
where c.id > :after and (cast(:code as text) is null or k.code = :code)
order by c.id
limit :limit;

-- name: clocks_of
select ticket, commitment, cycle, severity, region, state, started_at, due_at, stopped_at, breached_at, used_s, paused_s,
       wake_at
from clocks
where ticket = any (cast(:tickets as bigint[])) and not void
order by ticket, id;
