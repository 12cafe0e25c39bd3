-- name: update_clocks!
-- Days long over that a change concerns, by the old deadline or the new one, are marked to be counted again.
with u as (
    select * from unnest(cast(:id as bigint[]), cast(:contract as bigint[]), cast(:owner as text[]), cast(:state as text[]), cast(:severity as smallint[]),
        cast(:region as text[]), cast(:promised as text[]), cast(:promised_s as float8[]), cast(:calendar as text[]),
        cast(:clause as text[]), cast(:started_at as timestamptz[]), cast(:due_at as timestamptz[]),
        cast(:stopped_at as timestamptz[]), cast(:breached_at as timestamptz[]), cast(:used_s as float8[]),
        cast(:paused_s as float8[]), cast(:provisional as bool[]), cast(:deadline_version as int[]),
        cast(:wake_at as timestamptz[]))
        as u (id, contract, owner, state, severity, region, promised, promised_s, calendar, clause, started_at, due_at, stopped_at,
              breached_at, used_s, paused_s, provisional, deadline_version, wake_at)
), marked as (
    insert into day_marks (part, owner, since, until)
    select 'clocks', v.contract, min(v.at), max(v.at)
    from u
    join clocks c on c.id = u.id
    cross join lateral (values (c.contract, coalesce(c.due_at, c.stopped_at)), (u.contract, coalesce(u.due_at, u.stopped_at)))
        as v (contract, at)
    where v.at < cast(:now as timestamptz) - interval '1 hour'
      and (c.contract, c.owner, c.state, c.severity, c.region, c.started_at, c.due_at, c.stopped_at, c.void)
          is distinct from (u.contract, u.owner, u.state, u.severity, u.region, u.started_at, u.due_at, u.stopped_at, false)
    group by v.contract, date_bin('1 day', v.at, timestamptz 'epoch')
)
update clocks c
set contract = u.contract, owner = u.owner, state = u.state, severity = u.severity, region = u.region, promised = u.promised,
    promised_s = u.promised_s, calendar = u.calendar, clause = u.clause, started_at = u.started_at, due_at = u.due_at,
    stopped_at = u.stopped_at, breached_at = u.breached_at, used_s = u.used_s, paused_s = u.paused_s,
    provisional = u.provisional, void = false, deadline_version = u.deadline_version, assessed_at = cast(:now as timestamptz),
    wake_at = u.wake_at
from u
where c.id = u.id;

-- name: void_clocks!
with u as (
    select * from unnest(cast(:id as bigint[]), cast(:deadline_version as int[]), cast(:wake_at as timestamptz[]))
        as u (id, deadline_version, wake_at)
), marked as (
    insert into day_marks (part, owner, since, until)
    select 'clocks', c.contract, coalesce(c.due_at, c.stopped_at), coalesce(c.due_at, c.stopped_at)
    from clocks c
    where c.id in (select id from u) and not c.void
      and coalesce(c.due_at, c.stopped_at) < cast(:now as timestamptz) - interval '1 hour'
)
update clocks c
set void = true, state = 'idle', due_at = null, stopped_at = null, breached_at = null, wake_at = u.wake_at,
    deadline_version = u.deadline_version, assessed_at = cast(:now as timestamptz)
from u
where c.id = u.id;

