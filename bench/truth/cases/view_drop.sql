-- in_transaction: yes
DROP VIEW IF EXISTS billing.revenue;
