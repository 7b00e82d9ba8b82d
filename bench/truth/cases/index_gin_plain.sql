-- in_transaction: no
CREATE INDEX customers_tags_gin ON customers USING gin (tags);
