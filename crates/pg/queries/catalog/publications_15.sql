-- Publications of the relation with oid $1 (servers from 15 on, with publications of schemas).
SELECT p.pubname
FROM pg_publication p
JOIN pg_class c ON c.oid = $1::oid
WHERE c.relkind IN ('r', 'p')
  AND (p.puballtables AND c.relpersistence = 'p' AND c.oid >= 16384
       OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid)
       OR EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace))
ORDER BY 1;
