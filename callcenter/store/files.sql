-- name: add^
insert into files (ticket, name, media_type, size, sha256, content, by, created_at)
values (:ticket, :name, :media_type, octet_length(cast(:content as bytea)), :sha256, :content, :by, :now)
returning id, ticket, name, media_type, size, sha256, by, created_at;

-- name: of_ticket
select id, ticket, name, media_type, size, sha256, by, created_at from files where ticket = :ticket order by id;

-- name: get^
select name, media_type, content from files where ticket = :ticket and id = :file;
