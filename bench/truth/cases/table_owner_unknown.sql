-- in_transaction: yes
ALTER TABLE orders OWNER TO somebody_else;
