-- The last values of the sequences $1. Takes a lock on each until the transaction ends,
-- so that they are asked for by the hundred.
SELECT s, pg_sequence_last_value(s::regclass)
FROM unnest($1::oid[]) s;
