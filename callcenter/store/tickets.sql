-- name: resolve_many
-- Everything a new call has to know, in one round trip: the next ticket number, the queue, who is calling, and the
-- contract version in force. A number several contacts share names none of them. One row a wish, in their order.
select r.number, d.revision as duties, q.id as queue,
       case when p.hits = 1 then p.contact end as contact,
       case when p.hits = 1 then p.account end as account,
       case when p.hits = 1 then p.site end as site,
       c.name as contact_name, a.name as account_name, s.name as site_name, s.region,
       v.id as contract_version, v.contract, v.account as contract_account, v.code
from (
    select w.*, nextval(pg_get_serial_sequence('tickets', 'number')) as number
    from json_to_recordset(:wishes) as w (place int, queue text, phone text, contact bigint, code text, at timestamptz)
) r
cross join duty_revision d
left join queues q on q.name = r.queue
left join lateral (
    select count(*) as hits, min(c.id) as contact, min(c.account) as account, min(c.site) as site
    from contacts c
    where c.id = r.contact or (r.contact is null and c.phone = r.phone)
) p on true
left join contacts c on c.id = p.contact and p.hits = 1
left join sites s on s.id = p.site and p.hits = 1
left join lateral (
    select v.id, v.contract, k.account, k.code
    from contracts k
    join lateral (
        select v.id, v.contract, v.valid_from, v.valid_until, (r.at at time zone v.timezone)::date as day
        from contract_versions v
        where v.contract = k.id and v.effective <= (r.at at time zone v.timezone)::date
        order by v.effective desc, v.version desc
        limit 1
    ) v on v.day between v.valid_from and v.valid_until
    where k.code = r.code
) v on true
left join accounts a on a.id = coalesce(case when p.hits = 1 then p.account end, v.account)
order by r.place;

-- name: resolve_caller$
-- The contact with this number; none when several share it.
select case when count(*) = 1 then min(id) end from contacts where phone = :phone;

-- name: log_many
-- Calls, the tickets they open, their first entries and clocks: one statement, one transaction, one round trip, however
-- many. They travel as JSON: the driver takes twice as long to write a column each as an array.
with opened as (
    insert into tickets (number, contract, contract_version, account, site, contact, asset, caller, title, description, facts,
        graded_by, kind, category, region, phase, severity, state, assignee, reported_at, entries, head, created_at, updated_at)
    select t.number, t.contract, t.contract_version, t.account, t.site, t.contact, t.asset, t.caller, t.title, t.description,
        t.facts, t.graded_by, t.kind, t.category, t.region, t.phase, t.severity, t.state, t.assignee, t.reported_at,
        t.entries, t.head, t.now, t.now
    from json_to_recordset(:tickets) as t (number bigint, contract bigint, contract_version bigint, account bigint,
        site bigint, contact bigint, asset bigint, caller text, title text, description text, facts jsonb, graded_by text,
        kind text, category text, region text, phase text, severity smallint, state text, assignee text,
        reported_at timestamptz, entries int, head bytea, now timestamptz)
    returning number, created_at, contract, reported_at, asset
), told as (
    insert into events (at, kind, ticket) select created_at, 'opened', number from opened
), called as (
    insert into calls (ticket, queue, contact, caller, caller_raw, called, direction, received_at, answered_at, ended_at,
        wait_s, outcome, agent, summary, created_at)
    select c.ticket, c.queue, c.contact, c.caller, c.caller_raw, c.called, c.direction, c.received_at, c.answered_at, c.ended_at,
        c.wait_s, c.outcome, c.agent, c.summary, c.now
    from json_to_recordset(:calls) as c (ticket bigint, queue bigint, contact bigint, caller text, caller_raw text,
        called text, direction text, received_at timestamptz, answered_at timestamptz, ended_at timestamptz, wait_s float8,
        outcome text, agent text, summary text, now timestamptz)
    returning id, ticket, received_at, created_at
), written as (
    insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
    select e.ticket, e.seq, e.type, e.occurred_at, e.recorded_at, e.by, cast(e.data as json), e.hash
    from json_to_recordset(:entries) as e (ticket bigint, seq int, type text, occurred_at timestamptz,
        recorded_at timestamptz, by text, data text, hash bytea)
), running as (
    insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, region, promised, promised_s, calendar,
        clause, started_at, due_at, stopped_at, breached_at, used_s, paused_s, provisional, ladder_from, assessed_at, wake_at)
    select c.ticket, c.contract, c.commitment, c.cycle, c.owner, c.state, c.severity, c.region, c.promised, c.promised_s,
        c.calendar, c.clause, c.started_at, c.due_at, c.stopped_at, c.breached_at, c.used_s, c.paused_s, c.provisional,
        c.ladder_from, c.assessed_at, c.wake_at
    from json_to_recordset(:clocks) as c (ticket bigint, contract bigint, commitment text, cycle int, owner text, state text,
        severity smallint, region text, promised text, promised_s float8, calendar text, clause text,
        started_at timestamptz, due_at timestamptz, stopped_at timestamptz, breached_at timestamptz, used_s float8,
        paused_s float8, provisional bool, ladder_from timestamptz, assessed_at timestamptz, wake_at timestamptz)
    returning contract, assessed_at, coalesce(due_at, stopped_at) as at
), marked as (
    insert into day_marks (part, owner, since, until)
    select 'clocks', contract, at, at from running where at < assessed_at - interval '1 hour'
    union all
    select 'calls', 0, received_at, received_at from called where received_at < created_at - interval '1 hour'
    union all
    select 'faults', o.contract, least(o.reported_at, c.received_at),
           greatest(o.reported_at + case when o.asset is not null then interval '31 days' else interval '0' end, c.received_at)
    from opened o left join called c on c.ticket = o.number
    where o.contract is not null and least(o.reported_at, c.received_at) < o.created_at - interval '1 hour'
)
select opened.number, called.id as call from opened left join called on called.ticket = opened.number;