-- name: add_clocks
with added as (
    insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, region, promised, promised_s, calendar,
        clause, started_at, due_at, stopped_at, breached_at, used_s, paused_s, provisional, deadline_version, ladder_from,
        assessed_at, wake_at)
    select u.ticket, u.contract, u.commitment, u.cycle, u.owner, u.state, u.severity, u.region, u.promised, u.promised_s,
        u.calendar, u.clause, u.started_at, u.due_at, u.stopped_at, u.breached_at, u.used_s, u.paused_s, u.provisional,
        u.deadline_version, u.ladder_from, cast(:now as timestamptz), u.wake_at
    from unnest(cast(:ticket as bigint[]), cast(:contract as bigint[]), cast(:commitment as text[]), cast(:cycle as int[]), cast(:owner as text[]),
        cast(:state as text[]), cast(:severity as smallint[]), cast(:region as text[]), cast(:promised as text[]),
        cast(:promised_s as float8[]), cast(:calendar as text[]), cast(:clause as text[]),
        cast(:started_at as timestamptz[]), cast(:due_at as timestamptz[]), cast(:stopped_at as timestamptz[]),
        cast(:breached_at as timestamptz[]), cast(:used_s as float8[]), cast(:paused_s as float8[]),
        cast(:provisional as bool[]), cast(:deadline_version as int[]), cast(:ladder_from as timestamptz[]),
        cast(:wake_at as timestamptz[]))
        as u (ticket, contract, commitment, cycle, owner, state, severity, region, promised, promised_s, calendar, clause, started_at,
              due_at, stopped_at, breached_at, used_s, paused_s, provisional, deadline_version, ladder_from, wake_at)
    returning id, ticket, commitment, cycle, contract, coalesce(due_at, stopped_at) as at
), marked as (
    insert into day_marks (part, owner, since, until)
    select 'clocks', contract, min(at), max(at)
    from added
    where at < cast(:now as timestamptz) - interval '1 hour'
    group by contract, date_bin('1 day', at, timestamptz 'epoch')
)
select id, ticket, commitment, cycle from added;

-- name: raise_alerts
insert into alerts (clock, ticket, step, repeat, deadline_version, kind, notify, fires_at, planned_at, due_at, grave,
    storm, nobody_for, recorded_at, state, settled_at, settled_because)
select u.clock, u.ticket, u.step, u.repeat, u.deadline_version, u.kind, string_to_array(u.notify, chr(31)), u.fires_at,
    u.planned_at, u.due_at, u.grave, u.storm,
    coalesce(string_to_array(nullif(u.nobody_for, ''), chr(31)), '{}'), cast(:now as timestamptz), case when u.ended then 'resolved' else 'firing' end,
    case when u.ended then cast(:now as timestamptz) end, case when u.ended then 'stopped' end
from unnest(cast(:clock as bigint[]), cast(:ticket as bigint[]), cast(:step as smallint[]), cast(:repeat as int[]),
    cast(:deadline_version as int[]), cast(:kind as text[]), cast(:notify as text[]), cast(:fires_at as timestamptz[]),
    cast(:planned_at as timestamptz[]), cast(:due_at as timestamptz[]), cast(:ended as bool[]), cast(:grave as bool[]),
    cast(:storm as text[]), cast(:nobody_for as text[]))
    as u (clock, ticket, step, repeat, deadline_version, kind, notify, fires_at, planned_at, due_at, ended, grave, storm,
          nobody_for)
on conflict on constraint alerts_once do nothing
returning id, clock, step, repeat;

-- name: settle_alerts
update alerts a
set state = u.state, settled_at = cast(:now as timestamptz), settled_because = u.because
from unnest(cast(:id as bigint[]), cast(:state as text[]), cast(:because as text[])) as u (id, state, because)
where a.id = u.id and a.settled_at is null
returning a.id;

-- name: of_clocks
select id, clock, step, repeat, deadline_version, kind, recorded_at, state, settled_at, planned_at is not null as early
from alerts
where clock = any (cast(:clocks as bigint[]))
order by id;

-- name: of_ticket
select id, clock, step, repeat, deadline_version, kind, recorded_at, state, settled_at, planned_at is not null as early
from alerts
where ticket = :ticket
order by id;

-- name: get^
select a.*, c.commitment, c.cycle, c.severity, c.clause, t.title, t.assignee, k.code as contract
from alerts a
join clocks c on c.id = a.clock
join tickets t on t.number = a.ticket
join contracts k on k.id = c.contract
where a.id = :id;

-- name: lock_ticket_of$
select number from tickets where number = (select ticket from alerts where id = :id) for update;

-- name: acknowledge$
update alerts
set state = 'acknowledged', acknowledged_by = :by, acknowledged_at = cast(:now as timestamptz)
where id = :id and state = 'firing'
returning clock;

-- name: wake_clock!
update clocks set wake_at = least(wake_at, cast(:now as timestamptz)) where id = :id;

-- name: notify_wake!
select pg_notify('callcenter_wake', :payload);
