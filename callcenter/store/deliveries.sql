-- name: cancel_gathered!
-- Nobody is told any more what is not true any more, or warned of what is over. A breach is told even when it is over. What
-- travels with a message that somebody is sending, or has begun to, is being told: so the message is held while its company
-- is looked at, or has been taken by whoever was quicker.
with heads as materialized (
    select carrier.id
    from (
        select distinct carrier from deliveries where alert = any (cast(:alerts as bigint[])) and event = 'fire' and state = 'gathered'
        offset 0
    ) gathered
    join deliveries carrier on carrier.id = gathered.carrier
    where coalesce(carrier.state, '') = 'pending' and carrier.attempts = 0
    order by carrier.id
    for update of carrier
)
update deliveries d
set state = 'cancelled', next_try_at = null, carrier = null
from alerts a, heads
where a.id = d.alert and a.id = any (cast(:alerts as bigint[])) and d.event = 'fire' and d.state = 'gathered' and d.carrier = heads.id
  and (a.state = 'withdrawn' or a.kind = 'warning');

-- name: cancel!
-- The same of what waits to leave by itself. `coalesce` hides from the planner that few deliveries wait, when it thinks so:
-- it is not to walk through all of them.
update deliveries d
set state = 'cancelled', next_try_at = null, carrier = null
from alerts a
where a.id = d.alert and a.id = any (cast(:alerts as bigint[])) and d.event = 'fire' and coalesce(d.state, '') = 'pending'
  and (a.state = 'withdrawn' or a.kind = 'warning');

-- name: tell_acknowledged!
-- Receivers that keep a matter of their own learn that somebody has it.
insert into deliveries (alert, channel, event, recipients, next_try_at, created_at, batch, priority)
select d.alert, d.channel, 'acknowledge', d.recipients, cast(:now as timestamptz), cast(:now as timestamptz), d.batch, d.priority
from deliveries d join channels ch on ch.id = d.channel
where d.alert = :alert and d.event = 'fire' and d.state in ('pending', 'sending', 'sent') and ch.kind = any (cast(:kinds as text[])) and ch.active
on conflict on constraint deliveries_once do nothing;

-- name: tell_end!
-- Who was told, or is being told at this moment, learns how it ended; in company where it was told in company.
insert into deliveries (alert, channel, event, recipients, next_try_at, created_at, batch, priority)
select d.alert, d.channel, case a.state when 'withdrawn' then 'withdraw' else 'resolve' end, d.recipients, cast(:now as timestamptz),
    cast(:now as timestamptz), d.batch, d.priority
from deliveries d join alerts a on a.id = d.alert left join deliveries carrier on carrier.id = d.carrier
where a.id = any (cast(:alerts as bigint[])) and d.event = 'fire' and coalesce(carrier.state, d.state) in ('pending', 'sending', 'sent')
on conflict on constraint deliveries_once do nothing;

-- name: channels
select id from channels order by id;

-- name: lease
-- Who took a delivery and vanished may have left a warning that has been withdrawn since: that one is not sent again.
-- The end of an alert is not told while its beginning is still on its way: a receiver that keeps state would miss it.
-- The grave and fresh goes before all else, what an outage left goes last.
with room as (
    select r.channel, r.slots from unnest(cast(:channels as bigint[]), cast(:slots as int[])) as r (channel, slots)
), ready as (
    select d.id, d.event = 'fire' and a.state = 'withdrawn' as stale
    from room r
    cross join lateral (
        select id, alert, event
        from deliveries
        where channel = r.channel and state in ('pending', 'sending') and coalesce(lease_until, next_try_at) <= cast(:now as timestamptz)
          and not exists (
              select from deliveries before
              left join deliveries carrier on carrier.id = before.carrier
              where before.alert = deliveries.alert and before.channel = r.channel and before.batch = deliveries.batch
                and coalesce(carrier.state, before.state) in ('pending', 'sending')
                and (deliveries.event = 'acknowledge' and before.event = 'fire'
                     or deliveries.event in ('resolve', 'withdraw') and before.event in ('fire', 'acknowledge')))
        order by priority, coalesce(lease_until, next_try_at)
        limit r.slots
        for update skip locked
    ) d
    join alerts a on a.id = d.alert
)
update deliveries d
set state = case when ready.stale then 'cancelled' else 'sending' end,
    attempts = d.attempts + case when ready.stale then 0 else 1 end, next_try_at = null,
    ready_at = coalesce(d.ready_at, greatest(d.created_at, d.next_try_at)),
    lease_until = case when ready.stale then null else cast(:until as timestamptz) end,
    lease_by = case when ready.stale then null else cast(:by as text) end
