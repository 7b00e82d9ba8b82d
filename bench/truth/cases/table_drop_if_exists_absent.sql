-- in_transaction: yes
DROP TABLE IF EXISTS public.old_sessions;
