-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'a batch must have begun when it is planned' AS problem
  FROM pg_attribute
 WHERE attrelid = 'sync.batch'::regclass AND attname = 'fetch_started_at' AND attnotnull
