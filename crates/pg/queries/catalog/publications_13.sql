-- Publications of the relation with oid $1 (servers before 15).
SELECT p.pubname
FROM pg_publication p
JOIN pg_class c ON c.oid = $1::oid
WHERE c.relkind IN ('r', 'p')
  AND (p.puballtables AND c.relpersistence = 'p' AND c.oid >= 16384
       OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid))
ORDER BY 1;
