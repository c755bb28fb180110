-- Purpose: the items of a GL account that count on a date, and those that do not and would explain what is left.
-- Grain:   outstanding item as its newest load gave it; those that would explain first.
-- Parameters: entity, gl_account, currency, as_of_date, unexplained (null: nothing is left, or it can't be told).
WITH item AS (
    SELECT i.*, CASE i.side WHEN 'bank' THEN i.amount ELSE -i.amount END AS effect,
           i.item_date <= :as_of_date AND (i.cleared_date IS NULL OR i.cleared_date > :as_of_date) AS counts
      FROM recon.current_item AS i
     WHERE i.entity = :entity AND i.gl_account = :gl_account AND i.currency = :currency
)
SELECT i.item_date, i.cleared_date, i.side, i.kind, i.amount, i.reference, i.load_no, f.name AS file_name, i.counts,
       CAST(:unexplained AS numeric) <> 0
       AND i.effect = CASE WHEN i.counts THEN 1 ELSE -1 END * CAST(:unexplained AS numeric) AS would_explain
  FROM item AS i JOIN recon.file_load AS f USING (load_no)
 WHERE i.counts
    OR CAST(:unexplained AS numeric) <> 0 AND i.effect = -CAST(:unexplained AS numeric)
 ORDER BY would_explain DESC NULLS LAST, i.counts DESC, i.item_date, i.reference
