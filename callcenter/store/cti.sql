-- name: held^
-- The call, this transaction's until it ends.
select c.*, q.name as queue_name from calls c left join queues q on q.id = c.queue where c.id = :id for update of c;

-- name: begin$
-- Gives the id of the call where it is new.
insert into calls (ref, direction, received_at, created_at) values (:ref, :direction, :now, :now)
on conflict (ref) do nothing
returning id;

-- name: by_ref$
select id from calls where ref = :ref;

-- name: follow!
with marked as (
    insert into day_marks (part, owner, since, until)
    select 'calls', 0, received_at, received_at from calls
    where id = :id and received_at < cast(:now as timestamptz) - interval '1 hour'
    union all
    select 'faults', t.contract, i.at, i.at
    from calls c
    join tickets t on t.number = c.ticket
    cross join lateral fault_instants(t.number) i (at)
    where c.id = :id and t.contract is not null and i.at < cast(:now as timestamptz) - interval '1 hour'
)
update calls
set queue = :queue, contact = :contact, caller = :caller, caller_raw = :caller_raw, called = :called, direction = :direction,
    queued_at = :queued_at, answered_at = :answered_at, ended_at = :ended_at, wait_s = :wait_s, outcome = :outcome,
    agent = :agent
where id = :id;

-- name: heard!
-- Noted every ten seconds at most: events that come together do not wait for one another's row.
insert into telephone_feeds (token, heard_at)
select cast(:token as bigint), cast(:now as timestamptz)
where not exists (
    select from telephone_feeds where token = :token and heard_at > cast(:now as timestamptz) - interval '10 seconds'
)
on conflict on constraint telephone_feeds_pk do update set heard_at = greatest(telephone_feeds.heard_at, excluded.heard_at);

-- name: beat!
insert into telephone_feeds (token, beat_at) values (:token, :now)
on conflict on constraint telephone_feeds_pk do update set beat_at = greatest(telephone_feeds.beat_at, excluded.beat_at);

-- name: logins
-- Who is meant by these names, as a telephone system knows people.
select login from users
where active and (login = any (cast(:names as text[])) or name = any (cast(:names as text[])) or phone = any (cast(:names as text[])))
order by login;

-- name: ringing
-- Calls of the telephone that nobody has logged: ringing for this person or for everybody, or answered by this person.
select id from calls
where received_at > :since and ref is not null and ticket is null and direction = 'in'
  and ((agent = :login and outcome = 'answered')
    or (answered_at is null and ended_at is null and exists (
        select 1 from events e
        where e.kind = 'ring' and e.at = calls.received_at and cast(e.data ->> 'call' as bigint) = calls.id
          and (e.data -> 'to' = '[]' or jsonb_exists(e.data -> 'to', :login)))))
order by received_at
limit 5;
