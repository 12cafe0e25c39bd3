-- name: forms
select name, source, by, at from evidence_forms order by name;

-- name: put!
insert into evidence_forms (name, source, by, at) values (:name, :source, :by, :now)
on conflict (name) do update set source = excluded.source, by = excluded.by, at = excluded.at;

-- name: points
select form, item, points, remark, by, at from evidence_points where contract = :contract and month = :month;

-- name: give!
insert into evidence_points (form, contract, month, item, points, remark, by, at)
values (:form, :contract, :month, :item, :points, :remark, :by, :now)
on conflict (form, contract, month, item) do update
set points = excluded.points, remark = excluded.remark, by = excluded.by, at = excluded.at;
