-- name: in_force^
-- The version of a contract that counts at an instant, in the contract's own zone; no row when it is not valid then.
select v.id, v.contract, k.account
from contracts k
join lateral (
    select v.id, v.contract, v.valid_from, v.valid_until, (cast(:at as timestamptz) at time zone v.timezone)::date as day
    from contract_versions v
    where v.contract = k.id and v.effective <= (cast(:at as timestamptz) at time zone v.timezone)::date
    order by v.effective desc, v.version desc
    limit 1
) v on v.day between v.valid_from and v.valid_until
where k.code = :code;

-- name: covering
-- Contracts in force for an account (and site, where the contract lists sites) at an instant.
select k.code, v.id, v.contract, v.title, v.valid_from, v.valid_until
from contracts k
join lateral (
    select v.*, (cast(:at as timestamptz) at time zone v.timezone)::date as day
    from contract_versions v
    where v.contract = k.id and v.effective <= (cast(:at as timestamptz) at time zone v.timezone)::date
    order by v.effective desc, v.version desc
    limit 1
) v on v.day between v.valid_from and v.valid_until
where (k.account = :account or :account = any (k.covers_accounts))
  and (k.covers_sites = '{}' or :site = any (k.covers_sites))
order by k.code;

-- name: of_account
-- Every contract of an account with its newest version, covered at the instant or not.
select k.code, v.title, v.valid_from, v.valid_until,
       (cast(:at as timestamptz) at time zone v.timezone)::date between v.valid_from and v.valid_until as covered
from contracts k
join lateral (select * from contract_versions v where v.contract = k.id order by v.version desc limit 1) v on true
where k.account = :account or :account = any (k.covers_accounts)
order by k.code;

-- name: source_of$
select source from contract_versions where id = :id;

-- name: sources
select id, source from contract_versions where id = any (cast(:ids as bigint[]));

-- name: by_code^
select id, account, covers_accounts, covers_sites, queues, created_at from contracts where code = :code;

-- name: versions
select v.id, v.version, v.effective, v.valid_from, v.valid_until, v.timezone, v.title, v.source, v.content_hash,
       v.created_at, v.created_by
from contract_versions v join contracts k on k.id = v.contract
where k.code = :code
order by v.version;

-- name: listing
select k.id, k.code, a.name as customer, v.title, v.version, v.effective, v.valid_from, v.valid_until, v.timezone
from contracts k
join accounts a on a.id = k.account
join lateral (select * from contract_versions v where v.contract = k.id order by v.version desc limit 1) v on true
where k.code > :after
order by k.code
limit :limit;

-- name: account_named$
insert into accounts (name, created_at, updated_at) values (:name, :now, :now)
on conflict (name) do update set name = excluded.name
returning id;

-- name: ensure^
insert into contracts (code, account, created_at) values (:code, :account, :now)
on conflict (code) do update set code = excluded.code
returning id, account;

-- name: add_version$
insert into contract_versions (contract, version, effective, valid_from, valid_until, timezone, title, source, content_hash,
    created_at, created_by)
values (:contract, :version, :effective, :valid_from, :valid_until, :timezone, :title, :source, :content_hash, :now, :by)
returning id;

-- name: cover!
update contracts set covers_accounts = :accounts, covers_sites = :sites, queues = :queues where code = :code;

-- name: codes_of
select id, code from contracts where id = any (cast(:ids as bigint[]));
