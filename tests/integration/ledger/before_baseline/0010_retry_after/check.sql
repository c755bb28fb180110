-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s has no retry_after_s', name) AS problem
  FROM unnest(ARRAY['observation', 'fate', 'outcome']) AS name
 WHERE NOT EXISTS (SELECT FROM information_schema.columns
                    WHERE (table_schema, table_name, column_name) = ('sync', name, 'retry_after_s'))
