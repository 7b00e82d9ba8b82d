-- in_transaction: no
CREATE TABLE a_new_one (id int PRIMARY KEY);
ALTER TABLE a_new_one ADD CONSTRANT x CHECK (id > 0);
