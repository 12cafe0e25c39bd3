-- name: contacts_of
select c.id, c.name, c.phone, c.email, c.account, a.name as account_name, a.grade, a.complaint, c.site, s.name as site_name, s.region
from contacts c
left join accounts a on a.id = c.account
left join sites s on s.id = c.site
where c.phone = :phone
order by c.id
limit 20;

-- name: sites_of
select id, name, region, address from sites where account = :account order by name limit 50;

-- name: assets_of
select id, serial, model, product_line, site, warranty_until,
       warranty_until is not null and warranty_until >= cast(:today as date) as in_warranty
from assets
where account = :account
order by serial
limit 50;

-- name: open_tickets
-- Tickets of the account or of this number that are not over, with how often and by how many people they were worked on.
select t.number, t.title, t.state, t.severity, t.assignee, t.reported_at, t.site, t.asset, k.code as contract_code,
       (select count(*) from calls c where c.ticket = t.number) as calls
from tickets t
left join contracts k on k.id = t.contract
where t.state not in ('closed', 'cancelled', 'resolved') and (t.account = :account or t.number in (
    select c.ticket from calls c where c.caller = :phone and c.ticket is not null))
order by t.number desc
limit 20;

-- name: spoken^
-- Promises made by word of mouth on the account's open tickets, and how many of them were kept.
select count(*) filter (where e.type = 'promised') as made, count(*) filter (where e.type = 'kept') as kept
from entries e
where e.type in ('promised', 'kept') and e.ticket = any (cast(:numbers as bigint[]));
