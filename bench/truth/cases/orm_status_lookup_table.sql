-- in_transaction: yes
CREATE TABLE channels (code varchar(20) PRIMARY KEY);
INSERT INTO channels SELECT DISTINCT channel FROM orders;
ALTER TABLE orders ADD CONSTRAINT orders_channel_fk FOREIGN KEY (channel) REFERENCES channels (code);
