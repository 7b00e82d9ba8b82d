-- in_transaction: yes
UPDATE events SET payload = upper(payload) WHERE occurred_at < '2023-06-01';
UPDATE events SET payload = upper(payload) WHERE occurred_at >= '2023-06-01' AND occurred_at < '2024-01-01';
UPDATE events SET payload = upper(payload) WHERE occurred_at >= '2024-01-01';
