-- name: server
-- The server, and as whom we are there.
select current_setting('server_version_num')::int as version_number,
       current_setting('server_version') as version,
       current_user::text as role,
       session_user::text as login,
       (select rolsuper from pg_roles where rolname = current_user) as superuser,
       pg_is_in_recovery() as in_recovery,
       current_setting('fsync') as fsync,
       current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       clock_timestamp() as now;

-- name: privileges
-- Which of these this role has; false where the table is not there. $1 tables or columns of them, $2 privileges.
select t as table_name, p as privilege,
       coalesce(case when t like '%.%'
                     then has_column_privilege(to_regclass(split_part(t, '.', 1))::oid, split_part(t, '.', 2), p)
                     when p in ('SELECT', 'INSERT', 'UPDATE') then has_any_column_privilege(to_regclass(t)::oid, p)
                     else has_table_privilege(to_regclass(t)::oid, p) end, false) as held
from unnest($1::text[], $2::text[]) as asked (t, p);

-- name: shared_credentials
-- Applications of one account that may both feed and ask.
select a.display_name
from accounts a join credentials c using (account_id)
group by a.account_id, a.display_name
having bool_or(c.may_feed) and bool_or(c.may_query)
order by 1;
