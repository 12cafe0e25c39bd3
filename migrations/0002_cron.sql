-- A full channel is not searched for work, and one with a long backlog does not slow the others' search.
drop index deliveries_ready;
create index deliveries_ready on deliveries (channel, coalesce(lease_until, next_try_at)) where state in ('pending', 'sending');

-- A cron job runs once across hosts: whoever takes the row for an instant runs it.
create table cron_runs (
    name        text constraint cron_runs_pk primary key,
    due_at      timestamptz not null,         -- the newest instant somebody took
    taken_by    text not null,
    taken_at    timestamptz not null
);
