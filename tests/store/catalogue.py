"""What a database's catalogues say about its schema, one line per fact, so that two databases can be compared."""

import asyncpg

COLUMNS = """
    select format('column %s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod))
        || case when a.attnotnull then ' not null' else '' end
        || case when a.attidentity <> '' then ' identity ' || a.attidentity::text else '' end
        || case when a.attcollation not in (0, 100) then ' collate ' || a.attcollation::regcollation::text else '' end
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'p')
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
"""
INDEXES = "select indexdef from pg_indexes where schemaname = 'public'"
# PostgreSQL 18 names the constraints "not null" too: they are in COLUMNS already.
CONSTRAINTS = """
    select format('constraint %s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid))
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
"""
GRANTS = """
    select format('grant %s on %s to %s', acl.privilege_type, what.name, coalesce(r.rolname, 'public'))
    from (
        select relname::text as name, relacl as acl, relowner as owner from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'p', 'S')
        union all select 'schema ' || nspname, nspacl, nspowner from pg_namespace where nspname = 'public'
        union all select 'default ' || defaclobjtype::text, defaclacl, defaclrole from pg_default_acl
        union all select c.relname || '.' || a.attname, a.attacl, c.relowner from pg_attribute a
            join pg_class c on c.oid = a.attrelid where a.attacl is not null
                and c.relnamespace = 'public'::regnamespace
    ) as what, aclexplode(what.acl) as acl
    left join pg_roles r on r.oid = acl.grantee
    where acl.grantee <> what.owner
"""
OTHERS = """
    select format('function %s', p.oid::regprocedure) from pg_proc p where p.pronamespace = 'public'::regnamespace
    union all
    select format('trigger %s', pg_get_triggerdef(t.oid)) from pg_trigger t where not t.tgisinternal
    union all
    select format('options %s %s', relname, reloptions) from pg_class
        where relnamespace = 'public'::regnamespace and reloptions is not null
    union all
    select format('view %s: %s', viewname, definition) from pg_views where schemaname = 'public'
    union all
    select format('owner of %s: %s', tablename, tableowner) from pg_tables where schemaname = 'public'
"""


async def facts(dsn: str) -> set[str]:
    """Columns, indexes, constraints, grants, functions, triggers, views and owners of the public schema."""
    connection = await asyncpg.connect(dsn)
    try:
        found: set[str] = set()
        for query in (COLUMNS, INDEXES, CONSTRAINTS, GRANTS, OTHERS):
            found |= {row[0] for row in await connection.fetch(query)}
        return found
    finally:
        await connection.close()
