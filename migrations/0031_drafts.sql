-- A form that was saved says so under its draft: sent a second time (the answer was lost, the service was restarted)
-- it gives the same answer and writes nothing.
alter table drafts add column saved jsonb;
create index drafts_age on drafts (updated_at);
