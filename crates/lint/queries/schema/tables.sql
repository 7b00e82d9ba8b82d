-- A row for each relation that is reviewed.
SELECT c.oid, c.nspname, c.relname, c.relkind, c.relispartition,
       c.reltuples::bigint, c.relpages,
       r.relpersistence, r.relrowsecurity, pg_get_userbyid(r.relowner),
       EXISTS (SELECT FROM pg_description d
               WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0),
       has_schema_privilege(r.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
       (SELECT array_agg(i.inhparent ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
       pg_stat_get_numscans(c.oid),
       pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid),
       pg_stat_get_live_tuples(c.oid),
       extract(epoch FROM clock_timestamp() - greatest(pg_stat_get_last_analyze_time(c.oid),
                                                       pg_stat_get_last_autoanalyze_time(c.oid)))::bigint,
       (SELECT string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type)
        FROM aclexplode(r.relacl) a WHERE a.grantee = 0)
FROM chosen c
JOIN pg_class r ON r.oid = c.oid
ORDER BY c.nspname, c.relname;