from ready
where d.id = ready.id
returning d.id, d.state, d.channel, d.batch;

-- name: gather
-- One delivery of each batch just taken carries all the others that wait, ready or not. What was tried before keeps to
-- what it said then: who has it already takes no second look. What others hold at this moment goes with the next.
with heads as (
    select distinct on (d.channel, d.batch, d.event) d.id, d.channel, d.batch, d.event
    from deliveries d
    where d.id = any (cast(:ids as uuid[])) and d.batch <> '' and d.attempts = 1
      and not exists (select from deliveries c where c.carrier = d.id)
    order by d.channel, d.batch, d.event, d.created_at, d.alert
), company as (
    select other.id, h.id as head
    from heads h
    cross join lateral (
        select d.id
        from deliveries d
        where d.channel = h.channel and d.batch = h.batch and d.event = h.event and d.id <> h.id
          and (d.state = 'pending' and d.attempts = 0 or d.state = 'sending' and d.attempts = 1 and d.id = any (cast(:ids as uuid[])))
          and not exists (select from deliveries c where c.carrier = d.id)
        order by d.priority, d.alert
        limit cast(:most as int)
        for update skip locked
    ) other
)
update deliveries d
set state = 'gathered', carrier = company.head, attempts = 0, next_try_at = null, lease_until = null, lease_by = null
from company
where d.id = company.id
returning d.id;

-- name: release!
-- Who travelled with a message that is not sent after all waits for another, unless it is over by now as well.
update deliveries c
set state = case when o.over then 'cancelled' else 'pending' end, carrier = null,
    next_try_at = case when not o.over then c.created_at end
from deliveries d, (
    select id, state = 'withdrawn' or kind = 'warning' and state = 'resolved' as over from alerts
) o
where o.id = c.alert and c.carrier = d.id and d.state = 'cancelled'
  and d.id in (select unnest(cast(:ids as uuid[])) union all select id from deliveries where alert = any (cast(:alerts as bigint[])));

-- name: company
-- What each message speaks of beside its own alert: how many, and the first of them. Alerts withdrawn since are left out.
select m.carrier, max(m.n) as n, min(m.fires_at) as since,
    array_agg(jsonb_build_object('alert', m.alert, 'ticket', m.ticket, 'title', t.title, 'commitment', k.commitment, 'kind', m.kind,
        'severity', k.severity, 'due_at', m.due_at, 'fires_at', m.fires_at) order by m.place) filter (where m.place <= :most) as listed
from (
    select c.carrier, a.id as alert, a.ticket, a.clock, a.kind, a.due_at, a.fires_at, count(*) over (partition by c.carrier) as n,
        row_number() over (partition by c.carrier order by a.due_at, a.id) as place
    from deliveries c
    join alerts a on a.id = c.alert
    where c.carrier = any (cast(:ids as uuid[])) and (c.event <> 'fire' or a.state <> 'withdrawn')
) m
left join tickets t on t.number = m.ticket and m.place <= :most
left join clocks k on k.id = m.clock and m.place <= :most
group by m.carrier;

