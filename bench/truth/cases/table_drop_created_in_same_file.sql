-- in_transaction: yes
CREATE TABLE scratch (id int);
INSERT INTO scratch SELECT generate_series(1, 100);
DROP TABLE scratch;
