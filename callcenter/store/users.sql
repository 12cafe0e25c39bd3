-- name: exists$
select exists (select 1 from users where login = :login);

-- name: set_password!
update users set password_hash = :hash, version = version + 1, updated_at = :now where login = :login;

-- name: listing
select login, name, role, email, locale, active from users order by login;
