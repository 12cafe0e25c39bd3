-- name: add!
insert into sessions (hash, login, created_at, seen_at, expires_at) values (:hash, :login, :now, :now, :expires_at);

-- name: person^
select u.login, u.name, u.role, u.locale, u.partner, u.shortcuts, u.theme, s.seen_at
from sessions s join users u on u.login = s.login
where s.hash = :hash and s.expires_at > :now and u.active;

-- name: seen!
update sessions set seen_at = :now, expires_at = :expires_at where hash = :hash;

-- name: end!
delete from sessions where hash = :hash;

-- name: expire!
delete from sessions where expires_at <= :now;

-- name: password_of^
select login, password_hash from users where login = :login and active and password_hash is not null;

-- name: prefer!
update users set locale = :locale, shortcuts = :shortcuts, theme = :theme, updated_at = :now where login = :login;

-- name: end_others$
with gone as (delete from sessions where login = :login and hash <> :keep returning 1) select count(*) from gone;
