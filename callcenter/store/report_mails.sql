-- name: enqueue!
-- One for each active contract manager with an address.
insert into report_mails (contract, month, login, locale, next_try_at, created_at)
select :contract, :month, login, locale, :now, :now from users where role = 'contract_manager' and active and email is not null
on conflict on constraint report_mails_once do nothing;

-- name: take
-- Ready ones are this process's until the lease ends; what somebody died over is ready again.
update report_mails m
set state = 'sending', attempts = attempts + 1, next_try_at = :until
from users u, contracts k
where m.id in (
    select id from report_mails
    where state in ('pending', 'sending') and next_try_at <= :now
    order by next_try_at
    limit :limit
    for update skip locked
) and u.login = m.login and k.id = m.contract
returning m.id, m.contract, k.code, m.month, m.login, m.locale, m.attempts, u.email, u.name, u.active;

-- name: settle!
update report_mails
set state = :state, reason = :reason, detail = :detail, next_try_at = coalesce(:next_try_at, next_try_at),
    sent_at = case when :state = 'sent' then cast(:now as timestamptz) end
where id = :id and state = 'sending';

-- name: of_runs
select m.month, m.login, m.state, m.attempts, m.reason, m.sent_at
from report_mails m
join contracts k on k.id = m.contract
where k.code = :code and m.month = any (cast(:months as text[]))
order by m.month, m.login;

-- name: channel^
-- The way mail leaves the house: the first e-mail channel in use.
select config from channels where kind = 'email' and active order by id limit 1;
