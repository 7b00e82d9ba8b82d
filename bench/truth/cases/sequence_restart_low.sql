-- in_transaction: yes
-- Number from one again.
ALTER SEQUENCE customers_id_seq RESTART WITH 1;
