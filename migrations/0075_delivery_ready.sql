-- What was held back (a storm, quiet hours, a digest) has waited since it might go, also once an attempt has failed.
alter table deliveries add column ready_at timestamptz;     -- when it might go the first time; set when it is first taken
