-- in_transaction: yes
ALTER TABLE orders RENAME COLUMN note TO remark;
