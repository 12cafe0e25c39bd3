-- name: due
-- Names not read since they were written; those somebody else is reading are left to them.
with due as (
    delete from finding_due d using (
        select kind, record from finding_due limit :limit for update skip locked
    ) one where d.kind = one.kind and d.record = one.record
    returning d.kind, d.record
)
select d.kind, d.record, coalesce(a.name, c.name) as name
from due d
left join accounts a on d.kind = 'account' and a.id = d.record
left join contacts c on d.kind = 'contact' and c.id = d.record;

-- name: forget!
delete from finding_terms f using unnest(cast(:kind as text[]), cast(:record as bigint[])) as u (kind, record)
where f.kind = u.kind and f.record = u.record;

-- name: learn!
insert into finding_terms (term, kind, record)
select u.term, u.kind, u.record
from unnest(cast(:term as text[]), cast(:kind as text[]), cast(:record as bigint[])) as u (term, kind, record)
on conflict do nothing;

-- name: by_name
-- Contacts and customers with a word, or its initials, that begins so; those with the shortest such word first. The
-- inner limit keeps one letter from reading the whole table.
select f.kind, f.record, a.id as account, a.name as account_name, c.id as contact, c.name as contact_name, c.phone,
       s.name as site_name
from (
    select kind, record, min(length(term)) as length
    from (select kind, record, term from finding_terms where term ~>=~ :begin and term ~<~ :end order by term using ~<~ limit 200) t
    group by kind, record
    order by kind, length, record
    limit :limit
) f
left join contacts c on f.kind = 'contact' and c.id = f.record
left join accounts a on a.id = case when f.kind = 'account' then f.record else c.account end
left join sites s on s.id = c.site
where c.id is not null or a.id is not null
order by f.kind, f.length, f.record;

-- name: by_phone
select c.id as contact, c.name as contact_name, c.phone, a.id as account, a.name as account_name, s.name as site_name
from contacts c
left join accounts a on a.id = c.account
left join sites s on s.id = c.site
where c.phone is not null and reverse(c.phone) ~>=~ :begin and reverse(c.phone) ~<~ :end
order by reverse(c.phone) using ~<~
limit :limit;

-- name: by_serial
select e.id as asset, e.serial, e.model, e.site, a.id as account, a.name as account_name, s.name as site_name
from (
    (select id from assets where lower(serial) ~>=~ :begin and lower(serial) ~<~ :end order by lower(serial) using ~<~ limit :limit)
    union
    (select id from assets where reverse(lower(serial)) ~>=~ :tail_begin and reverse(lower(serial)) ~<~ :tail_end
     order by reverse(lower(serial)) using ~<~ limit :limit)
) found
join assets e on e.id = found.id
join accounts a on a.id = e.account
left join sites s on s.id = e.site
order by e.serial
limit :limit;

-- name: ticket
select t.number, t.ref, t.title, t.state, a.name as account_name
from tickets t left join accounts a on a.id = t.account
where t.number = :number or t.ref = :ref
order by t.number desc
limit :limit;

-- name: contact^
select c.id, c.name, c.phone, c.email, c.account, a.name as account_name, a.grade, a.complaint, c.site, s.name as site_name, s.region
from contacts c
left join accounts a on a.id = c.account
left join sites s on s.id = c.site
where c.id = :id;

-- name: account^
select id as account, name as account_name, grade, complaint from accounts where id = :id;

-- name: asset^
select id, account, site from assets where id = :id;

-- name: effort
-- What each of these tickets has cost so far: contacts by telephone, people, and whether a visit was asked for or made.
select t.number,
       (select count(*) from calls c where c.ticket = t.number) as calls,
       count(distinct e.by) as people,
       count(*) filter (where e.type in ('visit_requested', 'appointment', 'dispatched', 'departed', 'arrived')) > 0 as visit,
       count(*) filter (where e.type = 'promised') as made,
       count(*) filter (where e.type = 'kept') as kept
from tickets t join entries e on e.ticket = t.number
where t.number = any (cast(:numbers as bigint[]))
group by t.number;

-- name: next_due
-- The nearest deadline still running of each of these tickets.
select distinct on (c.ticket) c.ticket, c.commitment, c.due_at, v.timezone
from clocks c
join tickets t on t.number = c.ticket
join contract_versions v on v.id = t.contract_version
where c.ticket = any (cast(:numbers as bigint[])) and c.due_at is not null and c.stopped_at is null and not c.void
order by c.ticket, c.due_at;
