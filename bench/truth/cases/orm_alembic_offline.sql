-- in_transaction: no
BEGIN;

-- Running upgrade 3f2a -> 91bc

CREATE TABLE refund (
    id SERIAL NOT NULL, 
    payment_id BIGINT NOT NULL, 
    amount NUMERIC(12, 2) NOT NULL, 
    PRIMARY KEY (id), 
    FOREIGN KEY(payment_id) REFERENCES billing.payments (id)
);

CREATE INDEX ix_refund_payment_id ON refund (payment_id);

INSERT INTO settings (key, value) VALUES ('alembic_version', '91bc');

COMMIT;
