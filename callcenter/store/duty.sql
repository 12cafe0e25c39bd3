-- name: revision$
select revision from duty_revision;

-- name: rows
-- Turns that are not long over, with those of their people who can sign in.
select r.duty, r.kind, r.from_at, r.until_at, r.region, r.hours, r.updated_at,
    (select u.login from users u where u.active and u.login = r.with_login) as other,
    (select coalesce(array_agg(u.login order by u.login), '{}')
     from users u
     where u.active and (u.login = r.login or u.login in (select unnest(t.members) from teams t where t.name = r.team))
    ) as people
from rota r
where r.until_at > :since
order by r.id;

-- name: duties
select distinct duty from rota;

-- name: travel
select region, minutes, updated_at from travel_times;

-- name: recheck$
-- Promises with a deadline ahead that falls after `since` are looked at again.
with moved as (
    update clocks set wake_at = :at
    where stopped_at is null and due_at > :since and not void and wake_at > :at
    returning id
)
select count(*) from moved;

-- name: has_team$
select exists (select from teams where name = :name);
