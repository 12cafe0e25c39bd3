-- name: quick!
-- Compiling queries that take milliseconds would take longer than running them.
set local jit = off;

-- name: lock$
select pg_advisory_xact_lock(1667329140);

-- name: kept^
select figures, read_s, extract(epoch from clock_timestamp() - read_at)::float8 as age_s from metric_figures;

-- name: keep!
insert into metric_figures (read_at, read_s, figures) values (clock_timestamp(), :read_s, :figures)
on conflict (one) do update set read_at = excluded.read_at, read_s = excluded.read_s, figures = excluded.figures;

-- name: listed
-- The contracts that have a label of their own, each with its newest version.
select k.code, v.id as version
from contracts k
join lateral (select v.id from contract_versions v where v.contract = k.id order by v.version desc limit 1) v on true
where cast(:codes as text[]) is null or k.code = any (cast(:codes as text[]))
order by k.id
limit 50;

-- name: queues
select name, answer_within_s from queues order by id limit 50;

-- name: channel_kinds
select distinct kind from channels order by kind;

-- name: tickets_open
select severity, case when kind = any (cast(:kinds as text[])) then kind else 'other' end as kind, count(*) as n
from tickets
where state not in ('closed', 'cancelled')
group by 1, 2;

-- name: newest_ticket$
select coalesce(max(number), 0) from tickets;

-- name: tickets_since
-- New tickets but not history that was loaded: what was reported long ago was not opened now. The newest numbers are
-- listed either way, so that they need not be looked at again.
select number, severity, case when kind = any (cast(:kinds as text[])) then kind else 'other' end as kind,
       reported_at >= :since as fresh
from tickets
where number > :after and (reported_at >= :since or number > (select max(number) from tickets) - cast(:overlap as int));

-- name: clocks_open
select commitment, severity, state, count(*) as n, min(due_at) filter (where state = 'running') as next_due
from (
    select case when commitment = any (cast(:commitments as text[])) then commitment else 'other' end as commitment,
           severity, case when due_at < :now then 'breached' else 'running' end as state, due_at
    from clocks
    where stopped_at is null and due_at is not null and not void
    union all
    select case when commitment = any (cast(:commitments as text[])) then commitment else 'other' end,
           severity, 'paused', null
    from clocks
    where state = 'paused' and not void
) open
group by commitment, severity, state;

-- name: month
-- Clocks whose deadline falls into the running month of the contract's zone; void ones have no deadline.
with months as (
    select k.id, case when k.code = any (cast(:codes as text[])) then k.code else 'other' end as contract,
           date_trunc('month', cast(:now as timestamptz) at time zone v.timezone) at time zone v.timezone as since,
           (date_trunc('month', cast(:now as timestamptz) at time zone v.timezone) + interval '1 month') at time zone v.timezone as until
    from contracts k
    cross join lateral (select v.timezone from contract_versions v where v.contract = k.id order by v.version desc limit 1) v
)
select m.contract, case when c.commitment = any (cast(:commitments as text[])) then c.commitment else 'other' end as commitment,
       c.result, sum(c.n)::bigint as n
from months m
cross join lateral (
    select commitment, count(*) as n,
           case when state <> 'running' then state when due_at < :now then 'breached' else 'open' end as result
    from clocks
    where contract = m.id and due_at >= m.since and due_at < m.until and state in ('running', 'met', 'breached', 'cancelled')
    group by 1, 3
) c
group by 1, 2, 3;

-- name: calls_waiting
-- In a queue, and nobody has spoken to the caller yet. What was not ended within the hour never will be.
select case when q.name = any (cast(:queues as text[])) then q.name else 'other' end as queue, count(*) as n,
       min(coalesce(c.queued_at, c.received_at)) as oldest
from calls c
join queues q on q.id = c.queue
where c.received_at > cast(:now as timestamptz) - interval '1 hour' and c.received_at <= :now and c.direction = 'in'
  and c.answered_at is null and c.ended_at is null and c.outcome is null and c.agent is null and c.ticket is null
group by 1;

-- name: next_wake$
select min(wake_at) from clocks where wake_at is not null;

-- name: alerts_unsettled
select kind, state, count(*) as n from alerts where state in ('firing', 'acknowledged') group by kind, state;

