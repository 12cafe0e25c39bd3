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

-- name: late_heads
-- What an outage left waits behind the first of its company.
select distinct on (channel, batch) id, channel, batch
from deliveries
where state = 'pending' and event = 'fire' and batch <> '' and batch like 'late %' and attempts = 0
order by channel, batch, created_at, alert;

-- name: gather_late$
-- Some more of a company travels with its first, which whoever writes to its ticket may just be cancelling; how many.
-- Looked for within what comes next: else the planner reads all deliveries in search of those that carry nobody.
with head as (
    select id from deliveries where id = :head and state = 'pending' and attempts = 0 for update skip locked
), company as (
    select d.id, head.id as head
    from head cross join lateral (
        select id
        from deliveries
        where channel = :channel and batch = :batch and event = 'fire' and state = 'pending' and batch <> '' and attempts = 0
          and id <> head.id
        limit :most
        for update skip locked
    ) d
    where not exists (select from deliveries c where c.carrier = d.id)
), taken as (
    update deliveries d
    set state = 'gathered', carrier = company.head, next_try_at = null
    from company
    where d.id = company.id
    returning d.id
)
select count(*)::int from taken;

-- name: tell_late$
-- What waited for company leaves; whether all of it does: what somebody is writing to at this moment is left for later.
with free as (
    select id
    from deliveries
    where state = 'pending' and event = 'fire' and batch <> '' and batch like 'late %' and attempts = 0
      and next_try_at > cast(:at as timestamptz)
    for update skip locked
), told as (
    update deliveries d set next_try_at = cast(:at as timestamptz) from free where d.id = free.id returning d.id
)
select count(*) = (select count(*) from told)
from deliveries
where state = 'pending' and event = 'fire' and batch <> '' and batch like 'late %' and attempts = 0 and next_try_at > cast(:at as timestamptz);

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
