-- in_transaction: yes
GRANT SELECT ON orders TO reporting;
