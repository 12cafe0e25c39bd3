-- What people at the desk look for all day, each found through an index that holds little besides.
create index entries_promised on entries (ticket) where type = 'promised';
create index entries_resolved on entries (occurred_at) where type = 'resolved';
create index calls_missed on calls (received_at)
    where direction = 'in' and outcome in ('missed', 'abandoned', 'voicemail', 'overflow');
create index calls_back on calls (called, received_at) where direction = 'out';

create table follow_ups (                       -- whom to ask again, and when; the answers are on the timeline
    ticket        bigint not null constraint follow_ups_pk primary key constraint follow_ups_ticket_fk references tickets (number),
    ask_again_at  timestamptz not null,
    tries         integer not null default 1,
    by            text not null,
    updated_at    timestamptz not null
);
