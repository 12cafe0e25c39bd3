-- name: keep$
-- Kept, unless it was saved meanwhile, is newer already, or is somebody else's.
insert into drafts (id, login, form, data, created_at, updated_at) values (:id, :login, :form, :data, :now, :now)
on conflict (id) do update set data = excluded.data, updated_at = excluded.updated_at
where drafts.login = excluded.login and drafts.saved is null
  and coalesce((drafts.data ->> 'at')::float8, 0) <= coalesce((excluded.data ->> 'at')::float8, 0)
returning id;

-- name: of_login
select id, data, updated_at from drafts
where login = :login and form = :form and saved is null
order by created_at;

-- name: claim^
-- The draft is this transaction's; `saved` tells what came of it where it was saved before.
insert into drafts (id, login, form, data, created_at, updated_at) values (:id, :login, :form, '{}', :now, :now)
on conflict (id) do update set updated_at = excluded.updated_at where drafts.login = excluded.login
returning saved;

-- name: finish!
update drafts set saved = :saved, data = '{}', updated_at = :now where id = :id;

-- name: drop!
delete from drafts where id = :id and login = :login and saved is null;

-- name: expire!
delete from drafts where updated_at < :before;
