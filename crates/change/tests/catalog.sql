-- The user's schema as lines of text, whatever the order of columns.
SELECT line FROM (
    SELECT format('%s %s.%s owner=%s rls=%s/%s replident=%s opts=%s part=%s/%s acl=%s comment=%s', c.relkind, n.nspname, c.relname,
                  pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.reloptions,
                  CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, pg_get_expr(c.relpartbound, c.oid), c.relacl,
                  obj_description(c.oid, 'pg_class')) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I') AND c.oid >= 16384
    UNION ALL
    SELECT format('column %s.%s %s %s notnull=%s default=%s gen=%s id=%s coll=%s acl=%s comment=%s stats=%s storage=%s opts=%s',
                  a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), '', a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                  a.attgenerated, a.attidentity, a.attcollation::regcollation, a.attacl, col_description(a.attrelid, a.attnum),
                  nullif(a.attstattarget, -1), a.attstorage, nullif(ARRAY(SELECT o FROM unnest(a.attoptions) AS o WHERE o NOT LIKE 'pg\_attver=%'), '{}'))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'c') AND c.oid >= 16384
    UNION ALL
    SELECT format('constraint %s %s %s valid=%s inherited=%s comment=%s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid), k.convalidated,
                  k.coninhcount, obj_description(k.oid, 'pg_constraint'))
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.oid >= 16384
    UNION ALL
    SELECT format('index %s valid=%s ident=%s clustered=%s comment=%s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisreplident,
                  i.indisclustered, obj_description(i.indexrelid, 'pg_class'))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384
    UNION ALL
    SELECT format('index column %s %s stats=%s', a.attrelid::regclass, a.attnum, a.attstattarget)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind IN ('i', 'I') AND a.attstattarget >= 0 AND c.oid >= 16384
    UNION ALL
    SELECT format('trigger %s %s', t.tgenabled, pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('policy %s on %s: %s / %s', p.polname, p.polrelid::regclass, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p
    UNION ALL
    SELECT format('view %s: %s', c.oid::regclass, pg_get_viewdef(c.oid))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND c.oid >= 16384
    UNION ALL
    SELECT format('sequence %s %s start=%s inc=%s min=%s max=%s cache=%s cycle=%s owned=%s', s.seqrelid::regclass, format_type(s.seqtypid, NULL), s.seqstart,
                  s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                  (SELECT format('%s.%s %s', d.refobjid::regclass, a.attname, d.deptype) FROM pg_depend d
                   JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                   WHERE d.objid = s.seqrelid AND d.classid = 'pg_class'::regclass AND d.refobjsubid > 0 LIMIT 1))
    FROM pg_sequence s
    UNION ALL
    SELECT format('statistics %s %s %s %s target=%s owner=%s comment=%s', s.stxname, s.stxrelid::regclass, s.stxkind,
                  (SELECT array_agg(a.attname ORDER BY a.attname) FROM pg_attribute a WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys::int2[])), nullif(s.stxstattarget, -1), pg_get_userbyid(s.stxowner),
                  obj_description(s.oid, 'pg_statistic_ext'))
    FROM pg_statistic_ext s
    UNION ALL
    SELECT format('function %s %s', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_temp' AND p.prokind IN ('f', 'p')
    UNION ALL
    SELECT format('enum %s %s', t.typname, (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t WHERE t.typtype = 'e'
    UNION ALL
    SELECT format('publication %s %s', p.pubname, pr.prrelid::regclass) FROM pg_publication p JOIN pg_publication_rel pr ON pr.prpubid = p.oid
) AS lines
-- Not the system's own, and not the journal.
WHERE line !~ '(pg_catalog|information_schema|pg_toast)\.' AND line !~ '\mhowdah\.(changes|steps|positions|misfits)'
  AND line !~ '\mmisfits_' AND line !~ '^(column|constraint|view|policy) (information_schema\.|pg_)' AND line !~ '^(r|i|v|S|t) (information_schema|pg_catalog|pg_toast|howdah)\.'
ORDER BY 1
