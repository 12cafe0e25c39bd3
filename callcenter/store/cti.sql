-- name: held^
-- The call, this transaction's until it ends.
select c.*, q.name as queue_name from calls c left join queues q on q.id = c.queue where c.id = :id for update of c;
