-- Replication slots of logical decoding, whether somebody reads from them or not.
SELECT s.slot_name AS name, quote_literal(s.slot_name) AS literal, quote_ident(s.database) AS database, s.plugin, s.active,
       count(*) OVER () AS total
FROM pg_replication_slots s
WHERE s.slot_type = 'logical' AND NOT s.temporary
ORDER BY s.active DESC, s.slot_name LIMIT 100;
