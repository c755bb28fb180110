-- Purpose: the first row of a seal that is not as it was sealed, in key order: altered, added or removed.
--          A removed row is named by what sync still knows of the run: it must give the sealed hash.
-- Params:  seal_no of a seal that its rows do not fit.
-- Grain:   one row at most; account_id is null: a row is gone that nothing names, the place-th in key order.
WITH found AS (
    SELECT account_id, as_of_hour, hash, row_number() OVER (PARTITION BY hash) AS copy
      FROM (SELECT v.account_id, v.as_of_hour,
                   ledger.row_sha256(v.account_id, v.as_of_hour, v.available_balance, v.ledger_balance, v.currency,
                                     v.observed_at, v.run_no, v.seal_no, v.revision, v.recorded_at) AS hash
              FROM (SELECT account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at,
                           run_no, seal_no, revision, recorded_at FROM ledger.balance
                    UNION ALL
                    SELECT account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at,
                           run_no, seal_no, revision, recorded_at FROM ledger.balance_history) AS v
             WHERE v.seal_no = :seal_no) AS hashed
), sealed AS (
    SELECT place, substr(s.row_hashes, 32 * (place - 1) + 1, 32) AS hash
      FROM ledger.seal AS s, generate_series(1, s.row_count::integer) AS place
     WHERE s.seal_no = :seal_no AND s.row_hashes IS NOT NULL
), gone AS (
    SELECT place, hash FROM sealed WHERE hash NOT IN (SELECT hash FROM found)
), stranger AS (
    SELECT f.account_id, f.as_of_hour,
           f.copy = 1 AND (EXISTS (SELECT FROM gone) OR EXISTS (
               SELECT FROM found AS o JOIN sealed USING (hash)
                WHERE o.account_id = f.account_id AND o.as_of_hour = f.as_of_hour)) AS altered
      FROM found AS f
     WHERE EXISTS (SELECT FROM sealed) AND (f.copy > 1 OR f.hash NOT IN (SELECT hash FROM sealed))
     ORDER BY f.account_id COLLATE "C", f.as_of_hour LIMIT 1
), known AS (
    SELECT g.place, k.account_id, k.as_of_hour
      FROM (SELECT place, hash FROM gone ORDER BY place LIMIT 1) AS g
      LEFT JOIN LATERAL (
           SELECT o.account_id, date_trunc('hour', o.observed_at, 'UTC') AS as_of_hour
             FROM ledger.seal AS s
             JOIN sync.audit_subject AS o USING (run_no)
            CROSS JOIN generate_series(1, 50) AS revision
            WHERE s.seal_no = :seal_no
              AND NOT EXISTS (SELECT FROM found AS f WHERE f.account_id = o.account_id)
              AND g.hash = ledger.row_sha256(o.account_id, date_trunc('hour', o.observed_at, 'UTC'),
                      o.available_balance, o.ledger_balance, o.currency, o.observed_at, o.run_no, s.seal_no,
                      revision, s.sealed_at)
            LIMIT 1) AS k ON true
)
SELECT CASE WHEN altered THEN 'altered' ELSE 'added' END AS what, NULL::integer AS place, account_id, as_of_hour
  FROM stranger
UNION ALL
SELECT 'removed', place, account_id, as_of_hour FROM known WHERE NOT EXISTS (SELECT FROM stranger)
