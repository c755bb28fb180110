-- Purpose: what changed since it was compared, as it stands now, into the temporary table pending.
-- Params:  as_of_date: that date instead, whatever changed; null: what changed.
CREATE TEMPORARY TABLE pending ON COMMIT DROP AS
SELECT changed_no, entity, gl_account, currency, first_date, last_date
  FROM recon.changed
 WHERE CAST(:as_of_date AS date) IS NULL
UNION ALL
SELECT NULL, NULL, NULL, NULL, CAST(:as_of_date AS date), CAST(:as_of_date AS date)
 WHERE CAST(:as_of_date AS date) IS NOT NULL