-- name: gated
-- Channels whose pace is kept: limited ones, and those that failed; and whether there is anything to send. One that has
-- nothing now may have by the time its pace would be looked at, and is left for the next look.
select ch.id, ch.kind, ch.config -> 'per_minute' as per_minute, exists (
        select from deliveries d
        where d.channel = ch.id and d.state in ('pending', 'sending') and coalesce(d.lease_until, d.next_try_at) <= cast(:now as timestamptz)
    ) as ready
from channels ch left join channel_states s on s.channel = ch.id
where ch.id = any (cast(:channels as bigint[]))
  and (ch.kind = any (cast(:limited as text[])) or jsonb_exists(ch.config, 'per_minute') or s.opened_at is not null or s.held_until is not null)
order by ch.id;

-- name: begin_states!
insert into channel_states (channel) select unnest(cast(:channels as bigint[])) on conflict on constraint channel_states_pk do nothing;

-- name: lock_states
select * from channel_states where channel = any (cast(:channels as bigint[])) order by channel for update;

-- name: save_state!
update channel_states
set leased_at = :leased_at, failures = :failures, failed_by = :failed_by, opened_at = :opened_at, probe_at = :probe_at,
    probe = :probe, probes = :probes, held_until = :held_until, reason = :reason
where channel = :channel;

-- name: state^
select s.*, ch.kind, ch.config
from channels ch left join channel_states s on s.channel = ch.id
where ch.id = :channel;

-- name: resend
-- Repeats what is due to be repeated: an alert while it stands, its end for five minutes unless the rung fires anew.
with due as (
    select d.id,
        case when d.event = 'fire' then a.state in ('firing', 'acknowledged')
            else d.sent_at + interval '5 minutes' > cast(:now as timestamptz) and not exists (
                select from alerts later
                where later.clock = a.clock and later.step = a.step and later.id > a.id and later.state in ('firing', 'acknowledged'))
        end as goes_on
    from deliveries d
    join alerts a on a.id = d.alert
    join channels ch on ch.id = d.channel
    where d.resend_at <= cast(:now as timestamptz) and ch.active and d.channel <> all (cast(:busy as bigint[]))
    order by d.resend_at
    limit 1000
    for update of d skip locked
)
update deliveries d
set resend_at = case when due.goes_on then cast(:now as timestamptz) + interval '1 minute' end,
    resent = d.resent + case when due.goes_on then 1 else 0 end,
    resent_at = case when due.goes_on then cast(:now as timestamptz) else d.resent_at end
from due
where d.id = due.id
returning d.id, due.goes_on;

-- name: facts
select d.id, d.event, d.attempts, d.channel, ch.kind as channel_kind, ch.config, ch.active, d.traceparent,
    a.id as alert, a.kind, a.step, a.repeat, a.fires_at, a.recorded_at, a.settled_because, a.ticket, a.clock,
    a.settled_at as ended_at, a.acknowledged_by, a.nobody_for, d.batch,
    (select count(*) from alerts o where o.clock = a.clock and o.id <> a.id and o.state in ('firing', 'acknowledged')) as standing,
    case when d.event = 'fire' then coalesce(c.due_at, a.due_at) else a.due_at end as due_at,
    (select array[s.since, s.until] from silences s where s.since <= a.fires_at and a.fires_at <= s.until
     order by s.since desc limit 1) as silent,
    c.commitment, c.cycle, c.clause, c.severity, c.promised, c.stopped_at,
    t.title, t.contract_version, v.timezone, k.code as contract, ac.name as customer,
    (select coalesce(array_agg(distinct r order by r), '{}')
     from deliveries o cross join lateral unnest(o.recipients) as r
     where o.alert = a.id and o.event = 'fire') as told,
    (select coalesce(json_agg(json_build_object('login', u.login, 'name', u.name, 'email', u.email, 'phone', u.phone)
                              order by u.login), '[]')
     from users u
     where u.login = any (d.recipients) or u.login in (select unnest(c.recipients) from deliveries c where c.carrier = d.id)) as people
