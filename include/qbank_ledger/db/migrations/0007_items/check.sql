-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('recon.item.%s does not say what a profile makes of it', a.attname) AS problem
  FROM pg_attribute AS a
 WHERE a.attrelid = 'recon.item'::regclass AND a.attname IN ('reference', 'line_no')
   AND col_description(a.attrelid, a.attnum) NOT LIKE '%profile%'