-- name: firing_oldest
select kind, min(recorded_at) as oldest from alerts where state = 'firing' group by kind;

-- name: telephone^
-- When the newest call came in, when a telephone system last told of one, and when the one that reports itself and has been
-- silent longest last did.
select (select max(received_at) from calls where received_at <= :now) as call, (select max(heard_at) from telephone_feeds) as heard,
       (select min(f.beat_at) from telephone_feeds f join tokens t on t.id = f.token
        where t.revoked_at is null and (t.expires_at is null or t.expires_at > :now)) as beat;

-- name: agents
-- On a call: the newest call that the person answered has not ended, as the telephone tells; one of more than four hours is
-- taken for one whose end was not told. Signed in: at the console within ten minutes, and not on a call.
with on_call as (
    select agent
    from calls
    where received_at > cast(:now as timestamptz) - interval '4 hours' and received_at <= :now
      and ref is not null and agent is not null and answered_at is not null
    group by agent
    having max(answered_at) = max(answered_at) filter (where ended_at is null)
), signed_in as (
    select distinct s.login
    from sessions s
    join users u on u.login = s.login
    where s.seen_at > cast(:now as timestamptz) - interval '10 minutes' and s.expires_at > :now
      and u.active and u.role = any (cast(:roles as text[]))
      and not exists (select from on_call o where o.agent = s.login)
)
select 'on_call' as state, count(*) as n from on_call
union all
select 'signed_in', count(*) from signed_in;

-- name: outbox
-- What is held back waits from when it may go.
select ch.kind as channel, count(*) as n, min(greatest(d.created_at, d.ready_at, case when d.attempts = 0 then d.next_try_at end)) as oldest
from deliveries d
join channels ch on ch.id = d.channel
where d.state in ('pending', 'sending')
group by ch.kind;

-- name: mails
-- Mails that are no alert's: what waits, and what was given up within a week.
select kind, 'waiting' as state, count(*) as n from mails where state in ('pending', 'sending') group by kind
union all
select kind, 'dead', count(*) from mails where state = 'dead' and created_at > cast(:now as timestamptz) - interval '7 days' group by kind;

-- name: calls_counted
-- A bucket is how many bounds lie below the figure: "within 20 s" includes 20 s. Rows with `handled` count talk times.
select queue, outcome, wait_bucket, handle_bucket, grouping(handle_bucket) = 0 as handled, count(*) as n,
       coalesce(sum(wait_s), 0)::float8 as wait_s, coalesce(sum(handle_s), 0)::float8 as handle_s
from (
    select call.*,
           cardinality(cast(:bounds as float8[])) - width_bucket(-wait_s, cast(:negative as float8[])) as wait_bucket,
           cardinality(cast(:bounds as float8[])) - width_bucket(-handle_s, cast(:negative as float8[])) as handle_bucket
    from (
        select case when q.name = any (cast(:queues as text[])) then q.name else 'other' end as queue,
               case when c.outcome = 'answered' or c.outcome is null and c.answered_at is not null then 'answered'
                    when c.outcome = 'abandoned' or c.outcome is null and c.ended_at is not null then 'abandoned'
               end as outcome,
               greatest(0, coalesce(c.wait_s, extract(epoch from coalesce(c.answered_at, c.ended_at)
                                                          - coalesce(c.queued_at, c.received_at))::float8)) as wait_s,
               extract(epoch from c.ended_at - c.answered_at)::float8 as handle_s
        from calls c
        join queues q on q.id = c.queue
        where c.received_at >= :since and c.received_at <= :now and c.direction = 'in'
    ) call
) measured
group by grouping sets ((queue, outcome, wait_bucket), (queue, handle_bucket));

-- name: clocks_finished
select case when commitment = any (cast(:commitments as text[])) then commitment else 'other' end as commitment, state, count(*) as n
from clocks
where stopped_at >= :since and not void and state in ('met', 'breached', 'cancelled')
group by 1, 2;

-- name: alerts_raised
select kind, cardinality(cast(:bounds as float8[])) - width_bucket(-late_s, cast(:negative as float8[])) as bucket,
       count(*) as n, sum(late_s)::float8 as late_s
from (
    select kind, greatest(0, extract(epoch from recorded_at - fires_at))::float8 as late_s
    from alerts
    where recorded_at >= :since
) raised
group by 1, 2;
