-- Type-ahead: the beginnings of every word of a name, and of its pinyin initials, so that a prefix finds them by index.
create table finding_terms (
    term    text not null,
    kind    text not null constraint finding_terms_kind_known check (kind in ('account', 'contact')),
    record  bigint not null,
    constraint finding_terms_pk primary key (kind, record, term)
);
create index finding_terms_begin on finding_terms (term text_pattern_ops);

-- Names written since they were last read for the table above; whoever wrote them, by hand or in bulk.
create table finding_due (
    kind    text not null,
    record  bigint not null,
    constraint finding_due_pk primary key (kind, record)
);
create function finding_is_due() returns trigger language plpgsql as $$
begin
    insert into finding_due (kind, record) select tg_argv[0], c.id from changed c on conflict do nothing;
    return null;
end $$;
create trigger accounts_added after insert on accounts referencing new table as changed
    for each statement execute function finding_is_due('account');
create trigger accounts_changed after update on accounts referencing new table as changed
    for each statement execute function finding_is_due('account');
create trigger contacts_added after insert on contacts referencing new table as changed
    for each statement execute function finding_is_due('contact');
create trigger contacts_changed after update on contacts referencing new table as changed
    for each statement execute function finding_is_due('contact');
insert into finding_due (kind, record) select 'account', id from accounts union all select 'contact', id from contacts;

-- The last digits of a telephone, the beginning or the end of a serial number.
create index contacts_phone_tail on contacts (reverse(phone) text_pattern_ops) where phone is not null;
create index assets_serial_begin on assets (lower(serial) text_pattern_ops);
create index assets_serial_tail on assets (reverse(lower(serial)) text_pattern_ops);
