-- name: listing
-- Customers by name after the given one, or these; with what is open and whether a contract covers them at the instant.
with wanted as (
    select id, name, grade, complaint from accounts
    where case when cast(:ids as bigint[]) is null then name > :after else id = any (cast(:ids as bigint[])) end
    order by name
    limit :limit
), open as (
    select account, count(*) as tickets from tickets
    where state not in ('closed', 'cancelled', 'resolved') and account in (select id from wanted)
    group by account
)
select w.id, w.name, w.grade, w.complaint, coalesce(o.tickets, 0) as open_tickets,
       (select count(*) from sites s where s.account = w.id) as sites,
       (select count(*) from contacts c where c.account = w.id) as contacts,
       (select count(*) from assets e where e.account = w.id) as assets,
       (select count(*) from contracts k where k.account = w.id or w.id = any (k.covers_accounts)) as contracts,
       exists (
           select 1
           from contracts k
           join lateral (select * from contract_versions v where v.contract = k.id order by v.version desc limit 1) v on true
           where (k.account = w.id or w.id = any (k.covers_accounts))
             and (cast(:now as timestamptz) at time zone v.timezone)::date between v.valid_from and v.valid_until
       ) as covered
from wanted w left join open o on o.account = w.id
order by w.name;

-- name: sites
select s.*, (select count(*) from assets e where e.site = s.id) as assets from sites s where s.account = :account order by s.name limit :limit;

-- name: contacts
select c.*, s.name as site_name from contacts c left join sites s on s.id = c.site
where c.account = :account order by c.name limit :limit;

-- name: assets
-- An account's equipment, what fails most first; `faults` are those reported since the instant.
with lately as (
    select asset, count(*) as faults from tickets
    where account = :account and asset is not null and kind = 'fault' and reported_at >= :since
    group by asset
)
select e.*, s.name as site_name, coalesce(l.faults, 0) as faults,
       e.warranty_until is not null and e.warranty_until >= cast(:today as date) as in_warranty
from assets e
left join sites s on s.id = e.site
left join lately l on l.asset = e.id
where e.account = :account
order by coalesce(l.faults, 0) desc, e.serial
limit :limit;

-- name: open_tickets
select t.number, t.title, t.kind, t.state, t.severity, t.assignee, u.name as assignee_name, t.reported_at, s.name as site_name,
       d.commitment, d.due_at, v.timezone
from tickets t
left join users u on u.login = t.assignee
left join sites s on s.id = t.site
left join contract_versions v on v.id = t.contract_version
left join lateral (
    select c.commitment, c.due_at from clocks c
    where c.ticket = t.number and c.stopped_at is null and c.due_at is not null and not c.void
    order by c.due_at
    limit 1
) d on true
where t.account = :account and t.state not in ('closed', 'cancelled', 'resolved')
order by d.due_at nulls last, t.number desc
limit :limit;

-- name: last_tickets
select t.number, t.title, t.kind, t.state, t.severity, t.reported_at, s.name as site_name, v.timezone
from tickets t
left join sites s on s.id = t.site
left join contract_versions v on v.id = t.contract_version
where t.account = :account and t.state in ('closed', 'cancelled', 'resolved')
order by t.number desc
limit :limit;

-- name: counts^
select (select count(*) from sites where account = :account) as sites,
       (select count(*) from contacts where account = :account) as contacts,
       (select count(*) from assets where account = :account) as assets;
