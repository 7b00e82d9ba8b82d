-- The columns of the relation with oid $1, in order.
SELECT json_strip_nulls(json_build_object(
    'name', a.attname,
    'type', format_type(a.atttypid, a.atttypmod),
    'not_null', CASE WHEN a.attnotnull AND c.relkind <> 'S' THEN true END,
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'virtual', CASE WHEN a.attgenerated = 'v' THEN true END,
    'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    'collation', (
        SELECT CASE WHEN cn.nspname = 'pg_catalog' THEN quote_ident(co.collname) ELSE format('%I.%I', cn.nspname, co.collname) END
        FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
        WHERE co.oid = a.attcollation AND a.attcollation <> t.typcollation),
    'enum', CASE WHEN b.typtype = 'e' THEN (
        SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
        FROM (SELECT * FROM pg_enum e WHERE e.enumtypid = b.oid ORDER BY e.enumsortorder LIMIT 100) e) END,
    'domain', CASE WHEN t.typtype = 'd' THEN concat_ws(' ',
        format_type(t.typbasetype, t.typtypmod),
        CASE WHEN t.typnotnull THEN 'NOT NULL' END,
        (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname)
         FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')) END,
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN
        CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' WHEN 'x' THEN 'extended' END END,
    'compression', CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
    'statistics', CASE WHEN (to_jsonb(a) ->> 'attstattarget')::int >= 0 THEN (to_jsonb(a) ->> 'attstattarget')::int END,
    -- Without what the server itself notes there (since 15.20 and its like).
    'options', nullif(ARRAY(SELECT o FROM unnest(a.attoptions) AS o WHERE o NOT LIKE 'pg\_attver=%'), '{}'),
    'server_options', a.attfdwoptions,
    'inherited', CASE WHEN a.attinhcount > 0 AND NOT a.attislocal AND NOT c.relispartition THEN true END,
    'privileges', (
        SELECT json_object_agg(grants.grantee, grants.privileges)
        FROM (
            SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END AS grantee,
                   string_agg(g.privilege_type || CASE WHEN g.is_grantable THEN '*' ELSE '' END, ', '
                              ORDER BY g.privilege_type) AS privileges
            FROM aclexplode(a.attacl) g
            GROUP BY g.grantee
            ORDER BY 1
            LIMIT 50
        ) grants),
    'comment', col_description(a.attrelid, a.attnum)
))
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type l ON l.oid = t.typelem AND l.typarray = t.oid
LEFT JOIN pg_type b ON b.oid = coalesce(l.oid, CASE WHEN t.typtype = 'd' THEN t.typbasetype END, t.oid)
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;
