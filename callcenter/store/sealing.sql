-- name: hold!
-- One hand at a time on a contract's seals.
select pg_advisory_xact_lock(1397050444, cast(cast(:contract as bigint) % 2147483647 as int));

-- name: seals
select id, contract, month, number, figures_hash, input_hash, versions, inputs, sealed_by, sealed_at
from seals
where contract = :contract and month = :month
order by number;

-- name: content^
select id, contract, month, number, figures, breaches, figures_hash, sealed_at from seals where id = :id;

-- name: first^
select id, figures, breaches, figures_hash, sealed_at from seals where contract = :contract and month = :month and number = 0;

-- name: add$
insert into seals (contract, month, number, figures, breaches, figures_hash, input_hash, versions, inputs, tickets, seqs,
    sealed_by, sealed_at)
values (:contract, :month, :number, :figures, :breaches, :figures_hash, :input_hash, :versions, :inputs,
    cast(:tickets as bigint[]), cast(:seqs as int[]), :by, :now)
returning id;

-- name: tickets
-- The tickets whose clocks a month counts, and how many entries each has.
select t.number, t.entries
from tickets t
where t.number in (
    select ticket from clocks
    where contract = :contract and not void
      and (due_at >= :since and due_at < :until
           or due_at is null and state = 'cancelled' and stopped_at >= :since and stopped_at < :until
           or due_at is null and state = 'paused' and started_at < :until)
)
order by t.number;

-- name: entries_hash$
-- The last entry of each ticket stands for all before it: each holds the hash of the last.
select encode(sha256(convert_to(coalesce(string_agg(t.number || ':' || encode(e.hash, 'hex'), ',' order by t.number), ''), 'UTF8')), 'hex')
from unnest(cast(:tickets as bigint[]), cast(:seqs as int[])) as t (number, seq)
join entries e on e.ticket = t.number and e.seq = t.seq;

-- name: tickets_of^
select tickets, seqs from seals where id = :id;

-- name: calls_hash$
select encode(sha256(convert_to(coalesce(string_agg(concat_ws(',', c.id, c.queue, extract(epoch from c.received_at),
    extract(epoch from c.queued_at), extract(epoch from c.answered_at), extract(epoch from c.ended_at), c.wait_s, c.outcome), ';'
    order by c.id), ''), 'UTF8')), 'hex')
from calls c
where c.received_at >= :since and c.received_at < :until and c.direction = 'in' and c.queue is not null
  and (cast(:queues as bigint[]) is null or c.queue = any (cast(:queues as bigint[])));

-- name: newest
-- The newest figures of every sealed month.
select distinct on (s.contract, s.month) s.id, s.contract, k.code, s.month, s.number, s.sealed_at
from seals s
join contracts k on k.id = s.contract
order by s.contract, s.month, s.number desc;

-- name: every
select s.id, k.code, s.month, s.number, s.figures_hash, s.input_hash, s.inputs, s.sealed_at
from seals s
join contracts k on k.id = s.contract
order by s.id;

-- name: file^
select content, sha256 from report_files
where contract = :contract and month = :month and form = :form and locale = :locale and section = :section
  and seal is not distinct from cast(:seal as bigint);

-- name: keep_file^
-- The first one made stays.
insert into report_files (contract, month, form, locale, section, seal, content, sha256, made_at)
values (:contract, :month, :form, :locale, :section, :seal, :content, sha256(:content), :now)
on conflict on constraint report_files_once do nothing
returning content;

-- name: replace_file!
insert into report_files (contract, month, form, locale, section, seal, content, sha256, made_at)
values (:contract, :month, :form, :locale, :section, null, :content, sha256(:content), :now)
on conflict on constraint report_files_once do update
set content = excluded.content, sha256 = excluded.sha256, made_at = excluded.made_at;

-- name: broken_files
-- Kept reports whose bytes are not those that were made.
select k.code, f.month, f.form, f.locale
from report_files f
join contracts k on k.id = f.contract
where sha256(f.content) <> f.sha256
order by 1, 2, 3, 4;

-- name: runs
select k.code, r.month, r.state, r.detail, r.started_at, r.ended_at
from report_runs r
join contracts k on k.id = r.contract
where cast(:code as text) is null or k.code = :code
order by r.started_at desc, k.code
limit :limit;

-- name: run!
insert into report_runs (contract, month, state, detail, started_at, ended_at)
values (:contract, :month, :state, :detail, :now, case when :state = 'running' then null else cast(:now as timestamptz) end)
on conflict (contract, month) do update
set state = excluded.state, detail = excluded.detail, ended_at = excluded.ended_at,
    started_at = case when excluded.state = 'running' then excluded.started_at else report_runs.started_at end;

-- name: languages
select distinct locale from users where role = 'contract_manager' and active;
