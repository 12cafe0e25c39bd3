-- name: by_hash^
select t.id, t.name, t.role, t.login, u.partner
from tokens t left join users u on u.login = t.login
where t.hash = :hash and t.revoked_at is null and (t.expires_at is null or t.expires_at > :now)
  and (t.login is null or u.active);

-- name: add$
insert into tokens (name, role, login, hash, created_at, expires_at)
values (:name, :role, :login, :hash, :now, :expires_at)
returning id;

-- name: listing
select id, name, role, login, created_at, expires_at, revoked_at from tokens where id > :after order by id limit :limit;

-- name: revoke!
update tokens set revoked_at = :now where id = :id and revoked_at is null;
