-- in_transaction: no
ALTER TYPE order_status ADD VALUE 'paid';
