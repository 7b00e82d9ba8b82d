-- in_transaction: no
DELETE FROM sessions WHERE expires_at < '2030-01-01' AND customer_id % 10 > 0;
