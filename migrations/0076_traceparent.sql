-- The span that wrote a delivery, where traces are recorded: each attempt to send it goes on with that trace.
alter table deliveries add column traceparent text default nullif(current_setting('callcenter.traceparent', true), '');
