-- What guards the data, object by object, with a hash of how each is now: who owns a table and who may do what
-- with it, its columns, triggers, functions, rules, constraints, unique indexes, roles. `manage.py migrate` writes
-- what it changed of them into the trail; `manage.py verify_audit` names each object that is not as it was left.
--
-- Only what a dump brings back: rights one by one and without the owner's own (who can give them to itself), names
-- instead of numbers, expressions as text. A NOT NULL is told with its column, for it has a name of its own only
-- from PostgreSQL 18 on. That texts are read back as they were written: trialsite/audit/settle.py.
create or replace function audit.guards() returns table (object text, state text) language sql stable
set search_path = pg_catalog, pg_temp as $$
  with ours as (select oid, nspname as name, nspowner, nspacl from pg_namespace where nspname in ('public', 'audit', 'closed')),
  held (object, owner, acl) as (
    select 'schema ' || name, nspowner, coalesce(nspacl, acldefault('n', nspowner)) from ours
    union all
    select format('table %s.%s', ours.name, c.relname), c.relowner,
      coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
    from pg_class c join ours on ours.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'f', 'p', 'S')
    union all
    select format('table %s.%s', ours.name, c.relname), c.relowner, a.attacl
    from pg_class c join ours on ours.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where a.attacl is not null and not a.attisdropped
    union all
    select format('function %s', p.oid::regprocedure), p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc p join ours on ours.oid = p.pronamespace
  ),
  found (object, state) as (
    select h.object, row('right', coalesce(r.rolname, 'everybody'), x.privilege_type, x.is_grantable)::text
    from held h, aclexplode(h.acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> h.owner
    union all
    select 'schema ' || name, row('owner', nspowner::regrole)::text from ours
    union all
    select format('table %s.%s', ours.name, c.relname),
      row(c.relkind, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity,
          (select array_agg(i.inhparent::regclass || ' ' || i.inhrelid::regclass order by 1)
             from pg_inherits i where c.oid in (i.inhparent, i.inhrelid)))::text
    from pg_class c join ours on ours.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'f', 'p', 'S')
    union all
    select format('table %s.%s', ours.name, c.relname),
      row('column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
          a.attacl is not null, pg_get_expr(d.adbin, d.adrelid))::text
    from pg_class c join ours on ours.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p')
    union all
    select format('trigger %s on %s', t.tgname, t.tgrelid::regclass), row(pg_get_triggerdef(t.oid), t.tgenabled)::text
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join ours on ours.oid = c.relnamespace
    where not t.tgisinternal
    union all
    select format('function %s', p.oid::regprocedure),
      row(p.proowner::regrole, p.prosecdef, p.proconfig, p.provolatile, l.lanname, p.prosrc, p.probin,
          pg_get_function_sqlbody(p.oid), p.prorettype::regtype)::text
    from pg_proc p join ours on ours.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    union all
    select format('constraint %s on %s', k.conname, k.conrelid::regclass),
      row(pg_get_constraintdef(k.oid), k.convalidated)::text
    from pg_constraint k join ours on ours.oid = k.connamespace where k.conrelid <> 0 and k.contype not in ('t', 'n')
    union all
    select format('index %s on %s', i.indexrelid::regclass, i.indrelid::regclass),
      row(pg_get_indexdef(i.indexrelid), i.indisvalid)::text
    from pg_index i join pg_class c on c.oid = i.indrelid join ours on ours.oid = c.relnamespace
    where i.indisunique and c.relkind in ('r', 'p')
      and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid)
    union all
    select format('rule %s on %s', r.rulename, r.ev_class::regclass), row(pg_get_ruledef(r.oid), r.ev_enabled)::text
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join ours on ours.oid = c.relnamespace
    union all
    select format('policy %s on %s', p.polname, p.polrelid::regclass),
      row(p.polcmd, p.polpermissive, (select array_agg(u.rolname order by u.rolname) from pg_roles u where u.oid = any (p.polroles)),
          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))::text
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
    select format('settings of %s%s', coalesce(nullif(s.setrole, 0)::regrole::text, 'everybody'),
                  case when s.setdatabase = 0 then ' in all databases' else '' end),
      (select array_agg(c order by c collate "C") from unnest(s.setconfig) c)::text
    from pg_db_role_setting s
    where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and (s.setrole = 0 or s.setrole::regrole::text like 'trialsite\_%')
  )
  select f.object, left(encode(sha256(convert_to(string_agg(f.state, E'\n' order by f.state collate "C"), 'UTF8')), 'hex'), 16)
  from found f group by f.object
$$;
grant execute on function audit.guards() to trialsite_owner, trialsite_app, trialsite_report;
