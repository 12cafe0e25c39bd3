-- name: stored_of
select id, commitment, cycle, due_at, deadline_version, ladder_from from clocks where ticket = :ticket order by id;
