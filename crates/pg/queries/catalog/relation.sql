-- What pg_class and its neighbours say of the relation with oid $1. Takes no lock.
SELECT json_strip_nulls(json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'kind', CASE c.relkind
        WHEN 'r' THEN CASE WHEN c.relispartition THEN 'partition' ELSE 'table' END
        WHEN 'p' THEN CASE WHEN c.relispartition THEN 'partitioned_partition' ELSE 'partitioned_table' END
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized_view'
        WHEN 'f' THEN 'foreign_table'
        WHEN 'S' THEN 'sequence'
        WHEN 'c' THEN 'composite_type'
        WHEN 'i' THEN 'index'
        WHEN 'I' THEN 'partitioned_index'
        WHEN 't' THEN 'toast_table'
        ELSE c.relkind::text END,
    'owner', pg_get_userbyid(c.relowner),
    'comment', obj_description(c.oid, 'pg_class'),
    'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END,
    'tablespace', (SELECT t.spcname FROM pg_tablespace t WHERE t.oid = c.reltablespace),
    'access_method', (SELECT a.amname FROM pg_am a WHERE a.oid = c.relam AND a.amname <> 'heap' AND c.relkind IN ('r', 'm', 'p')),
    'options', c.reloptions,
    'of_type', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
    'not_populated', CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN true END,
    'replica_identity', CASE WHEN c.relkind IN ('r', 'p') AND n.nspname <> 'pg_catalog'
        THEN CASE c.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END END,
    'row_security', CASE
        WHEN c.relforcerowsecurity AND c.relrowsecurity THEN 'forced'
        WHEN c.relrowsecurity THEN 'enabled'
        WHEN c.relforcerowsecurity THEN 'forced but not enabled' END,
    'partition_key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
    'partition_bound', CASE WHEN c.relispartition AND c.relkind IN ('r', 'p', 'f') THEN pg_get_expr(c.relpartbound, c.oid) END,
    'parents', (
        SELECT json_agg(format('%I.%I', pn.nspname, p.relname) ORDER BY i.inhseqno)
        FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
        WHERE i.inhrelid = c.oid),
    'rows', CASE WHEN c.relkind IN ('r', 'm', 'p', 'f', 't') THEN json_build_object(
        'reltuples', CASE WHEN c.reltuples >= 0 AND NOT (c.reltuples = 0 AND c.relpages = 0) THEN c.reltuples::bigint END,
        'live', s.n_live_tup,
        'dead', s.n_dead_tup,
        'changed_since_analyze', s.n_mod_since_analyze,
        'statistics_age_s', round(extract(epoch FROM clock_timestamp()
            - greatest(s.last_analyze, s.last_autoanalyze, s.last_vacuum, s.last_autovacuum)))::bigint,
        'analyze_age_s', round(extract(epoch FROM clock_timestamp() - greatest(s.last_analyze, s.last_autoanalyze)))::bigint
    ) END,
    'privileges', (
        SELECT json_object_agg(grants.grantee, grants.privileges)
        FROM (
            SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END AS grantee,
                   string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ', '
                              ORDER BY a.privilege_type) AS privileges
            FROM aclexplode(c.relacl) a
            WHERE a.grantee <> c.relowner
            GROUP BY a.grantee
            ORDER BY 1
            LIMIT 50
        ) grants),
    'may_select', CASE
        WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
        WHEN c.relkind IN ('r', 'p', 'v', 'm', 'f') THEN has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') END,
    'may_use_schema', has_schema_privilege(n.oid, 'USAGE'),
    'server', (SELECT fs.srvname FROM pg_foreign_table ft JOIN pg_foreign_server fs ON fs.oid = ft.ftserver WHERE ft.ftrelid = c.oid),
    'server_options', (SELECT ft.ftoptions FROM pg_foreign_table ft WHERE ft.ftrelid = c.oid),
    'toast_of', (SELECT format('%I.%I', tn.nspname, t.relname) FROM pg_class t JOIN pg_namespace tn ON tn.oid = t.relnamespace
                 WHERE c.relkind = 't' AND t.reltoastrelid = c.oid),
    'index_of', (SELECT format('%I.%I', tn.nspname, t.relname)
                 FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
                 WHERE x.indexrelid = c.oid),
    'sequence', (
        SELECT json_build_object(
            'type', format_type(q.seqtypid, NULL), 'start', q.seqstart, 'increment', q.seqincrement, 'min', q.seqmin,
            'max', q.seqmax, 'cache', q.seqcache, 'cycle', CASE WHEN q.seqcycle THEN true END,
            'owned_by', (
                SELECT format('%I.%I.%I', tn.nspname, t.relname, a.attname)
                FROM pg_depend d
                JOIN pg_class t ON t.oid = d.refobjid
                JOIN pg_namespace tn ON tn.oid = t.relnamespace
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
                  AND d.deptype IN ('a', 'i')
                LIMIT 1))
        FROM pg_sequence q WHERE q.seqrelid = c.oid)
))
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT pg_stat_get_live_tuples(c.oid) AS n_live_tup,
           pg_stat_get_dead_tuples(c.oid) AS n_dead_tup,
           pg_stat_get_mod_since_analyze(c.oid) AS n_mod_since_analyze,
           pg_stat_get_last_analyze_time(c.oid) AS last_analyze,
           pg_stat_get_last_autoanalyze_time(c.oid) AS last_autoanalyze,
           pg_stat_get_last_vacuum_time(c.oid) AS last_vacuum,
           pg_stat_get_last_autovacuum_time(c.oid) AS last_autovacuum
) s ON true
WHERE c.oid = $1::oid;
