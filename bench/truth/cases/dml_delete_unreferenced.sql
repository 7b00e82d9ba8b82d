-- in_transaction: yes
-- setup: INSERT INTO countries VALUES ('XX', 'Nowhere');
DELETE FROM countries WHERE code = 'XX';
