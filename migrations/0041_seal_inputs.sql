-- What a seal was made from, so that it can be read again as it stood: the tickets, and a hash each of their entries up
-- to the sealing and of the month's calls.
alter table seals
    add column tickets bigint[] not null,
    add column inputs jsonb not null;
