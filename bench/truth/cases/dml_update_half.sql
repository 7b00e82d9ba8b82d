-- in_transaction: no
update products set stock = 0 where id % 2 = 0;
