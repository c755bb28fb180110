-- Purpose: the first seal that was altered, or that does not follow the seal before it.
-- Grain:   one row at most.
SELECT seal_no, altered, before_no
  FROM (SELECT seal_no, sha256 IS DISTINCT FROM ledger.seal_sha256(seal_no, run_no, row_count, control_totals,
                            rows_sha256, previous_sha256, sealed_at, form) AS altered,
               previous_sha256 IS DISTINCT FROM lag(sha256) OVER chain AS loose,
               lag(seal_no) OVER chain AS before_no
          FROM ledger.seal WINDOW chain AS (ORDER BY seal_no)) AS link
 WHERE altered OR loose
 ORDER BY seal_no LIMIT 1
