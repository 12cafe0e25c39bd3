-- Mails that were given up are counted at each read of the figures, and by the doctor.
create index mails_dead on mails (created_at) where state = 'dead';
