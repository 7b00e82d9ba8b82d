-- $1: the OID of a table. The bytes of its TOAST table.
SELECT pg_catalog.pg_relation_size(reltoastrelid) FROM pg_catalog.pg_class WHERE oid = $1::pg_catalog.oid AND reltoastrelid <> 0
