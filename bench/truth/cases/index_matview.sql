-- in_transaction: no
CREATE UNIQUE INDEX category_stock_category ON category_stock (category);
