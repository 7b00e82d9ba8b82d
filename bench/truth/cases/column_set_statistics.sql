-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN customer_id SET STATISTICS 500;
ALTER TABLE customers ALTER COLUMN profile SET STORAGE EXTERNAL;
