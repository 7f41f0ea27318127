-- name: list_roles
-- The names of a server's roles.
select rolname from pg_roles;

-- name: has_database
-- Whether the server has a database of that name.
select exists (select 1 from pg_database where datname = $1);
