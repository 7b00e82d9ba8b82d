-- in_transaction: yes
CREATE RULE sessions_keep AS ON DELETE TO sessions DO INSTEAD NOTHING;
