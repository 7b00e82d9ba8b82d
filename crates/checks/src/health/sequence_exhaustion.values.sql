-- The last values of the sequences $1. Takes a lock on each until the transaction ends.
SELECT s AS oid, pg_sequence_last_value(s::regclass) AS last
FROM unnest($1::oid[]) s;
