-- name: server^
-- Settings by their names, and who is connected.
select current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby,
       current_setting('default_transaction_read_only') = 'on' as read_only, current_setting('fsync') as fsync,
       current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_commit') as synchronous_commit,
       current_setting('autovacuum') as autovacuum, cast(current_setting('max_connections') as int) as most,
       cast(current_setting('superuser_reserved_connections') as int) as reserved,
       (select count(*) from pg_stat_activity where backend_type = 'client backend') as used;

-- name: telephony^
-- When the newest call came in, how many keys a telephone system could use, and which of those that report themselves has
-- been silent longest.
with valid as (
    select id, name from tokens
    where role = 'integration' and revoked_at is null and (expires_at is null or expires_at > :now)
)
select (select max(received_at) from calls where received_at <= :now) as last_call, (select count(*) from valid) as keys,
       f.beat_at as beat, f.name
from (select) one
left join (
    select v.name, t.beat_at from telephone_feeds t join valid v on v.id = t.token where t.beat_at is not null
    order by t.beat_at limit 1
) f on true;

-- name: broken_channels
-- Channels nothing is sent by for now, since when and why.
select c.id, s.opened_at, s.reason from channel_states s join channels c on c.id = s.channel where s.opened_at is not null;

-- name: mails^
-- Mails to whoever is sent out and of month reports: how many wait, since when the oldest may leave, how many were given up.
select count(*) filter (where state in ('pending', 'sending')) as waiting,
       min(next_try_at) filter (where state in ('pending', 'sending')) as oldest,
       count(*) filter (where state = 'dead') as dead
from mails
where state in ('pending', 'sending') or state = 'dead' and created_at > cast(:now as timestamptz) - interval '7 days';

-- name: looked_at$
select at from engine_looks;

-- name: administrators^
select (select count(*) from users where role = 'admin' and active and password_hash is not null) as people,
       (select count(*) from tokens t left join users u on u.login = t.login
        where t.role = 'admin' and t.revoked_at is null and (t.expires_at is null or t.expires_at > :now)
          and (t.login is null or u.active)) as tokens;

-- name: offsets
select extract(epoch from (i.at at time zone cast(:zone as text)) - (i.at at time zone 'UTC'))::float8 as ahead_s
from unnest(cast(:instants as timestamptz[])) with ordinality as i (at, n)
order by i.n;
