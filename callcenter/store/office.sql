-- name: turns
-- Rows of the rota that touch a span, with the names of their people.
select r.id, r.duty, r.kind, r.from_at, r.until_at, r.login, u.name, r.team, r.with_login, w.name as with_name, r.region,
       r.hours is not null as in_hours, r.note
from rota r
left join users u on u.login = r.login
left join users w on w.login = r.with_login
where r.from_at < :until and r.until_at > :since
order by r.duty, r.from_at, r.id
limit :limit;

-- name: newest_versions
-- The newest version of every contract that has not ended.
select k.code, v.id
from contracts k
join lateral (select * from contract_versions v where v.contract = k.id order by v.version desc limit 1) v on true
where v.valid_until >= :today
order by k.code;
