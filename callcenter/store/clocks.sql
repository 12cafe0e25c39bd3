-- name: stored_of
select id, commitment, cycle, due_at, deadline_version, ladder_from from clocks where ticket = :ticket order by id;

-- name: judged_at$
select max(assessed_at) from clocks where ticket = :ticket;
