-- name: cases
-- The clocks of a month, counted alike ones together. A clock that is open past its deadline is breached, whether or not
-- a pass of the engine has said so yet. A cancelled one without a deadline belongs to the month it was cancelled in; a
-- paused one has no deadline now and is listed in every month since it started.
select commitment, owner, severity, region, state, count(*)::int as times, min(at) as at
from (
    select c.commitment, c.owner, c.severity, c.region, c.due_at as at,
           case when c.state = 'running' and c.due_at < :now then 'breached' else c.state end as state
    from clocks c
    where c.contract = :contract and c.due_at >= :start and c.due_at < :until and not c.void and c.state <> 'none'
    union all
    select c.commitment, c.owner, c.severity, c.region, c.stopped_at, c.state
    from clocks c
    where c.contract = :contract and c.due_at is null and c.state = 'cancelled' and c.stopped_at >= :start
      and c.stopped_at < :until and not c.void
    union all
    select c.commitment, c.owner, c.severity, c.region, cast(:start as timestamptz), c.state
    from clocks c
    where c.contract = :contract and c.due_at is null and c.state = 'paused' and c.started_at < :until and not c.void
) counted
group by commitment, owner, severity, region, state;
