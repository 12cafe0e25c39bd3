-- What a day long over comes to is counted once. Whoever changes something that day counts leaves a mark, and the day is
-- counted again.
create table counted_days (
    part    text not null,                      -- what is counted: a contract's clocks or faults, all calls
    owner   bigint not null,                    -- the contract; 0 where a part belongs to none
    since   timestamptz not null,               -- a day of some zone
    until   timestamptz not null,
    counts  bytea not null,
    as_of   timestamptz not null,
    constraint counted_days_pk primary key (part, owner, since, until)
);
create table day_marks (                        -- no key: writers never wait for each other
    part    text not null,
    owner   bigint not null,
    since   timestamptz not null,               -- the first and the last instant marked
    until   timestamptz not null
);

-- Cancelled before they had a deadline: a few among millions, counted by the day of the cancellation.
create index clocks_cancelled on clocks (contract, stopped_at) where due_at is null and state = 'cancelled' and not void;

-- The instants that decide on which days a ticket counts as a fault: its report, its calls, its arrivals.
create function fault_instants(number bigint) returns setof timestamptz language sql stable as $$
    select t.reported_at from tickets t where t.number = $1
    union all
    select c.received_at from calls c where c.ticket = $1
    union all
    select e.occurred_at from entries e where e.ticket = $1 and e.type = 'arrived'
$$;
