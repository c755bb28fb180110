-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('the day %s with the cut-off %s does not end at %s in %s', on_date, cut_off, ends, zone) AS problem
  FROM (VALUES ('UTC', NULL::time, date '2026-10-31', timestamptz '2026-11-01 00:00 UTC'),
               ('Europe/Berlin', NULL, '2026-10-25', '2026-10-25 23:00 UTC'),
               ('Europe/Berlin', '17:30', '2026-03-29', '2026-03-29 15:30 UTC'),
               ('America/Havana', NULL, '2026-10-31', '2026-11-01 04:00 UTC'),
               ('America/Santiago', NULL, '2026-04-04', '2026-04-05 04:00 UTC'),
               ('Asia/Beirut', NULL, '2026-03-28', '2026-03-28 22:00 UTC')) AS known (zone, cut_off, on_date, ends)
 WHERE ledger.day_end(zone, cut_off, on_date) IS DISTINCT FROM ends
    OR ledger.closes_at(zone, cut_off, 7, on_date) IS DISTINCT FROM ends + interval '7 minutes'
UNION ALL
SELECT format('%s is called by somebody who is not qbank_analyst', f.oid::regprocedure)
  FROM pg_proc AS f
 WHERE f.oid IN ('ledger.closing(text, text, time, integer, date)'::regprocedure,
                 'ledger.closes_at(text, time, integer, date)'::regprocedure)
   AND (f.proacl IS NULL OR NOT has_function_privilege('qbank_analyst', f.oid, 'EXECUTE')
        OR EXISTS (SELECT FROM aclexplode(f.proacl) AS a WHERE a.grantee = 0))
UNION ALL
SELECT 'ledger.account.closing_grace_minutes says nothing of itself'
 WHERE col_description('ledger.account'::regclass,
                       (SELECT attnum FROM pg_attribute
                         WHERE attrelid = 'ledger.account'::regclass
                           AND attname = 'closing_grace_minutes')) IS NULL
