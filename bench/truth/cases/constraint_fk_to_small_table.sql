-- in_transaction: yes
alter table customers add constraint customers_plan_id_fkey foreign key (plan_id) references plans (id);
