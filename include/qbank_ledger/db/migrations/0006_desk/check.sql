-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s can be changed', t.relation) AS problem
  FROM unnest(ARRAY['recon.identity', 'recon.signatory', 'recon.break_note', 'recon.sign_off', 'recon.file_load',
                    'sync.release']) AS t (relation)
 WHERE NOT EXISTS (SELECT FROM pg_trigger
                    WHERE tgrelid = t.relation::regclass AND tgname = 'append_only' AND tgenabled = 'O')
UNION ALL
SELECT format('%s may write %s', r.rolname, t.relation)
  FROM pg_roles AS r
 CROSS JOIN unnest(ARRAY['recon.identity', 'recon.signatory', 'recon.break_note', 'recon.sign_off',
                         'recon.used_form', 'sync.release']) AS t (relation)
 WHERE r.rolname IN ('qbank_loader', 'qbank_analyst', 'qbank_operator', 'qbank_preparer', 'qbank_approver',
                     'qbank_desk')
   AND has_any_column_privilege(r.oid, t.relation::regclass, 'INSERT, UPDATE')
UNION ALL
SELECT format('%s may say %s of a load', r.name, c.name)
  FROM unnest(ARRAY['qbank_loader', 'qbank_desk']) AS r (name)
 CROSS JOIN unnest(ARRAY['load_no', 'loaded_at', 'loaded_by', 'via']) AS c (name)
 WHERE has_column_privilege(r.name, 'recon.file_load'::regclass, c.name, 'INSERT')
UNION ALL
SELECT format('%s may act in another''s name', r.rolname)
  FROM pg_roles AS r
 WHERE r.rolname IN ('qbank_loader', 'qbank_analyst', 'qbank_operator', 'qbank_preparer', 'qbank_approver')
   AND has_function_privilege(r.oid, 'recon.act_as(text)', 'EXECUTE')
UNION ALL
SELECT format('%s is open to everybody', p.oid::regprocedure)
  FROM pg_proc AS p
 WHERE p.pronamespace = 'recon'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT format('%s says not who did it, or by which login', t.relation)
  FROM (VALUES ('recon.sign_off', 'actor'), ('recon.file_load', 'loaded_by'), ('recon.break_note', 'actor'),
               ('sync.release', 'released_by')) AS t (relation, actor)
 WHERE (SELECT count(*) FROM pg_attribute
         WHERE attrelid = t.relation::regclass AND attname IN (t.actor, 'via') AND attnotnull) <> 2
UNION ALL
SELECT format('%s.%s says nothing of itself', c.oid::regclass, a.attname)
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.oid IN ('recon.identity'::regclass, 'recon.signatory'::regclass, 'recon.break_note'::regclass,
                 'recon.current_break_note'::regclass, 'recon.used_form'::regclass, 'recon.sign_off'::regclass,
                 'recon.file_load'::regclass, 'sync.release'::regclass)
   AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
