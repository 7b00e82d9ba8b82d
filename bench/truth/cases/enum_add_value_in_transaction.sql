-- in_transaction: yes
ALTER TYPE order_status ADD VALUE 'returned';
