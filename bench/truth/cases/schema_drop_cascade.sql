-- in_transaction: yes
DROP SCHEMA billing CASCADE;
