-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s must leave out what was compared again without the account', v.name) AS problem
  FROM (VALUES ('recon.open_break'), ('reporting_all.reconciliation')) AS v (name)
 WHERE pg_get_viewdef(v.name::regclass) NOT LIKE '%is_left_behind%'
