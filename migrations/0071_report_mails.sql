-- Reports on their way to people: written with the run that made them, sent with no transaction open.
create table report_mails (
    id           uuid not null default gen_random_uuid() constraint report_mails_pk primary key,   -- the message's own, at every try
    contract     bigint not null constraint report_mails_contract_fk references contracts (id),
    month        text not null,
    login        text not null,
    locale       text not null,
    state        text not null default 'pending' constraint report_mails_state_known check (state in ('pending', 'sending', 'sent', 'dead')),
    attempts     integer not null default 0,
    next_try_at  timestamptz not null,          -- while sending: when another may try
    reason       text,
    detail       text,
    created_at   timestamptz not null,
    sent_at      timestamptz,
    constraint report_mails_once unique (contract, month, login)
);
create index report_mails_ready on report_mails (next_try_at) where state in ('pending', 'sending');
