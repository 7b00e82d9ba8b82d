-- Partitions and inheriting tables, however far below.
WITH RECURSIVE below AS (
    SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
    UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
    JOIN below AS b ON i.inhparent OPERATOR(pg_catalog.=) b.inhrelid
)
SELECT b.inhrelid FROM below AS b
