-- in_transaction: yes
alter table sessions add column created_at timestamptz not null default now();
