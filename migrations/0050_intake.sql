-- What machines report, so that one fault is one ticket however often it is told: the ticket an alert's fingerprint or a
-- machine's fault led to last.
create table intake (
    source      text not null constraint intake_source_known check (source in ('alertmanager', 'machine')),
    key         text not null,
    ticket      bigint constraint intake_ticket_fk references tickets (number),
    started_at  timestamptz,                    -- of the fault told last
    ended_at    timestamptz,                    -- when it was over, if it was
    seen_at     timestamptz not null,
    constraint intake_pk primary key (source, key)
);
create index intake_ticket on intake (ticket) where ticket is not null;
