-- What guards the data, object by object, with a hash of how each is now: who owns a table and who may do what
-- with it, triggers, functions, rules, constraints, roles. `manage.py migrate` writes changes of it into the trail;
-- `manage.py verify_audit` names each object that is not as it was left. Run as trialsite_audit.
create or replace function audit.guards() returns table (object text, state text) language sql stable
set search_path = pg_catalog, pg_temp as $$
  with ours as (select oid, nspname as name from pg_namespace where nspname in ('public', 'audit', 'closed')),
  found (object, state) as (
    select 'schema ' || n.nspname, row(n.nspowner::regrole, n.nspacl)::text
    from pg_namespace n join ours using (oid)
    union all
    select format('table %s.%s', ours.name, c.relname),
      row(c.relkind, c.relowner::regrole, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
          (select array_agg(i.inhparent::regclass || ' ' || i.inhrelid::regclass order by 1)
             from pg_inherits i where c.oid in (i.inhparent, i.inhrelid)),
          (select array_agg(a.attname || a.attacl::text order by a.attname)
             from pg_attribute a where a.attrelid = c.oid and a.attacl is not null))::text
    from pg_class c join ours on ours.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'f', 'p', 'S')
    union all
    select format('trigger %s on %s', t.tgname, t.tgrelid::regclass), row(pg_get_triggerdef(t.oid), t.tgenabled)::text
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join ours on ours.oid = c.relnamespace
    where not t.tgisinternal
    union all
    select format('function %s', p.oid::regprocedure),
      row(p.proowner::regrole, p.proacl, p.prosecdef, p.proconfig, p.provolatile, p.prolang, p.prosrc, p.probin,
          p.prosqlbody, p.prorettype::regtype)::text
    from pg_proc p join ours on ours.oid = p.pronamespace
    union all
    select format('constraint %s on %s', k.conname, k.conrelid::regclass),
      row(pg_get_constraintdef(k.oid), k.convalidated)::text
    from pg_constraint k join ours on ours.oid = k.connamespace where k.conrelid <> 0 and k.contype <> 't'
    union all
    select format('rule %s on %s', r.rulename, r.ev_class::regclass), row(pg_get_ruledef(r.oid), r.ev_enabled)::text
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join ours on ours.oid = c.relnamespace
    union all
    select format('policy %s on %s', p.polname, p.polrelid::regclass), row(p.polcmd, p.polroles, p.polqual, p.polwithcheck)::text
    from pg_policy p
    union all
    select format('cast %s to %s', castsource::regtype, casttarget::regtype), castfunc::regprocedure::text
    from pg_cast where oid >= 16384
    union all
    select 'event trigger ' || evtname, row(evtfoid::regprocedure, evtenabled, evtevent)::text from pg_event_trigger
    union all
    select 'role ' || rolname, row(rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit,
      rolcanlogin and rolname = 'trialsite_audit')::text
    from pg_roles where rolname like 'trialsite\_%'
    union all
    select format('membership of %s in %s', m.member::regrole, m.roleid::regrole), 'granted'
    from pg_auth_members m where m.member::regrole::text like 'trialsite\_%'
    union all
    select 'settings of ' || coalesce(nullif(s.setrole, 0)::regrole::text, 'everybody'), s.setconfig::text
    from pg_db_role_setting s
    where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and (s.setrole = 0 or s.setrole::regrole::text like 'trialsite\_%')
  )
  select f.object, left(encode(sha256(convert_to(string_agg(f.state, E'\n' order by f.state), 'UTF8')), 'hex'), 16)
  from found f group by f.object
$$;
grant execute on function audit.guards() to trialsite_owner, trialsite_app, trialsite_report;
