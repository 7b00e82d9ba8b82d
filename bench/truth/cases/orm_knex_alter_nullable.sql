-- in_transaction: yes
alter table "orders" alter column "external_ref" drop default;
alter table "orders" alter column "external_ref" drop not null;
alter table "orders" alter column "external_ref" type varchar(255) using ("external_ref"::varchar(255));
