-- name: take$
-- The first to ask for a run at or after the last one taken gets it; the database's clock has no part in it.
insert into cron_runs (name, due_at, taken_by, taken_at) values (:name, :due_at, :by, :now)
on conflict (name) do update set due_at = excluded.due_at, taken_by = excluded.taken_by, taken_at = excluded.taken_at
where cron_runs.due_at < excluded.due_at
returning name;

-- name: clock$
select clock_timestamp();
