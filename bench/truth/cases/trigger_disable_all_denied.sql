-- in_transaction: yes
ALTER TABLE orders DISABLE TRIGGER ALL;
UPDATE orders SET note = 'loaded' WHERE id = 31;
ALTER TABLE orders ENABLE TRIGGER ALL;
