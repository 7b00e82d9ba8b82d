-- in_transaction: yes
ALTER TABLE products RENAME TO products_tmp;
ALTER TABLE products_tmp RENAME TO products;