-- name: get^
select t.*, k.code as contract_code, a.name as account_name, s.name as site_name, c.name as contact_name
from tickets t
left join contracts k on k.id = t.contract
left join accounts a on a.id = t.account
left join sites s on s.id = t.site
left join contacts c on c.id = t.contact
where t.number = :number;

-- name: lock^
select t.*, k.code as contract_code, a.name as account_name, s.name as site_name, c.name as contact_name
from tickets t
left join contracts k on k.id = t.contract
left join accounts a on a.id = t.account
left join sites s on s.id = t.site
left join contacts c on c.id = t.contact
where t.number = :number
for update of t;

-- name: by_ref$
select number from tickets where ref = :ref;

-- name: entries_of
select seq, type, occurred_at, recorded_at, by, data, hash from entries where ticket = :number order by seq;

-- name: entries_of_all
select ticket, seq, type, occurred_at, recorded_at, by, data
from entries
where ticket = any (cast(:numbers as bigint[]))
order by ticket, seq;

-- name: heads_of_all
select number, contract_version, kind, category, region, phase, severity, state, assignee, reported_at, entries, head,
    updated_at
from tickets
where number = any (cast(:numbers as bigint[]));

-- name: append!
insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
select :number, e.seq, e.type, e.occurred_at, :now, :by, e.data::json, e.hash
from unnest(cast(:seq as int[]), cast(:type as text[]), cast(:at as timestamptz[]), cast(:data as text[]),
    cast(:hash as bytea[])) as e (seq, type, occurred_at, data, hash);

-- name: summarize!
-- A fault that is settled now or no more, arrived at, reopened or reported at another time counts otherwise on its days; a
-- unit's next fault, too, is a repeat or is not, by when this one was reported.
with told as (insert into events (at, kind, ticket) values (:now, 'changed', :number)), marked as (
    insert into day_marks (part, owner, since, until)
    select 'faults', t.contract, i.at,
           i.at + case when t.asset is not null and (t.reported_at <> cast(:reported_at as timestamptz) or t.kind <> cast(:kind as text))
                       then interval '31 days' else interval '0' end
    from tickets t
    cross join lateral (select fault_instants(t.number) union all select cast(:reported_at as timestamptz)) i (at)
    where t.number = :number and t.contract is not null and i.at < cast(:now as timestamptz) - interval '1 hour'
      and (t.state in ('restored', 'resolved', 'closed') <> (cast(:state as text) in ('restored', 'resolved', 'closed'))
           or t.reported_at <> cast(:reported_at as timestamptz) or t.kind <> cast(:kind as text)
           or exists (select from entries e where e.ticket = t.number and e.seq > t.entries and e.type in ('arrived', 'reopened')))
)
update tickets
set entries = :entries, head = :head, kind = :kind, category = :category, region = :region, phase = :phase,
    severity = :severity, state = :state, assignee = :assignee, reported_at = :reported_at, version = version + 1,
    updated_at = :now
where number = :number;

-- name: attach!
with marked as (
    insert into day_marks (part, owner, since, until)
    select 'faults', v.contract, i.at, i.at + case when t.asset is not null then interval '31 days' else interval '0' end
    from tickets t
    cross join lateral fault_instants(t.number) i (at)
    cross join lateral (values (t.contract), (cast(:contract as bigint))) v (contract)
    where t.number = :number and v.contract is not null
)
update tickets set contract = :contract, contract_version = :contract_version where number = :number;

-- name: change!
with told as (insert into events (at, kind, ticket) values (:now, 'changed', :number)), marked as (
    insert into day_marks (part, owner, since, until)
    select 'faults', t.contract, t.reported_at, t.reported_at + interval '31 days'
    from tickets t
    where t.number = :number and t.contract is not null and t.asset is distinct from cast(:asset as bigint)
)
update tickets
set title = :title, description = :description, account = :account, site = :site, contact = :contact, asset = :asset,
    version = version + 1, updated_at = :now
where number = :number;

-- name: chain
-- Rows with the text their hash was made over.
select ticket, seq, type, occurred_at, recorded_at, by, data::text as data, hash
from entries
where ticket = any (cast(:numbers as bigint[]))
order by ticket, seq;

-- name: page_numbers
select number, contract_version, entries, head from tickets where number > :after order by number limit :limit;

-- name: link!
insert into links (ticket, other, kind, by, created_at) values (:ticket, :other, :kind, :by, :now)
on conflict (ticket, other, kind) do nothing;

-- name: links_of
select other as ticket, kind, true as outward, by, created_at from links where ticket = :number
union all
select ticket, kind, false, by, created_at from links where other = :number
order by created_at;

-- name: move_calls!
with marked as (
    insert into day_marks (part, owner, since, until)
    select 'faults', t.contract, i.at, i.at
    from tickets t
    cross join lateral (select fault_instants(cast(:number as bigint)) union all select fault_instants(cast(:into as bigint))) i (at)
    where t.number in (:number, :into) and t.contract is not null
)
update calls set ticket = :into where ticket = :number;
