-- name: claim_fresh
-- What fell due since an instant, gravest first. The rows are locked before the limit counts them, so that several
-- workers share the work; the ticket rows are probed one by one: a join would let the planner read all tickets.
with taken as (
    select c.id, c.ticket, c.contract, c.commitment, c.cycle, c.due_at, c.deadline_version, c.ladder_from, c.wake_at
    from clocks c
    where c.wake_at > :since and c.wake_at <= :now
    order by c.severity nulls last, c.wake_at
    limit :limit
    for update skip locked
)
select taken.*, t.number is not null as held
from taken
left join lateral (select number from tickets where number = taken.ticket for update skip locked) t on true;

-- name: claim_backlog
-- What fell due before that, the newest first: the older it is, the less it matters whether it is told now or soon.
with taken as (
    select c.id, c.ticket, c.contract, c.commitment, c.cycle, c.due_at, c.deadline_version, c.ladder_from, c.wake_at
    from clocks c
    where c.wake_at <= :since
    order by c.wake_at desc
    limit :limit
    for update skip locked
)
select taken.*, t.number is not null as held
from taken
left join lateral (select number from tickets where number = taken.ticket for update skip locked) t on true;

-- name: clocks_of
select id, ticket, commitment, cycle, due_at, deadline_version, ladder_from
from clocks
where ticket = any (cast(:tickets as bigint[]));

-- name: postpone!
update clocks set wake_at = :until where id = any (cast(:clocks as bigint[]));

-- name: worked_off$
-- Whether nothing is left of a backlog.
select not exists (select from clocks where wake_at <= :since);

-- name: gather_late$
-- Some more of what an outage left travels with the first of its company; how many.
with heads as (
    select distinct on (d.channel, d.batch) d.id, d.channel, d.batch
    from deliveries d
    where d.state = 'pending' and d.event = 'fire' and d.batch like 'late %' and d.attempts = 0
    order by d.channel, d.batch, d.created_at, d.alert
), company as (
    select d.id, h.id as head
    from deliveries d join heads h on h.channel = d.channel and h.batch = d.batch and h.id <> d.id
    where d.state = 'pending' and d.event = 'fire' and d.attempts = 0
      and not exists (select from deliveries c where c.carrier = d.id)
    limit :most
    for update of d skip locked
), taken as (
    update deliveries d
    set state = 'gathered', carrier = company.head, next_try_at = null
    from company
    where d.id = company.id
    returning d.id
)
select count(*)::int from taken;

-- name: tell_late!
-- What waited for company leaves.
update deliveries
set next_try_at = cast(:at as timestamptz)
where state = 'pending' and event = 'fire' and batch like 'late %' and attempts = 0 and next_try_at > cast(:at as timestamptz);

-- name: next_wake$
-- The earliest instant at which a clock is due. Whoever asks looks: every ten seconds that is noted, and where nobody
-- looked for longer than it takes to be late, that is kept.
with before as (
    select at from engine_looks where at < cast(:now as timestamptz) - interval '10 seconds' for update skip locked
), noted as (
    update engine_looks set at = :now from before
), silent as (
    insert into silences (since, until) select at, :now from before where at < cast(:now as timestamptz) - cast(:late as interval)
    on conflict do nothing
)
select wake_at from clocks where wake_at is not null order by wake_at limit 1;  -- beside a `with`, min() would read them all
