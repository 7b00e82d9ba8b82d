-- in_transaction: yes
INSERT INTO countries (code, name) VALUES ('AB', 'Again');
