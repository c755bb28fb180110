-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'sync.add_block must begin at the next run' AS problem
 WHERE (SELECT prosrc FROM pg_proc WHERE oid = 'sync.add_block(bigint)'::regprocedure) NOT LIKE '%run_run_no_seq%'
