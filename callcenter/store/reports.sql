-- name: worst
-- Breaches to the customer whose deadline falls into the span, the gravest first, then those longest overdue; of some
-- tickets, or of all.
select c.*, t.ref, t.title, t.reported_at, e.reason as exempt, r.party, r.cause
from (
    select ticket, commitment, clause, cycle, severity, region, promised, started_at, due_at, stopped_at,
           extract(epoch from coalesce(stopped_at, cast(:now as timestamptz)) - due_at)::float8 as overdue_s
    from (
        select * from clocks
        where contract = :contract and due_at >= :since and due_at < :until and state = 'breached' and not void
        union all
        select * from clocks
        where contract = :contract and due_at >= :since and due_at < :until and due_at < :now and state = 'running'
          and stopped_at is null and not void
    ) broken
    where owner = 'customer' and (cast(:tickets as bigint[]) is null or ticket = any (cast(:tickets as bigint[])))
    order by severity nulls last, extract(epoch from coalesce(stopped_at, cast(:now as timestamptz)) - due_at)::float8 desc,
        ticket, commitment, cycle
    limit :limit
) c
join tickets t on t.number = c.ticket
left join exemptions e on e.ticket = c.ticket and e.commitment = c.commitment and e.cycle = c.cycle and e.state = 'approved'
left join responsibilities r on r.ticket = c.ticket and r.commitment = c.commitment and r.cycle = c.cycle
order by c.severity nulls last, c.overdue_s desc, c.ticket, c.commitment, c.cycle;

-- name: entries
select ticket, seq, type, occurred_at, by
from entries
where ticket = any (cast(:tickets as bigint[]))
order by ticket, occurred_at, seq;

-- name: versions
-- Which contract versions the span's clocks were judged by.
select v.version, v.effective, encode(v.content_hash, 'hex') as hash
from contract_versions v
where v.contract = :contract and v.effective < cast(:until as timestamptz) at time zone v.timezone
order by v.version;

-- name: laborious
-- Faults with the people on the phone and on the timeline.
select t.number as ticket, t.title,
       (select count(distinct p.who) from (
            select c.agent as who from calls c where c.ticket = t.number
            union select e.by from entries e where e.ticket = t.number
        ) p where p.who is not null) as people
from tickets t
where t.number = any (cast(:tickets as bigint[]));

-- name: spoken
-- Promises made by word of mouth in the span. Kept by the first `kept` after it that names the same thing or nothing.
select state, count(*) as n
from (
    select case when k.at is not null and (p.until is null or k.at <= p.until) then 'kept'
                when k.at is not null then 'late'
                when p.until < :now then 'broken'
                else 'open' end as state
    from (
        select e.ticket, e.seq, e.occurred_at, e.data ->> 'what' as what, (e.data ->> 'until')::timestamptz as until
        from entries e
        join tickets t on t.number = e.ticket
        where e.type = 'promised' and e.occurred_at >= :since and e.occurred_at < :until and t.contract = :contract
          and not exists (select 1 from entries v where v.ticket = e.ticket and v.type = 'corrected'
                              and v.data ->> 'entry' = e.seq::text and v.data ->> 'void' = 'true')
    ) p
    left join lateral (
        select min(k.occurred_at) as at from entries k
        where k.ticket = p.ticket and k.type = 'kept' and k.occurred_at >= p.occurred_at
          and (k.data ->> 'what' is null or p.what is null or k.data ->> 'what' = p.what)
    ) k on true
) judged
group by state;

-- name: spoken_open
-- Those not kept in time, the newest last.
select p.ticket, p.occurred_at, p.by, p.what, p.until, k.at as kept_at
from (
    select e.ticket, e.seq, e.occurred_at, e.by, e.data ->> 'what' as what, (e.data ->> 'until')::timestamptz as until
    from entries e
    join tickets t on t.number = e.ticket
    where e.type = 'promised' and e.occurred_at >= :since and e.occurred_at < :until and t.contract = :contract
      and not exists (select 1 from entries v where v.ticket = e.ticket and v.type = 'corrected'
                          and v.data ->> 'entry' = e.seq::text and v.data ->> 'void' = 'true')
) p
left join lateral (
    select min(k.occurred_at) as at from entries k
    where k.ticket = p.ticket and k.type = 'kept' and k.occurred_at >= p.occurred_at
      and (k.data ->> 'what' is null or p.what is null or k.data ->> 'what' = p.what)
) k on true
where k.at is null and p.until < :now or k.at > p.until
order by p.occurred_at, p.ticket, p.seq
limit :limit;

-- name: pauses
select e.ticket, e.seq, e.occurred_at, e.by, e.data ->> 'reason' as reason
from entries e
join tickets t on t.number = e.ticket
where e.type = 'paused' and e.occurred_at >= :since and e.occurred_at < :until and t.contract = :contract
  and not exists (select 1 from entries v where v.ticket = e.ticket and v.type = 'corrected'
                      and v.data ->> 'entry' = e.seq::text and v.data ->> 'void' = 'true')
