-- in_transaction: yes
CREATE TABLE orders (id int);
