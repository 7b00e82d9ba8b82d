-- in_transaction: yes
--liquibase formatted sql
--changeset ann:1
ALTER TABLE billing.payments ADD COLUMN gateway varchar(20);
--rollback ALTER TABLE billing.payments DROP COLUMN gateway;
--changeset ann:2
CREATE TABLE billing.gateways (code varchar(20) PRIMARY KEY, title text NOT NULL);
INSERT INTO billing.gateways VALUES ('adyen', 'Adyen'), ('stripe', 'Stripe');
--rollback DROP TABLE billing.gateways;
