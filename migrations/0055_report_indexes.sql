-- A month's arrivals are many and its other reported entries few: each kind is found without reading the others.
drop index entries_reported;
create index entries_reported on entries (type, occurred_at, ticket) where type in ('promised', 'kept', 'paused', 'followed_up',
    'loaner_provided', 'loaner_returned', 'inspected', 'corrected');
create index entries_arrived on entries (occurred_at, ticket) where type = 'arrived';
create index entries_reopened on entries (ticket) where type = 'reopened';
create index clocks_breached on clocks (contract, due_at) where state = 'breached' and not void;
