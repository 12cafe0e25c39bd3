-- What the scrape page counts is read from an index alone. The columns added to old indexes change only when a column
-- these indexes have already changes; the new ones hold no row a call just logged has made.
drop index tickets_open;
create index tickets_open on tickets (number) include (severity, kind) where state not in ('closed', 'cancelled');

drop index clocks_due;
create index clocks_due on clocks (contract, due_at) include (commitment, severity, state) where due_at is not null;
drop index clocks_open;
create index clocks_open on clocks (due_at) include (commitment, severity) where stopped_at is null and due_at is not null and not void;
create index clocks_paused on clocks (contract) include (commitment, severity) where state = 'paused' and not void;
create index clocks_stopped on clocks (stopped_at) include (commitment, state) where stopped_at is not null and not void;

create index alerts_recorded on alerts (recorded_at) include (kind, fires_at);

-- The figures every worker of every host shows, read by whichever was asked last. Losing it costs a counter reset.
create unlogged table metric_figures (
    one         boolean not null default true constraint metric_figures_pk primary key constraint metric_figures_one check (one),
    read_at     timestamptz not null,         -- by the database's clock
    read_s      double precision not null,    -- how long reading took
    figures     jsonb not null
);
