-- name: enqueue!
-- For whoever has an address, where there is an e-mail channel in use.
insert into job_messages (ticket, entry, login, next_try_at, created_at)
select :ticket, :entry, u.login, :now, :now from users u
where u.login = :login and u.active and u.email is not null
  and exists (select from channels c where c.kind = 'email' and c.active)
on conflict on constraint job_messages_once do nothing;

-- name: take
-- Ready ones are this process's until the lease ends; what somebody died over is ready again.
update job_messages m
set state = 'sending', attempts = attempts + 1, next_try_at = :until
from users u
where m.id in (
    select id from job_messages
    where state in ('pending', 'sending') and next_try_at <= :now
    order by next_try_at
    limit :limit
    for update skip locked
) and u.login = m.login
returning m.id, m.ticket, m.login, m.attempts, u.email, u.locale, u.active;

-- name: settle!
update job_messages
set state = :state, reason = :reason, detail = :detail, next_try_at = coalesce(:next_try_at, next_try_at),
    sent_at = case when :state = 'sent' then cast(:now as timestamptz) end
where id = :id and state = 'sending';

-- name: of_ticket
select entry, login, state, reason, created_at, sent_at from job_messages where ticket = :ticket;

-- name: job^
-- What somebody needs to know on the way.
select t.number, t.title, t.description, t.severity, t.contract_version, a.name as customer, s.name as site, s.address,
       c.name as contact, coalesce(c.phone, t.caller) as phone
from tickets t
left join accounts a on a.id = t.account
left join sites s on s.id = t.site
left join contacts c on c.id = t.contact
where t.number = :ticket;

-- name: channel^
-- The way mail leaves the house: the first e-mail channel in use.
select config from channels where kind = 'email' and active order by id limit 1;
