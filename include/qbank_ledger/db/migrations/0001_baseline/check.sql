-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s has no partition for %s', c.oid::regclass, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')) AS problem
  FROM pg_class AS c
 WHERE c.relkind = 'p' AND c.relnamespace = 'ledger'::regnamespace
   AND to_regclass(format('ledger.%I', c.relname || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM'))) IS NULL
UNION ALL
SELECT format('%s has no partition for the next run', c.oid::regclass)
  FROM pg_class AS c
 WHERE c.relkind = 'p' AND c.relnamespace = 'sync'::regnamespace
   AND NOT EXISTS (SELECT FROM sync.blocks(c.relname) AS b, sync.run_run_no_seq AS s
                    WHERE s.last_value BETWEEN b.first_run_no AND b.last_run_no)
UNION ALL
SELECT format('%s keeps no history, or notes no change', t.relation)
  FROM (SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger.balance'::regclass
        UNION ALL
        SELECT 'ledger.balance'::regclass) AS t (relation)
 WHERE (SELECT count(*) FROM pg_trigger
         WHERE tgrelid = t.relation AND tgname IN ('archive_updated', 'archive_deleted', 'refuse_truncate',
                                                   'track_inserted', 'track_updated', 'track_deleted')) <> 6
UNION ALL
SELECT format('%s can be changed', t.relation)
  FROM unnest(ARRAY['ledger.balance_history', 'ledger.balance_set_aside', 'ledger.seal', 'sync.release',
                    'recon.gl_load', 'recon.gl_balance', 'recon.item', 'recon.reconciliation',
                    'recon.sign_off']) AS t (relation)
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.relation::regclass AND tgname = 'append_only')
UNION ALL
SELECT format('%s may write recon.sign_off', r.rolname)
  FROM pg_roles AS r
 WHERE r.rolname IN ('qbank_loader', 'qbank_analyst', 'qbank_operator', 'qbank_preparer', 'qbank_approver')
   AND has_any_column_privilege(r.oid, 'recon.sign_off'::regclass, 'INSERT, UPDATE')
UNION ALL
SELECT format('%s is not qbank_owner''s', c.oid::regclass)
  FROM pg_class AS c
 WHERE c.relnamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
   AND c.relowner <> 'qbank_owner'::regrole
UNION ALL
SELECT format('%s is open to everybody', p.oid::regprocedure)
  FROM pg_proc AS p
 WHERE p.pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
   AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT format('%s is read with the search path of who calls it', p.oid::regprocedure)
  FROM pg_proc AS p
 WHERE p.pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
   AND p.prosqlbody IS NULL AND NOT coalesce(p.proconfig::text LIKE '%"search_path=pg_catalog, pg_temp"%', false)
UNION ALL
SELECT format('%s compiles its plans', p.oid::regprocedure)
  FROM pg_proc AS p
 WHERE p.pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
   AND p.prosqlbody IS NULL AND p.provolatile <> 'i' AND NOT coalesce(p.proconfig @> ARRAY['jit=off'], false)
UNION ALL
SELECT format('%s.%s says nothing of itself', c.oid::regclass, a.attname)
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.relnamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
   AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
   AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
UNION ALL
SELECT format('the day %s with the cut-off %s does not end at %s in %s', on_date, cut_off, ends, zone)
  FROM (VALUES ('UTC', NULL::time, date '2026-10-31', timestamptz '2026-11-01 00:00 UTC'),
               ('Europe/Berlin', NULL, '2026-10-25', '2026-10-25 23:00 UTC'),
               ('Europe/Berlin', '17:30', '2026-03-29', '2026-03-29 15:30 UTC'),
               ('Asia/Tokyo', '24:00', '2026-10-31', '2026-10-31 15:00 UTC')) AS known (zone, cut_off, on_date, ends)
 WHERE ledger.day_end(zone, cut_off, on_date) IS DISTINCT FROM ends
UNION ALL
SELECT format('%s says by itself when a day ends', said.by)
  FROM (SELECT oid::regprocedure::text, concat(prosrc, pg_get_function_sqlbody(oid)) FROM pg_proc
         WHERE pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
           AND proname <> 'day_end'
        UNION ALL
        SELECT format('%I.%I', schemaname, viewname), definition FROM pg_views
         WHERE schemaname IN ('ledger', 'sync', 'recon')) AS said (by, what)
 WHERE said.what LIKE '%24:00%'
