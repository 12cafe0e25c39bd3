-- One outbox for mails that are no alert's: written with what causes them, sent with no transaction open. It takes the
-- place of job_messages and report_mails, and their rows.
create table mails (
    id           uuid not null default gen_random_uuid() constraint mails_pk primary key,   -- the message's own, at every try
    kind         text not null constraint mails_kind_known check (kind in ('job', 'month_report')),
    ticket       bigint,                        -- a job: the entry that sends somebody to a customer
    entry        integer,
    contract     bigint constraint mails_contract_fk references contracts (id),   -- a report: of this contract's month
    month        text,
    login        text not null,                 -- whom it was meant for; no foreign key, as the record outlives the person
    locale       text,                          -- null: the person's own when it is sent
    state        text not null default 'pending' constraint mails_state_known check (state in ('pending', 'sending', 'sent', 'dead')),
    attempts     integer not null default 0,
    next_try_at  timestamptz not null,          -- while sending: when another may try
    reason       text,
    detail       text,
    created_at   timestamptz not null,
    sent_at      timestamptz,
    constraint mails_about check (
        case kind
            when 'job' then num_nonnulls(ticket, entry) = 2 and num_nonnulls(contract, month) = 0
            else num_nonnulls(contract, month) = 2 and num_nonnulls(ticket, entry) = 0
        end
    ),
    constraint mails_entry_fk foreign key (ticket, entry) references entries (ticket, seq),
    constraint mails_job_once unique (ticket, entry),
    constraint mails_report_once unique (contract, month, login)
);
create index mails_ready on mails (next_try_at) where state in ('pending', 'sending');

insert into mails (id, kind, ticket, entry, login, state, attempts, next_try_at, reason, detail, created_at, sent_at)
select id, 'job', ticket, entry, login, state, attempts, next_try_at, reason, detail, created_at, sent_at from job_messages;
insert into mails (id, kind, contract, month, login, locale, state, attempts, next_try_at, reason, detail, created_at, sent_at)
select id, 'month_report', contract, month, login, locale, state, attempts, next_try_at, reason, detail, created_at, sent_at
from report_mails;

drop table job_messages;
drop table report_mails;
