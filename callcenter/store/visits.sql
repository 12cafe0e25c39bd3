-- name: engineers
-- Our own engineers, those with the least on their hands first.
select u.login, u.name, u.phone, count(t.number) as jobs
from users u
left join tickets t on t.assignee = u.login and t.state in ('assigned', 'in_progress', 'waiting', 'restored', 'new')
where u.role = 'engineer' and u.active
group by u.id
order by jobs, u.name;

-- name: partners
-- People of the partners that serve a region, those with the least on their hands first.
select u.login, u.name, u.phone, p.name as partner, cast(:region as text) = any (p.regions) as near, count(t.number) as jobs
from users u
join partners p on p.id = u.partner
left join tickets t on t.assignee = u.login and t.state in ('assigned', 'in_progress', 'waiting', 'restored', 'new')
where u.role = 'partner' and u.active
group by u.id, p.id
order by near desc nulls last, jobs, u.name;

-- name: names
select login, name from users where login = any (cast(:logins as text[]));

-- name: asset^
select id, serial, model, product_line, warranty_until from assets where id = :asset;

-- name: contact^
select id, name, phone, email from contacts where id = :contact;

-- name: site^
select id, name, address, region from sites where id = :site;
