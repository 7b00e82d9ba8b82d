-- A mark of everything that a script can define, to tell whether one that
-- failed had done something before.
SELECT md5(concat(
    (SELECT string_agg(concat_ws(',', c.oid, c.relname, c.relfilenode, c.relacl, c.reloptions, c.relrowsecurity), ';' ORDER BY c.oid)
     FROM pg_class AS c WHERE c.oid >= 16384),
    (SELECT string_agg(concat_ws(',', a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull, a.atthasdef), ';' ORDER BY a.attrelid, a.attnum)
     FROM pg_attribute AS a WHERE a.attrelid >= 16384),
    (SELECT string_agg(concat_ws(',', c.oid, c.conname, c.convalidated), ';' ORDER BY c.oid) FROM pg_constraint AS c WHERE c.oid >= 16384),
    (SELECT string_agg(concat_ws(',', p.oid, p.xmin), ';' ORDER BY p.oid) FROM pg_proc AS p WHERE p.oid >= 16384),
    (SELECT string_agg(concat_ws(',', t.oid, t.tgname, t.tgenabled), ';' ORDER BY t.oid) FROM pg_trigger AS t WHERE t.oid >= 16384),
    (SELECT string_agg(concat_ws(',', e.oid, e.enumlabel), ';' ORDER BY e.oid) FROM pg_enum AS e WHERE e.oid >= 16384)
))
