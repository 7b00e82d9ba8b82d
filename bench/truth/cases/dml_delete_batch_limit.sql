-- in_transaction: no
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < '2024-01-03' LIMIT 500);
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < '2024-01-03' LIMIT 500);
