-- What is written once besides the trail: who got what, and who looked. Run by a migration.
create function closed.slot_once() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'DELETE' or old.participant_id is not null
     or to_jsonb(new) - 'participant_id' - 'assigned_at' <> to_jsonb(old) - 'participant_id' - 'assigned_at' then
    raise exception 'a place on the allocation list is given once' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger a_once before update or delete on closed.slot for each row execute function closed.slot_once();
create trigger a_immutable before update or delete on closed.kit for each row execute function audit.refuse();
create trigger a_immutable before update or delete on closed.log for each row execute function audit.refuse();
create trigger a_no_truncate before truncate on closed.slot for each statement execute function audit.refuse();
create trigger a_no_truncate before truncate on closed.kit for each statement execute function audit.refuse();
create trigger a_no_truncate before truncate on closed.log for each statement execute function audit.refuse();

-- An audit trigger fires in every session, also one that plays a replica.
do $$
declare t record;
begin
  for t in select tgrelid::regclass as name, tgname from pg_trigger where tgname in ('z_audit', 'z_no_truncate') loop
    execute format('alter table %s enable always trigger %I', t.name, t.tgname);
  end loop;
end $$;

-- The history of the tables is not the web's to write; keys to sessions and passwords are not for reports.
revoke insert, update on django_migrations from trialsite_app;
revoke all on accounts_session, accounts_user from trialsite_report;
do $$
begin
  execute (select format('grant select (%s) on accounts_user to trialsite_report', string_agg(quote_ident(attname), ', '))
    from pg_attribute where attrelid = 'accounts_user'::regclass and attnum > 0 and not attisdropped
      and attname <> 'password');
end $$;
