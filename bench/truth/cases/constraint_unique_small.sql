-- in_transaction: yes
alter table countries add constraint countries_name_uq unique (name);
