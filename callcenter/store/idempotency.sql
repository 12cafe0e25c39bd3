-- name: claim$
-- One request at a time holds a key; it is let go with the transaction.
select pg_try_advisory_xact_lock(hashtextextended(:key, :token));

-- name: find^
select fingerprint, status, headers, body from idempotency where token = :token and key = :key;

-- name: keep!
insert into idempotency (token, key, fingerprint, status, headers, body, created_at)
values (:token, :key, :fingerprint, :status, :headers, :body, :now);

-- name: forget!
delete from idempotency where created_at < :before;
