-- name: breach^
-- The newest breached cycle, or the given one, of a clock of this contract.
select c.ticket, c.commitment, c.cycle, c.due_at
from clocks c
where c.ticket = :ticket and c.contract = :contract and c.commitment = :commitment and not c.void
  and (cast(:cycle as int) is null or c.cycle = :cycle) and (c.state = 'breached' or c.state = 'running' and c.due_at < :now)
order by c.cycle desc
limit 1;

-- name: open_one$
select id from exemptions where ticket = :ticket and commitment = :commitment and cycle = :cycle and state <> 'refused';

-- name: ask$
insert into exemptions (contract, ticket, commitment, cycle, reason, evidence, asked_by, asked_at)
values (:contract, :ticket, :commitment, :cycle, :reason, :evidence, :by, :now)
returning id;

-- name: get^
select e.*, c.due_at
from exemptions e
left join clocks c on c.ticket = e.ticket and c.commitment = e.commitment and c.cycle = e.cycle
where e.id = :id and e.contract = :contract;

-- name: lock^
select * from exemptions where id = :id and contract = :contract for update;

-- name: decide!
update exemptions set state = :state, decided_by = :by, decided_at = :now, remark = :remark where id = :id;

-- name: of_span
-- Exemptions of breaches whose deadline falls into the span, in the order they were asked for.
select e.*, c.due_at
from exemptions e
join clocks c on c.ticket = e.ticket and c.commitment = e.commitment and c.cycle = e.cycle
where e.contract = :contract and c.due_at >= :since and c.due_at < :until
order by e.id;

-- name: hold!
insert into responsibilities (ticket, commitment, cycle, party, cause, by, at)
values (:ticket, :commitment, :cycle, :party, :cause, :by, :now)
on conflict (ticket, commitment, cycle) do update
set party = excluded.party, cause = excluded.cause, by = excluded.by, at = excluded.at;

-- name: decisions
select line, amount, currency, decision, reason, by, at from credit_decisions where contract = :contract and month = :month;

-- name: decide_credit!
insert into credit_decisions (contract, month, line, amount, currency, decision, reason, by, at)
values (:contract, :month, :line, :amount, :currency, :decision, :reason, :by, :now)
on conflict (contract, month, line) do update set amount = excluded.amount, currency = excluded.currency,
    decision = excluded.decision, reason = excluded.reason, by = excluded.by, at = excluded.at;
