-- name: hold!
-- One import writes at a time; the others wait for its chunk.
select pg_advisory_xact_lock(:key);

-- name: numbers
select nextval(pg_get_serial_sequence('tickets', 'number')) as number from generate_series(1, :count);

-- name: tickets_of_refs
select ref, number from tickets where ref = any (cast(:refs as text[]));

-- name: call_refs
select ref from calls where ref = any (cast(:refs as text[]));

-- name: versions_of
-- Every version of the contracts, the one that counts first where several are effective on a day.
select k.code, v.id, v.contract, k.account, v.effective, v.valid_from, v.valid_until, v.timezone
from contracts k join contract_versions v on v.contract = k.id
where k.code = any (cast(:codes as text[]))
order by k.code, v.effective desc, v.version desc;

-- name: add_tickets
with added as (
    insert into tickets (number, ref, contract, contract_version, account, contact, caller, title, kind, category, region, phase,
        severity, state, assignee, reported_at, entries, head, created_at, updated_at)
    select t.number, t.ref, t.contract, t.contract_version, t.account, t.contact, t.caller, t.title, t.kind, t.category, t.region,
        t.phase, t.severity, t.state, t.assignee, t.reported_at, t.entries, t.head, :now, :now
    from unnest(cast(:number as bigint[]), cast(:ref as text[]), cast(:contract as bigint[]), cast(:contract_version as bigint[]),
        cast(:account as bigint[]), cast(:contact as bigint[]), cast(:caller as text[]), cast(:title as text[]),
        cast(:kind as text[]), cast(:category as text[]), cast(:region as text[]), cast(:phase as text[]),
        cast(:severity as smallint[]), cast(:state as text[]), cast(:assignee as text[]), cast(:reported_at as timestamptz[]),
        cast(:entries as int[]), cast(:head as bytea[]))
        as t (number, ref, contract, contract_version, account, contact, caller, title, kind, category, region, phase, severity,
              state, assignee, reported_at, entries, head)
    on conflict (ref) do nothing
    returning number, contract, reported_at
), marked as (
    insert into day_marks (part, owner, since, until)
    select 'faults', contract, min(reported_at), max(reported_at)
    from added
    where contract is not null and reported_at < cast(:now as timestamptz) - interval '1 hour'
    group by contract, date_bin('1 day', reported_at, timestamptz 'epoch')
)
select number from added;

-- name: add_entries!
with e as (
    select * from unnest(cast(:ticket as bigint[]), cast(:seq as int[]), cast(:type as text[]), cast(:occurred_at as timestamptz[]),
        cast(:recorded_at as timestamptz[]), cast(:by as text[]), cast(:data as text[]), cast(:hash as bytea[]))
        as e (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
), marked as (
    insert into day_marks (part, owner, since, until)
    select 'faults', t.contract, min(e.occurred_at), max(e.occurred_at)
    from e
    join tickets t on t.number = e.ticket
    where e.type = 'arrived' and t.contract is not null
    group by t.contract, date_bin('1 day', e.occurred_at, timestamptz 'epoch')
)
insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
select e.ticket, e.seq, e.type, e.occurred_at, e.recorded_at, e.by, e.data::json, e.hash from e;

-- name: add_calls
with added as (
    insert into calls (ref, ticket, queue, contact, caller, caller_raw, direction, received_at, queued_at, answered_at, ended_at,
        wait_s, outcome, agent, created_at)
    select c.ref, c.ticket, c.queue, c.contact, c.caller, c.caller_raw, c.direction, c.received_at, c.queued_at, c.answered_at,
        c.ended_at, c.wait_s, c.outcome, c.agent, :now
    from unnest(cast(:ref as text[]), cast(:ticket as bigint[]), cast(:queue as bigint[]), cast(:contact as bigint[]),
        cast(:caller as text[]), cast(:caller_raw as text[]), cast(:direction as text[]), cast(:received_at as timestamptz[]),
        cast(:queued_at as timestamptz[]), cast(:answered_at as timestamptz[]), cast(:ended_at as timestamptz[]),
        cast(:wait_s as float8[]), cast(:outcome as text[]), cast(:agent as text[]))
        as c (ref, ticket, queue, contact, caller, caller_raw, direction, received_at, queued_at, answered_at, ended_at, wait_s,
              outcome, agent)
    on conflict (ref) do nothing
    returning ref, ticket, received_at
), marked as (
    insert into day_marks (part, owner, since, until)
    select 'calls', 0, min(received_at), max(received_at)
    from added
    where received_at < cast(:now as timestamptz) - interval '1 hour'
    group by date_bin('1 day', received_at, timestamptz 'epoch')
    union all
    select 'faults', t.contract, min(i.at), max(i.at)
    from added
    join tickets t on t.number = added.ticket
    cross join lateral (select fault_instants(t.number) union all select added.received_at) i (at)
    where t.contract is not null
    group by t.contract, date_bin('1 day', i.at, timestamptz 'epoch')
)
select ref from added;

-- name: add_queues
insert into queues (name, created_at, updated_at)
select name, :now, :now from unnest(cast(:names as text[])) as n (name)
on conflict (name) do nothing
returning name;

-- name: queue_ids
select name, id from queues where name = any (cast(:names as text[]));

-- name: add_agents
insert into users (login, name, role, created_at, updated_at)
select a.login, a.name, 'agent', :now, :now
from unnest(cast(:logins as text[]), cast(:names as text[])) as a (login, name)
where not exists (select from users u where u.name = a.name)
on conflict (login) do nothing
returning login;

-- name: contacts_by_phone
-- A number several contacts share names none of them.
select phone, case when count(*) = 1 then min(id) end as contact
from contacts
where phone = any (cast(:phones as text[]))
group by phone;

-- name: contacts_by_name
select n.account, n.name, min(c.id) as contact
from unnest(cast(:accounts as bigint[]), cast(:names as text[])) as n (account, name)
join contacts c on c.name = n.name and c.account is not distinct from n.account
group by n.account, n.name;

-- name: add_contacts
insert into contacts (account, name, phone, phone_raw, created_at, updated_at)
select c.account, c.name, c.phone, case when c.phone is not null then c.name end, :now, :now
from unnest(cast(:accounts as bigint[]), cast(:names as text[]), cast(:phones as text[])) as c (account, name, phone)
returning account, name, phone, id;
