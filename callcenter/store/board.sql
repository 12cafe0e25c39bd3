-- name: deadlines^
-- How many open deadlines have passed, how many will soon, and when the next one does.
select count(*) filter (where c.due_at < cast(:now as timestamptz)) as overdue,
       count(*) filter (where c.due_at >= cast(:now as timestamptz) and c.due_at < cast(:soon as timestamptz)) as soon,
       min(c.due_at) filter (where c.due_at >= cast(:now as timestamptz)) as next_due
from clocks c
join tickets t on t.number = c.ticket and t.state not in ('closed', 'cancelled')
where c.stopped_at is null and c.due_at is not null and not c.void;

-- name: tickets^
select count(*) as open, count(*) filter (where assignee is null) as nobodys
from tickets
where state in ('new', 'assigned', 'in_progress', 'waiting', 'restored') and state not in ('closed', 'cancelled');

-- name: waiting^
-- In a queue, and nobody has spoken to the caller yet. What was not ended within the hour never will be.
select count(*) as waiting, min(coalesce(c.queued_at, c.received_at)) as oldest
from calls c
where c.received_at > cast(:now as timestamptz) - interval '1 hour' and c.received_at <= :now and c.direction = 'in'
  and c.queue is not null and c.answered_at is null and c.ended_at is null and c.outcome is null and c.agent is null
  and c.ticket is null;

-- name: answered^
-- Of the calls offered since then, how many were answered; who gave up at once was not offered.
select count(*) filter (where answered) as answered, count(*) as offered
from (
    select c.outcome = 'answered' or c.answered_at is not null as answered,
           coalesce(c.wait_s, extract(epoch from c.ended_at - coalesce(c.queued_at, c.received_at))) as waited, q.short_abandon_s
    from calls c
    join queues q on q.id = c.queue
    where c.received_at >= :since and c.received_at <= :now and c.direction = 'in'
      and (c.outcome is not null or c.answered_at is not null or c.ended_at is not null)
) call
where answered or coalesce(waited, short_abandon_s) >= short_abandon_s;

-- name: at_risk
-- Open promises to the customer that are overdue or soon will be, of this span's deadlines, the earliest first.
select c.ticket, t.title, a.name as customer, t.assignee, c.commitment, c.cycle, c.severity, c.region, c.started_at, c.due_at
from clocks c
join tickets t on t.number = c.ticket
left join accounts a on a.id = t.account
where c.contract = :contract and c.due_at >= :since and c.due_at < least(cast(:until as timestamptz), cast(:soon as timestamptz))
  and c.stopped_at is null and not c.void and c.owner = 'customer' and c.state in ('running', 'breached')
order by c.due_at, c.ticket, c.commitment, c.cycle
limit :limit;

-- name: risky
-- How many such promises there are of each commitment.
select c.commitment, count(*) as n
from clocks c
where c.contract = :contract and c.due_at >= :since and c.due_at < least(cast(:until as timestamptz), cast(:soon as timestamptz))
  and c.stopped_at is null and not c.void and c.owner = 'customer' and c.state in ('running', 'breached')
group by c.commitment;
