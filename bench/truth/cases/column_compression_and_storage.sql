-- in_transaction: yes
ALTER TABLE products ALTER COLUMN description SET STORAGE EXTERNAL;
ALTER TABLE products ALTER COLUMN description SET COMPRESSION pglz;
