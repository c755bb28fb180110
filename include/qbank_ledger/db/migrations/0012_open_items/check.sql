-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'recon.break_note must take it that nobody is to look into an item' AS problem
 WHERE NOT EXISTS (SELECT FROM pg_constraint
                    WHERE conrelid = 'recon.break_note'::regclass AND conname = 'break_note_assignee_check'
                      AND pg_get_constraintdef(oid) LIKE '%assignee = ''''%')
