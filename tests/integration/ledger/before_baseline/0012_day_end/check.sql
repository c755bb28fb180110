-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s.%s is open to everybody', n.nspname, p.proname) AS problem
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ledger', 'sync', 'recon') AND has_function_privilege('public', p.oid, 'EXECUTE')
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
         WHERE pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace) AND proname <> 'day_end'
        UNION ALL
        SELECT format('%I.%I', schemaname, viewname), definition FROM pg_views
         WHERE schemaname IN ('ledger', 'sync', 'recon')) AS said (by, what)
 WHERE said.what LIKE '%24:00%'
