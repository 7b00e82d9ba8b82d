-- in_transaction: yes
CREATE TABLE price_changes (product_id int, price numeric);
GRANT INSERT ON price_changes TO app_rw;
CREATE RULE products_price AS ON UPDATE TO products WHERE new.price <> old.price
    DO ALSO INSERT INTO price_changes VALUES (new.id, new.price);
