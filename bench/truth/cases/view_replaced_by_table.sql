-- in_transaction: yes
DROP VIEW billing.revenue;
CREATE TABLE billing.revenue (method text, amount numeric);
INSERT INTO billing.revenue SELECT method, sum(amount) FROM billing.payments GROUP BY method;
GRANT SELECT ON billing.revenue TO app_ro, app_rw;