order by e.occurred_at, e.ticket, e.seq
limit :limit;

-- name: pauses_by_reason
select e.data ->> 'reason' as reason, count(*) as n
from entries e
join tickets t on t.number = e.ticket
where e.type = 'paused' and e.occurred_at >= :since and e.occurred_at < :until and t.contract = :contract
group by 1
order by 2 desc, 1;

-- name: late^
-- Entries of tickets taken in here that were written down long after they happened.
select count(*) as n, count(*) filter (where t.ref is not null) as imported
from entries e
join tickets t on t.number = e.ticket
where e.recorded_at - e.occurred_at > interval '15 minutes' and e.occurred_at >= :since and e.occurred_at < :until
  and t.contract = :contract;

-- name: latest
select e.ticket, e.seq, e.type, e.occurred_at, e.recorded_at, e.by,
       extract(epoch from e.recorded_at - e.occurred_at)::float8 as late_s
from entries e
join tickets t on t.number = e.ticket
where e.recorded_at - e.occurred_at > interval '15 minutes' and e.occurred_at >= :since and e.occurred_at < :until
  and t.contract = :contract and t.ref is null
order by e.recorded_at - e.occurred_at desc, e.ticket, e.seq
limit :limit;

-- name: followed^
select count(*) as attempted, count(*) filter (where reached) as reached, count(*) filter (where solved) as solved,
       count(*) filter (where solved = false) as unsolved, count(score) as scored, avg(score)::float8 as score
from (
    select coalesce((e.data ->> 'reached')::boolean, true) as reached, (e.data ->> 'solved')::boolean as solved,
           (e.data ->> 'score')::float8 as score
    from entries e
    join tickets t on t.number = e.ticket
    where e.type = 'followed_up' and e.occurred_at >= :since and e.occurred_at < :until and t.contract = :contract
    union all
    select false, null, null
    from entries e
    join tickets t on t.number = e.ticket
    where e.type = 'noted' and e.data ->> 'to' = 'follow_up' and e.occurred_at >= :since and e.occurred_at < :until
      and t.contract = :contract
) asked;

-- name: complaints
-- By the person who had the complaint; `upheld` where the ticket's facts say so.
select assignee, count(*) as n, count(*) filter (where facts ->> 'upheld' = 'yes') as upheld,
       count(*) filter (where state not in ('closed', 'cancelled', 'resolved')) as open
from tickets
where contract = :contract and reported_at >= :since and reported_at < :until and kind = 'complaint'
group by assignee
order by upheld desc, n desc, assignee nulls last;

-- name: told_counts
select e.type, count(*) as n
from entries e
join tickets t on t.number = e.ticket
where e.type in ('inspected', 'loaner_provided', 'loaner_returned', 'corrected')
  and e.occurred_at >= :since and e.occurred_at < :until and t.contract = :contract
group by e.type;

-- name: loaners_out$
-- Loaners provided before the span's end that nobody has brought back by then.
select count(*)
from (
    select e.ticket, count(*) filter (where e.type = 'loaner_provided') - count(*) filter (where e.type = 'loaner_returned') as out
    from entries e
    join tickets t on t.number = e.ticket
    where e.type in ('loaner_provided', 'loaner_returned') and e.occurred_at < :until and t.contract = :contract
    group by e.ticket
) l
where out > 0;

-- name: repeated_assets
select a.serial, a.model, count(*) as n
from tickets t
join assets a on a.id = t.asset
where t.contract = :contract and t.kind = 'fault' and t.asset is not null
  and t.reported_at >= cast(:since as timestamptz) - interval '30 days' and t.reported_at < :until
group by a.serial, a.model
having count(*) > 1 and max(t.reported_at) >= :since
order by n desc, a.serial
limit :limit;

-- name: kept^
select as_of, took_s, counts from kept_counts where contract = :contract and month = :month and part = :part;

-- name: keep!
insert into kept_counts (contract, month, part, as_of, took_s, counts)
values (:contract, :month, :part, :as_of, :took_s, :counts)
on conflict (contract, month, part) do update set as_of = excluded.as_of, took_s = excluded.took_s, counts = excluded.counts;

-- name: all_contracts
select k.id, k.code, v.timezone
from contracts k
cross join lateral (select v.timezone from contract_versions v where v.contract = k.id order by v.version desc limit 1) v
order by k.code;

-- name: forget!
delete from kept_counts where contract = :contract;

-- name: prepare!
-- Grouping a million needs room; counted once, a query is not worth compiling; a day is not read like a year.
select set_config('work_mem', '96MB', true), set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true);