from deliveries d
join channels ch on ch.id = d.channel
join alerts a on a.id = d.alert
join clocks c on c.id = a.clock
join tickets t on t.number = a.ticket
join contracts k on k.id = c.contract
left join contract_versions v on v.id = t.contract_version
left join accounts ac on ac.id = coalesce(t.account, k.account)
where d.id = any (cast(:ids as uuid[]))
order by d.created_at;

-- name: sent!
-- A success closes the channel's circuit; a receiver that forgets is told again in a minute.
with done as (
    update deliveries d
    set state = 'sent', sent_at = cast(:now as timestamptz), lease_until = null, lease_by = null, next_try_at = null, reason = null,
        detail = null, resend_at = case when ch.kind = any (cast(:forgetful as text[])) then cast(:now as timestamptz) + interval '1 minute' end
    from channels ch
    where ch.id = d.channel and d.id = any (cast(:ids as uuid[])) and d.lease_by = :by and d.state = 'sending'
    returning d.channel
)
update channel_states s
set failures = 0, failed_by = null, opened_at = null, probe_at = null, probe = null, probes = 0
where s.channel in (select channel from done) and (s.failures > 0 or s.opened_at is not null);

-- name: failed$
-- A try that failed after its alert was withdrawn is not repeated.
update deliveries d
set state = case
        when d.event = 'fire' and a.state = 'withdrawn' then 'cancelled'
        when cast(:next_try_at as timestamptz) is null then 'dead'
        else 'pending' end,
    next_try_at = case when d.event = 'fire' and a.state = 'withdrawn' then null else cast(:next_try_at as timestamptz) end,
    lease_until = null, lease_by = null, reason = :reason, detail = :detail
from alerts a
where a.id = d.alert and d.id = :id and d.lease_by = :by and d.attempts = :attempt and d.state = 'sending'
returning true;

-- name: give_back!
update deliveries
set state = 'pending', attempts = attempts - 1, next_try_at = cast(:now as timestamptz), lease_until = null,
    lease_by = null
where id = any (cast(:ids as uuid[])) and lease_by = :by and state = 'sending';

-- name: depth^
-- How many deliveries wait or are under way, and since when the oldest; one that is held back waits from when it may go.
select count(*) as depth, min(greatest(created_at, ready_at, case when attempts = 0 then next_try_at end)) as oldest
from deliveries
where state in ('pending', 'sending');

-- name: of_alert
-- One that left with another fared as that one did.
select m.id, d.event, m.state, m.attempts, d.recipients, m.reason, m.detail, d.created_at, m.sent_at, m.next_try_at,
    ch.name as channel, ch.kind as channel_kind
from deliveries d join channels ch on ch.id = d.channel join deliveries m on m.id = coalesce(d.carrier, d.id)
where d.alert = :alert
order by d.created_at, ch.name;

-- name: of_alerts
-- One that left with another fared as that one did.
select m.id, d.alert, c.name as channel, d.event, m.state, m.attempts, m.reason, m.detail, d.created_at, m.sent_at
from deliveries d
join deliveries m on m.id = coalesce(d.carrier, d.id)
join channels c on c.id = d.channel
where d.alert = any (cast(:alerts as bigint[]))
order by d.created_at, d.id;

-- name: retry$
-- One that is dead, or waits to be tried again, is ready now as if it had never been tried.
update deliveries
set state = 'pending', attempts = 0, next_try_at = cast(:now as timestamptz), lease_until = null, lease_by = null
where id = :id and state in ('dead', 'pending')
returning id;

-- name: secret$
select value from secrets where name = :name;

-- name: person^
select login, name, role, email, phone, locale, partner from users where login = :login and active;

-- name: company_of
-- Alerts not acknowledged yet that left in one message with the given one, as far as the message named them.
select a.id
from deliveries h join deliveries c on c.carrier = h.id join alerts a on a.id = c.alert
where h.alert = :alert and h.event = 'fire' and a.state = 'firing'
group by a.id
order by a.due_at, a.id
limit :most;
