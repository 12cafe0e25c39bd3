-- name: clocks_ahead
-- Open clocks that are not due yet, the next first.
select c.ticket, c.commitment, c.cycle, c.due_at
from clocks c
join tickets t on t.number = c.ticket
left join contracts k on k.id = t.contract
where c.stopped_at is null and c.due_at is not null and not c.void and c.due_at >= cast(:now as timestamptz)
  and t.state not in ('closed', 'cancelled')
  and (cast(:logins as text[]) is null or t.assignee = any (cast(:logins as text[])))
  and (cast(:contract as text) is null or k.code = cast(:contract as text))
  and (cast(:region as text) is null or t.region = cast(:region as text))
order by c.due_at
limit :limit;

-- name: clocks_past
-- Open clocks that are overdue, the latest first: nobody is helped by a list that begins years ago.
select c.ticket, c.commitment, c.cycle, c.due_at
from clocks c
join tickets t on t.number = c.ticket
left join contracts k on k.id = t.contract
where c.stopped_at is null and c.due_at is not null and not c.void and c.due_at < cast(:now as timestamptz)
  and t.state not in ('closed', 'cancelled')
  and (cast(:logins as text[]) is null or t.assignee = any (cast(:logins as text[])))
  and (cast(:contract as text) is null or k.code = cast(:contract as text))
  and (cast(:region as text) is null or t.region = cast(:region as text))
order by c.due_at desc
limit :limit;

-- name: promised
-- Tickets that are not over and on which something was promised by word of mouth.
select t.number
from tickets t
left join contracts k on k.id = t.contract
where t.state not in ('closed', 'cancelled')
  and exists (select from entries e where e.ticket = t.number and e.type = 'promised')
  and (cast(:logins as text[]) is null or t.assignee = any (cast(:logins as text[])))
  and (cast(:contract as text) is null or k.code = cast(:contract as text))
  and (cast(:region as text) is null or t.region = cast(:region as text))
order by t.number desc
limit :limit;

-- name: faces
-- What a list shows of its tickets.
select t.number, t.title, t.severity, t.assignee, t.region, t.state, t.version, t.entries, k.code as contract,
       a.name as customer, t.caller, s.name as site, u.name as owner
from tickets t
left join contracts k on k.id = t.contract
left join accounts a on a.id = t.account
left join sites s on s.id = t.site
left join users u on u.login = t.assignee
where t.number = any (cast(:numbers as bigint[]));

-- name: missed
-- Calls nobody answered, and nobody has called back or answered since.
select c.id, c.caller, c.received_at, c.outcome, n.name as contact, a.name as customer, q.name as queue
from calls c
left join contacts n on n.id = c.contact
left join accounts a on a.id = n.account
left join queues q on q.id = c.queue
where c.direction = 'in' and c.outcome in ('missed', 'abandoned', 'voicemail', 'overflow') and c.caller is not null
  and c.received_at > :since and c.received_at <= :now
  and not exists (select from calls o where o.direction = 'out' and o.called = c.caller and o.received_at >= c.received_at)
  and not exists (select from calls i where i.caller = c.caller and i.received_at > c.received_at)
order by c.received_at desc
limit :limit;

-- name: missed_call^
select c.id, c.caller, c.contact, c.queue, c.received_at from calls c where c.id = :id and c.direction = 'in';

-- name: colleagues
-- Who shares a team with somebody, themselves included.
select distinct unnest(members) as login from teams where :login = any (members);

-- name: choices
-- Contracts and regions of tickets that are not over.
select distinct k.code as contract, t.region
from (select distinct contract, region from tickets where state not in ('closed', 'cancelled')) t
join contracts k on k.id = t.contract;

-- name: of_partner
select login from users where partner = :partner;

-- name: resolved
-- Tickets resolved since then and not followed up since, those to be asked again only when it is time.
select t.number, max(e.occurred_at) as resolved_at, f.ask_again_at, coalesce(f.tries, 0) as tries
from entries e
join tickets t on t.number = e.ticket and t.state = 'resolved'
left join follow_ups f on f.ticket = t.number
where e.type = 'resolved' and e.occurred_at > :since and e.occurred_at <= :now
  and not exists (
      select from entries d
      where d.ticket = e.ticket and d.type = 'followed_up' and d.occurred_at >= e.occurred_at
        and not exists (select from entries m where m.ticket = d.ticket and m.type = 'corrected'
                          and m.data ->> 'entry' = d.seq::text and (m.data ->> 'void')::boolean))
group by t.number, f.ask_again_at, f.tries
order by coalesce(f.ask_again_at, max(e.occurred_at))
limit :limit;

-- name: ask_again!
insert into follow_ups (ticket, ask_again_at, by, updated_at) values (:ticket, :at, :by, :now)
on conflict (ticket) do update
set ask_again_at = excluded.ask_again_at, tries = follow_ups.tries + 1, by = excluded.by, updated_at = excluded.updated_at;

-- name: asked!
delete from follow_ups where ticket = :ticket;
