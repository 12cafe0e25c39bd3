-- The stream always has a row before whatever is still kept: a reader whose place lies before that has missed something.
insert into events (at, kind) values (now(), 'begun');
