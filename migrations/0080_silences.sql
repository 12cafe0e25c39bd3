-- When a host last looked at the clocks, and the times nobody did: an alert that comes late says why.
create table engine_looks (
    one boolean not null default true constraint engine_looks_pk primary key constraint engine_looks_once check (one),
    at  timestamptz not null
);
insert into engine_looks (at) values (now());

create table silences (
    since timestamptz not null constraint silences_pk primary key,
    until timestamptz not null,
    constraint silences_order check (since < until)
);
