-- in_transaction: no
SELECT pg_advisory_lock(4242);
ALTER TABLE products ADD COLUMN IF NOT EXISTS ean varchar(13);
INSERT INTO settings (key, value) VALUES ('schema_version', '42') ON CONFLICT (key) DO UPDATE SET value = excluded.value;
SELECT pg_advisory_unlock(4242);
