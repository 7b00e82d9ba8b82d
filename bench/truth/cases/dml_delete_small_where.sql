-- in_transaction: yes
delete from settings where key = 'theme';
