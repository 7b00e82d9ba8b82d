-- What hangs on the relation with oid $1: triggers, policies, rules, extended
-- statistics, and views that read it (the first 100).
SELECT what, json_strip_nulls(doc) FROM (
    SELECT 'trigger' AS what, t.tgname::text AS name, json_build_object(
        'name', t.tgname,
        'definition', pg_get_triggerdef(t.oid),
        'enabled', CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END,
        'comment', obj_description(t.oid, 'pg_trigger')) AS doc
    FROM pg_trigger t
    WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal
  UNION ALL
    SELECT 'policy', p.polname::text, json_build_object(
        'name', p.polname,
        'command', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        'restrictive', CASE WHEN NOT p.polpermissive THEN true END,
        'roles', CASE WHEN p.polroles <> '{0}' THEN (SELECT json_agg(pg_get_userbyid(r) ORDER BY 1) FROM unnest(p.polroles) r) END,
        'using', pg_get_expr(p.polqual, p.polrelid),
        'with_check', pg_get_expr(p.polwithcheck, p.polrelid),
        'comment', obj_description(p.oid, 'pg_policy'))
    FROM pg_policy p
    WHERE p.polrelid = $1::oid
  UNION ALL
    SELECT 'rule', r.rulename::text, json_build_object(
        'name', r.rulename,
        'definition', pg_get_ruledef(r.oid),
        'enabled', CASE r.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END)
    FROM pg_rewrite r
    WHERE r.ev_class = $1::oid AND r.rulename <> '_RETURN'
  UNION ALL
    SELECT 'statistics', s.stxname::text, json_build_object(
        'name', format('%I.%I', n.nspname, s.stxname),
        'definition', pg_get_statisticsobjdef(s.oid))
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
    WHERE s.stxrelid = $1::oid
  UNION ALL
    SELECT 'view', v.name, json_build_object('name', v.name)
    FROM (
        SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_depend d
        JOIN pg_rewrite r ON r.oid = d.objid
        JOIN pg_class c ON c.oid = r.ev_class
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid
          AND c.oid <> $1::oid AND c.relkind IN ('v', 'm')
        ORDER BY 1
        LIMIT 100) v
) attached
ORDER BY what, name;
