-- in_transaction: yes
CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY, note text);
