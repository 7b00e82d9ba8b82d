-- in_transaction: yes
CREATE EXTENSION no_such_extension;
