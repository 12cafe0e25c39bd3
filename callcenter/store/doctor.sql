-- name: telephony^
-- When the newest call came in, and how many keys a telephone system could use.
select (select max(received_at) from calls where received_at <= :now) as last_call,
       (select count(*) from tokens
        where role = 'integration' and revoked_at is null and (expires_at is null or expires_at > :now)) as keys;

-- name: broken_channels
-- Channels nothing is sent by for now, since when and why.
select c.id, s.opened_at, s.reason from channel_states s join channels c on c.id = s.channel where s.opened_at is not null;
