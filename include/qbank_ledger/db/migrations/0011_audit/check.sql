-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s looks its run up for each row', conrelid::regclass) AS problem
  FROM pg_constraint
 WHERE contype = 'f' AND conrelid IN (SELECT 'sync.verdict'::regclass UNION ALL
                                      SELECT inhrelid FROM pg_inherits WHERE inhparent = 'sync.verdict'::regclass)
