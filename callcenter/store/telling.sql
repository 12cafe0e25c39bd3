-- name: directory
-- Who fills duties that have no rota: the team of that name, else the active users of that role; heads and project
-- contacts are the admins.
with duties as (
    select d.duty from unnest(cast(:duties as text[])) as d (duty)
), filled as (
    select d.duty, u.login from duties d join teams t on t.name = d.duty join users u on u.login = any (t.members) and u.active
)
select duty, login from filled
union
select d.duty, u.login
from duties d
join users u on u.active
    and u.role = case when d.duty in ('head_of_service', 'project_contact') then 'admin' else d.duty end
where d.duty <> 'assignee' and not exists (select 1 from filled f where f.duty = d.duty);

-- name: assignees
-- Who is meant by what a ticket is assigned to: the user of that login, or the members of that team.
select a.name, u.login
from unnest(cast(:names as text[])) as a (name)
join users u on u.active
    and (u.login = a.name or u.login in (select unnest(t.members) from teams t where t.name = a.name));

-- name: admins
select login from users where role = 'admin' and active order by login;

-- name: people
-- How people want to be told; those who have no wishes are left out.
select login, digest_minutes, quiet_from, quiet_until, timezone
from users
where login = any (cast(:logins as text[])) and (digest_minutes is not null or quiet_from is not null);

-- name: lines
select id, kind, duties from channels where active order by id;

-- name: matters
select t.number, t.assignee, t.site, (select min(l.other) from links l where l.ticket = t.number and l.kind = 'cause') as cause
from tickets t
where t.number = any (cast(:tickets as bigint[]));

-- name: storms
-- How many alerts of each storm's name were found since an instant; those that count are found long after a few.
select s.name, (
    select count(*) from (
        select from alerts a where a.storm = s.name and a.recorded_at > :since and a.id <> all (cast(:but as bigint[])) limit :most
    ) few
) as found
from unnest(cast(:names as text[])) as s (name);

-- name: send!
insert into deliveries (alert, channel, event, recipients, next_try_at, created_at, batch, priority)
select d.alert, d.channel, 'fire', coalesce(string_to_array(nullif(d.recipients, ''), chr(31)), '{}'), d.next_try_at, cast(:now as timestamptz), d.batch,
    d.priority
from unnest(cast(:alert as bigint[]), cast(:channel as bigint[]), cast(:recipients as text[]), cast(:next_try_at as timestamptz[]),
    cast(:batch as text[]), cast(:priority as smallint[]))
    as d (alert, channel, recipients, next_try_at, batch, priority)
on conflict on constraint deliveries_once do nothing;

-- name: ends
-- Ends just written for people one by one, where any of them has quiet hours.
select d.id, d.recipients, a.grave
from deliveries d join alerts a on a.id = d.alert join channels ch on ch.id = d.channel
where d.alert = any (cast(:alerts as bigint[])) and d.event in ('resolve', 'withdraw') and d.state = 'pending' and d.created_at = :now
  and ch.kind = any (cast(:kinds as text[]))
  and exists (select from users u where u.login = any (d.recipients) and u.quiet_from is not null);

-- name: put_off!
-- One recipient's share of a delivery leaves later, on its own; where nobody else is left, the delivery itself does.
with whole as (
    select * from deliveries where id = :id
), alone as (
    update deliveries d
    set next_try_at = cast(:at as timestamptz)
    from whole
    where d.id = whole.id and whole.recipients = array[cast(:login as text)]
    returning d.id
), parted as (
    update deliveries d
    set recipients = array_remove(d.recipients, cast(:login as text))
    from whole
    where d.id = whole.id and not exists (select from alone)
    returning d.id
)
insert into deliveries (alert, channel, event, recipients, next_try_at, created_at, batch, priority)
select w.alert, w.channel, w.event, array[cast(:login as text)], cast(:at as timestamptz), cast(:now as timestamptz), cast(:batch as text), w.priority
from whole w
where exists (select from parted)
on conflict on constraint deliveries_once do nothing;
