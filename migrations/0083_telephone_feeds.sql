-- When each telephone system was last heard, and when it last said of itself that it is there: a row for each token that
-- speaks for one. Events come by the hundred, so they are noted every ten seconds at most.
create table telephone_feeds (
    token     bigint not null constraint telephone_feeds_pk primary key constraint telephone_feeds_token_fk references tokens (id),
    heard_at  timestamptz,                      -- an event of a call; null where there was none yet
    beat_at   timestamptz                       -- a heartbeat; null where it sends none
);
