-- name: claim^
-- The row of this fault, this transaction's until it ends, with what has become of its ticket.
with claimed as (
    insert into intake (source, key, seen_at) values (:source, :key, :now)
    on conflict (source, key) do update set seen_at = excluded.seen_at
    returning ticket, started_at, ended_at
)
select c.ticket, c.started_at, c.ended_at, t.state, t.reported_at
from claimed c left join tickets t on t.number = c.ticket;

-- name: began!
update intake set ticket = :ticket, started_at = :started_at, ended_at = null where source = :source and key = :key;

-- name: ended!
update intake set ended_at = :ended_at where source = :source and key = :key;

-- name: asset$
select id from assets where serial = :serial;
