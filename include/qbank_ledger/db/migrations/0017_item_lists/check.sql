-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s must be able to say what a list is of', r.name) AS problem
  FROM (VALUES ('qbank_loader'), ('qbank_desk')) AS r (name)
 WHERE NOT has_column_privilege(r.name, 'recon.file_load', 'list_date', 'INSERT')
