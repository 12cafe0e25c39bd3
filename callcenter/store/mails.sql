-- name: enqueue_job!
-- For whoever has an address, where there is an e-mail channel in use.
insert into mails (kind, ticket, entry, login, next_try_at, created_at)
select 'job', :ticket, :entry, u.login, :now, :now from users u
where u.login = :login and u.active and u.email is not null
  and exists (select from channels c where c.kind = 'email' and c.active)
on conflict on constraint mails_job_once do nothing;

-- name: enqueue_report!
-- One for each active contract manager with an address.
insert into mails (kind, contract, month, login, locale, next_try_at, created_at)
select 'month_report', :contract, :month, login, locale, :now, :now from users
where role = 'contract_manager' and active and email is not null
on conflict on constraint mails_report_once do nothing;

-- name: take^
-- One that is ready is this process's until the lease ends; what somebody died over is ready again. Jobs go first:
-- somebody is on the way.
with ready as (
    select id from mails
    where state in ('pending', 'sending') and next_try_at <= :now and kind = any (cast(:kinds as text[]))
    order by kind <> 'job', next_try_at
    limit 1
    for update skip locked
), taken as (
    update mails m
    set state = 'sending', attempts = attempts + 1, next_try_at = :until
    from ready
    where m.id = ready.id
    returning m.*
)
select t.id, t.kind, t.ticket, t.contract, k.code, t.month, t.login, coalesce(t.locale, u.locale) as locale, t.attempts,
       u.email, coalesce(u.active, false) as active
from taken t
left join users u on u.login = t.login
left join contracts k on k.id = t.contract;

-- name: settle$
-- A try whose lease ran out and that another has followed changes nothing any more.
update mails
set state = :state, reason = :reason, detail = :detail, next_try_at = coalesce(:next_try_at, next_try_at),
    sent_at = case when :state = 'sent' then cast(:now as timestamptz) end
where id = :id and state = 'sending' and attempts = :attempt
returning true;

-- name: of_ticket
select entry, login, state, reason from mails where ticket = :ticket;

-- name: of_months
select m.month, m.login, m.state, m.attempts, m.reason, m.detail, m.sent_at
from mails m
join contracts k on k.id = m.contract
where k.code = :code and m.month = any (cast(:months as text[]))
order by m.month, m.login;

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
