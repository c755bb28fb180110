-- Purpose: of the newest 48 seals those that were altered, or that do not follow the seal before them. Rows are not
--          looked at, nor older seals: that is verify's.
-- Grain:   seal.
SELECT seal_no
  FROM (SELECT s.seal_no, s.previous_sha256, lag(s.sha256) OVER chain AS before_sha256,
               s.sha256 IS DISTINCT FROM ledger.seal_sha256(s.seal_no, s.run_no, s.row_count, s.control_totals,
                                            s.rows_sha256, s.previous_sha256, s.sealed_at, s.form) AS altered,
               row_number() OVER chain AS place, count(*) OVER () AS seals
          FROM (SELECT * FROM ledger.seal ORDER BY seal_no DESC LIMIT 49) AS s
        WINDOW chain AS (ORDER BY s.seal_no)) AS link
 -- The oldest of 49 is there for its hash alone; of fewer it is the ledger's first.
 WHERE (place > 1 OR seals < 49) AND (altered OR previous_sha256 IS DISTINCT FROM before_sha256)
 ORDER BY seal_no
