-- name: add!
insert into events (at, kind, ticket, data) values (:now, :kind, :ticket, :data);

-- name: since
-- What came after this place, as far as no transaction still under way could come before it.
select xid::text as xid, id, at, kind, ticket, data
from events
where (xid, id) > (cast(cast(:xid as text) as xid8), cast(:id as bigint)) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid, id
limit :limit;

-- name: head$
select pg_snapshot_xmin(pg_current_snapshot())::text;

-- name: kept$
-- False where rows that came after this place may be gone already, or the place is another server's.
select cast(cast(:xid as text) as xid8) <= pg_snapshot_xmin(pg_current_snapshot())
   and exists (select 1 from events where (xid, id) <= (cast(cast(:xid as text) as xid8), cast(:id as bigint)));

-- name: expire!
-- All but the newest of the old; what a restored backup brought from the future of another server goes too.
delete from events
where xid >= pg_snapshot_xmax(pg_current_snapshot())
   or (xid, id) < (select xid, id from events where at < :before order by xid desc, id desc limit 1);

-- name: begin!
insert into events (at, kind) select :now, 'begun' where not exists (select 1 from events);
