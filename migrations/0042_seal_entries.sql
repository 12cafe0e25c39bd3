-- How many entries each of a seal's tickets had: instants would not tell what a transaction under way was about to add.
alter table seals add column seqs integer[] not null;
