-- in_transaction: yes
CREATE ROLE reporting;
GRANT SELECT ON orders TO reporting;
