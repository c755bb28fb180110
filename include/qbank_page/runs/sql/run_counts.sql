-- Purpose: how many accounts of a run ended in which outcome, for which reasons.
-- Grain:   outcome × reasons, the commonest first.
-- Parameters: run_no.
SELECT coalesce(o.outcome, 'open') AS outcome, coalesce(o.reasons, '{}') AS reasons, count(*) AS accounts
  FROM sync.outcome AS o
 WHERE o.run_no = :run_no
 GROUP BY 1, 2
 ORDER BY accounts DESC, outcome, reasons
