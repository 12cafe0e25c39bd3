-- The user Grafana reads with: columns that panels show, no telephone number, no text of a timeline, no secret.
-- Run once as the owner of the database, and again after an upgrade that names it:
--   psql "$DATABASE_URL" -v password="'...'" -f reader.sql
do $$ begin
    create role grafana_reader login;
exception when duplicate_object then null;
end $$;
alter role grafana_reader with password :password;
alter role grafana_reader set default_transaction_read_only = on;
alter role grafana_reader set statement_timeout = '10s';
grant usage on schema public to grafana_reader;
grant select (number, contract, account, site, kind, category, region, phase, severity, state, assignee, title, reported_at)
    on tickets to grafana_reader;
grant select (id, ticket, contract, commitment, cycle, state, severity, region, started_at, due_at, stopped_at, breached_at, void)
    on clocks to grafana_reader;
grant select (ticket, seq, type, occurred_at) on entries to grafana_reader;
grant select (id, code) on contracts to grafana_reader;
grant select (id, contract, version, title, timezone, valid_from, valid_until) on contract_versions to grafana_reader;
grant select (id, name) on accounts to grafana_reader;
grant select (login, name, role) on users to grafana_reader;
