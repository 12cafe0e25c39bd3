-- An event is written with every call: one index on the way, and one that only the rings' rows have to carry.
alter table events drop constraint events_pk;
drop index events_order;
alter table events add constraint events_pk primary key (xid, id);
drop index events_age;
create index events_age on events using brin (at) with (pages_per_range = 32, autosummarize = on);
create index events_rings on events (at) where kind = 'ring';
