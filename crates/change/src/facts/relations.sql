-- Everything of the relations that $1 names (as to_regclass reads them), and of the tables
-- that foreign keys, partitions and inheritance tie to them: one JSON document each.
WITH RECURSIVE named AS (
    SELECT DISTINCT to_regclass(name)::oid AS oid
    FROM unnest($1::text[]) AS name
    WHERE to_regclass(name) IS NOT NULL
), family (oid) AS (
    SELECT coalesce(i.indrelid, n.oid) FROM named n LEFT JOIN pg_index i ON i.indexrelid = n.oid
    UNION
    SELECT CASE WHEN i.inhparent = f.oid THEN i.inhrelid ELSE i.inhparent END
    FROM family f
    JOIN pg_inherits i ON f.oid IN (i.inhparent, i.inhrelid)
    JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
), tied AS (
    SELECT oid FROM named
    UNION
    SELECT oid FROM family
    UNION
    SELECT CASE WHEN k.conrelid = f.oid THEN k.confrelid ELSE k.conrelid END
    FROM family f
    JOIN pg_constraint k ON k.contype = 'f' AND f.oid IN (k.conrelid, k.confrelid)
)
SELECT json_build_object(
    'oid', c.oid::bigint,
    'named', c.oid IN (SELECT oid FROM named),
    'name', json_build_object('schema', n.nspname, 'name', c.relname),
    'kind', c.relkind,
    'persistence', c.relpersistence,
    'owner', pg_get_userbyid(c.relowner),
    'is_ours', pg_has_role(c.relowner, 'USAGE'),
    'rows', CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,
    'heap_bytes', CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_relation_size(c.oid) ELSE 0 END,
    'total_bytes', CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_total_relation_size(c.oid) ELSE 0 END,
    'options', coalesce(array_to_json(c.reloptions), '[]'),
    'row_security', c.relrowsecurity,
    'force_row_security', c.relforcerowsecurity,
    'replica_identity', c.relreplident,
    'of_type', c.reloftype <> 0,
    'attributes', c.relnatts,
    'has_rules', c.relhasrules AND c.relkind IN ('r', 'p'),
    'partition_key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
    'partition_bound', CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
    'partition_columns', (SELECT coalesce(json_agg(a.attname), '[]') FROM pg_partitioned_table p
                          JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
                          WHERE p.partrelid = c.oid),
    'parents', (SELECT coalesce(json_agg(i.inhparent::bigint ORDER BY i.inhseqno), '[]') FROM pg_inherits i WHERE i.inhrelid = c.oid),
    'children', (SELECT coalesce(json_agg(i.inhrelid::bigint ORDER BY i.inhrelid), '[]') FROM pg_inherits i WHERE i.inhparent = c.oid),
    'extension', (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
                    AND d.refclassid = 'pg_extension'::regclass LIMIT 1),
    'columns', (SELECT coalesce(json_agg(json_build_object(
            'attnum', a.attnum,
            'name', a.attname,
            'type', format_type(a.atttypid, a.atttypmod),
            'type_oid', a.atttypid::bigint,
            'typmod', a.atttypmod,
            'type_kind', t.typtype,
            'collation', CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation
                              THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END,
            'not_null', a.attnotnull,
            'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
            'generated', a.attgenerated,
            'expression', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
            'identity', a.attidentity,
            'sequence', CASE WHEN a.attidentity <> '' THEN (
                SELECT json_build_object(
                    'schema', sn.nspname, 'name', sc.relname, 'type', format_type(s.seqtypid, NULL),
                    'start', s.seqstart, 'increment', s.seqincrement, 'min', s.seqmin, 'max', s.seqmax,
                    'cache', s.seqcache, 'cycle', s.seqcycle,
                    'comment', obj_description(sc.oid, 'pg_class'),
                    'grants', (SELECT coalesce(json_agg(json_build_object(
                            'grantee', CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
                            'privilege', x.privilege_type, 'grantable', x.is_grantable) ORDER BY x.grantee, x.privilege_type), '[]')
                       FROM aclexplode(sc.relacl) AS x))
                FROM pg_depend sd JOIN pg_class sc ON sc.oid = sd.objid AND sc.relkind = 'S'
                JOIN pg_sequence s ON s.seqrelid = sc.oid JOIN pg_namespace sn ON sn.oid = sc.relnamespace
                WHERE sd.classid = 'pg_class'::regclass AND sd.refclassid = 'pg_class'::regclass
                  AND sd.refobjid = c.oid AND sd.refobjsubid = a.attnum AND sd.deptype = 'i' LIMIT 1) END,
            'owned_sequences', (
                SELECT coalesce(json_agg(json_build_object('schema', sn.nspname, 'name', sc.relname) ORDER BY sc.oid), '[]')
                FROM pg_depend sd JOIN pg_class sc ON sc.oid = sd.objid AND sc.relkind = 'S'
                JOIN pg_namespace sn ON sn.oid = sc.relnamespace
                WHERE sd.classid = 'pg_class'::regclass AND sd.refclassid = 'pg_class'::regclass
                  AND sd.refobjid = c.oid AND sd.refobjsubid = a.attnum AND sd.deptype = 'a'),
            'statistics_target', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END,
            'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
            -- Without what the server itself notes there (since 15.20 and its like).
            'options', coalesce(array_to_json(ARRAY(SELECT o FROM unnest(a.attoptions) AS o WHERE o NOT LIKE 'pg\_attver=%')), '[]'),
            'compression', nullif(to_jsonb(a) ->> 'attcompression', ''),
            'grants', (SELECT coalesce(json_agg(json_build_object(
                            'grantee', CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
                            'privilege', x.privilege_type, 'grantable', x.is_grantable) ORDER BY x.grantee, x.privilege_type), '[]')
                       FROM aclexplode(a.attacl) AS x),
            'comment', col_description(c.oid, a.attnum),
            'is_local', a.attislocal,
            'inherited', a.attinhcount > 0
        ) ORDER BY a.attnum), '[]')
        FROM pg_attribute a
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN pg_collation co ON co.oid = a.attcollation
        LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'constraints', (SELECT coalesce(json_agg(json_build_object(
            'oid', k.oid::bigint,
            'name', k.conname,
            'kind', k.contype,
            'definition', pg_get_constraintdef(k.oid),
            'validated', k.convalidated,
            'deferrable', k.condeferrable,
            'columns', (SELECT coalesce(json_agg(a.attname ORDER BY x.at), '[]')
                        FROM unnest(k.conkey) WITH ORDINALITY AS x (attnum, at)
                        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.attnum),
            'index', (SELECT i.relname FROM pg_class i WHERE i.oid = k.conindid AND k.contype IN ('p', 'u', 'x')),
            'references', CASE WHEN k.contype = 'f' THEN k.confrelid::bigint END,
            'referenced_columns', (SELECT coalesce(json_agg(a.attname ORDER BY x.at), '[]')
                        FROM unnest(k.confkey) WITH ORDINALITY AS x (attnum, at)
                        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.attnum),
            'inherited', k.coninhcount > 0 OR k.conparentid <> 0,
            'no_inherit', k.connoinherit,
            'comment', obj_description(k.oid, 'pg_constraint')
        ) ORDER BY k.contype, k.conname), '[]')
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('c', 'f', 'p', 'u', 'x', 'n')),
    'referenced_by', (SELECT coalesce(json_agg(json_build_object(
            'name', k.conname,
            'table', k.conrelid::bigint,
            'columns', (SELECT json_agg(a.attname ORDER BY x.at)
                        FROM unnest(k.conkey) WITH ORDINALITY AS x (attnum, at)
                        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.attnum),
            'referenced_columns', (SELECT json_agg(a.attname ORDER BY x.at)
                        FROM unnest(k.confkey) WITH ORDINALITY AS x (attnum, at)
                        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.attnum),
            'index', (SELECT i.relname FROM pg_class i WHERE i.oid = k.conindid),
            'definition', pg_get_constraintdef(k.oid),
            'validated', k.convalidated,
            'inherited', k.conparentid <> 0,
            'comment', obj_description(k.oid, 'pg_constraint')
        ) ORDER BY k.conrelid, k.conname), '[]')
        FROM pg_constraint k WHERE k.confrelid = c.oid AND k.contype = 'f'),
    'indexes', (SELECT coalesce(json_agg(json_build_object(
            'name', ic.relname,
            'definition', pg_get_indexdef(i.indexrelid),
            'method', am.amname,
            'bytes', CASE WHEN ic.relkind = 'i' THEN pg_relation_size(ic.oid) ELSE 0 END,
            'unique', i.indisunique,
            'primary', i.indisprimary,
            'immediate', i.indimmediate,
            'valid', i.indisvalid,
            'attached', ic.relispartition,
            'above', (SELECT above.relname FROM pg_inherits h JOIN pg_class above ON above.oid = h.inhparent WHERE h.inhrelid = ic.oid),
            'clustered', i.indisclustered,
            'replica_identity', i.indisreplident,
            'partial', i.indpred IS NOT NULL,
            'expressions', i.indexprs IS NOT NULL,
            'key_columns', i.indnkeyatts,
            'columns', (SELECT coalesce(json_agg(coalesce(a.attname, '') ORDER BY x.at), '[]')
                        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS x (attnum, at)
                        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = x.attnum AND x.attnum <> 0),
            'mentions', (SELECT coalesce(json_agg(DISTINCT a.attname), '[]') FROM pg_depend d
                        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                          AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid > 0),
            'options', coalesce(array_to_json(ic.reloptions), '[]'),
            'tablespace', (SELECT spcname FROM pg_tablespace s WHERE s.oid = ic.reltablespace),
            'statistics', (SELECT coalesce(json_agg(json_build_object('position', a.attnum, 'target', a.attstattarget) ORDER BY a.attnum), '[]')
                        FROM pg_attribute a WHERE a.attrelid = ic.oid AND a.attstattarget >= 0),
            'comment', obj_description(ic.oid, 'pg_class')
        ) ORDER BY ic.relname), '[]')
        FROM pg_index i
        JOIN pg_class ic ON ic.oid = i.indexrelid
        JOIN pg_am am ON am.oid = ic.relam
        WHERE i.indrelid = c.oid),
    'triggers', (SELECT coalesce(json_agg(json_build_object(
            'name', g.tgname,
            'definition', pg_get_triggerdef(g.oid),
            'enabled', g.tgenabled,
            'before_row', (g.tgtype & 3) = 3,
            'row', (g.tgtype & 1) = 1,
            'on_update', (g.tgtype & 16) = 16,
            'columns', (SELECT coalesce(json_agg(a.attname), '[]') FROM pg_attribute a
                        WHERE a.attrelid = g.tgrelid AND a.attnum = ANY (g.tgattr::int2[]) AND a.attnum > 0)
        ) ORDER BY g.tgname), '[]')
        FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal),
    'policies', (SELECT coalesce(json_agg(json_build_object('name', p.polname, 'permissive', p.polpermissive) ORDER BY p.polname), '[]')
        FROM pg_policy p WHERE p.polrelid = c.oid),
    'statistics', (SELECT coalesce(json_agg(json_build_object(
            'schema', sn.nspname,
            'name', s.stxname,
            'definition', pg_get_statisticsobjdef(s.oid),
            'columns', (SELECT coalesce(json_agg(DISTINCT a.attname), '[]') FROM pg_depend d
                        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                        WHERE d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid
                          AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid > 0),
            'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END,
            'owner', pg_get_userbyid(s.stxowner),
            'comment', obj_description(s.oid, 'pg_statistic_ext')
        ) ORDER BY s.stxname), '[]')
        FROM pg_statistic_ext s JOIN pg_namespace sn ON sn.oid = s.stxnamespace WHERE s.stxrelid = c.oid),
    -- What else depends on a column: views, policies, generated columns, functions, publications.
    'dependents', (SELECT coalesce(json_agg(DISTINCT jsonb_build_object(
            'column', a.attname,
            'what', CASE d.classid
                WHEN 'pg_rewrite'::regclass THEN CASE WHEN r.ev_class = c.oid THEN 'rule' ELSE 'view' END
                WHEN 'pg_policy'::regclass THEN 'policy'
                WHEN 'pg_attrdef'::regclass THEN 'generated column'
                WHEN 'pg_proc'::regclass THEN 'function'
                WHEN 'pg_trigger'::regclass THEN 'trigger'
                ELSE CASE WHEN d.classid::regclass::text = 'pg_publication_rel' THEN 'publication' ELSE d.classid::regclass::text END END,
            'name', CASE WHEN r.ev_class IS NOT NULL THEN r.ev_class::regclass::text
                         ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END))
            , '[]')
        FROM pg_depend d
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        LEFT JOIN pg_attrdef ad ON d.classid = 'pg_attrdef'::regclass AND ad.oid = d.objid
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid > 0
          AND d.classid NOT IN ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_statistic_ext'::regclass)
          AND NOT (d.classid = 'pg_attrdef'::regclass AND ad.adrelid = c.oid AND ad.adnum = d.refobjsubid)),
    'publications', (SELECT coalesce(json_agg(p.pubname ORDER BY p.pubname), '[]')
        FROM pg_publication_rel pr JOIN pg_publication p ON p.oid = pr.prpubid WHERE pr.prrelid = c.oid)
)::text
FROM tied
JOIN pg_class c USING (oid)
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I')
ORDER BY c.oid
