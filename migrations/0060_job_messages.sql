-- Messages to whoever is sent to a customer: written with the entry that sends them, sent with no transaction open.
create table job_messages (
    id           uuid not null default gen_random_uuid() constraint job_messages_pk primary key,   -- the message's own, at every try
    ticket       bigint not null,
    entry        integer not null,              -- which sent them
    login        text not null constraint job_messages_login_fk references users (login) on update cascade on delete cascade,
    state        text not null default 'pending' constraint job_messages_state_known check (state in ('pending', 'sending', 'sent', 'dead')),
    attempts     integer not null default 0,
    next_try_at  timestamptz not null,          -- while sending: when another may try
    reason       text,
    detail       text,
    created_at   timestamptz not null,
    sent_at      timestamptz,
    constraint job_messages_entry_fk foreign key (ticket, entry) references entries (ticket, seq),
    constraint job_messages_once unique (ticket, entry)
);
create index job_messages_ready on job_messages (next_try_at) where state in ('pending', 'sending');
