-- in_transaction: no
CREATE TABLE channels (code varchar(20) PRIMARY KEY);
INSERT INTO channels SELECT DISTINCT channel FROM orders;
GRANT SELECT ON channels TO app_ro, app_rw;
ALTER TABLE orders ADD CONSTRAINT orders_channel_fk FOREIGN KEY (channel) REFERENCES channels (code) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_channel_fk;
