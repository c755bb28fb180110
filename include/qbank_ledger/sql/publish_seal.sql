-- Purpose: seal what a publish wrote: its rows, its control totals, and the seal before it.
-- Params:  run_no, seal_no, recorded_at; since: an hour before which the publish wrote nothing.
WITH written AS MATERIALIZED (
    SELECT b.* FROM ledger.balance AS b WHERE b.seal_no = :seal_no AND b.as_of_hour >= :since
), hashed AS (
    SELECT count(*) AS row_count,
           encode(sha256(string_agg(ledger.row_sha256(
               account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no,
               seal_no, revision, recorded_at), ''::bytea ORDER BY account_id COLLATE "C", as_of_hour)), 'hex') AS rows_sha256
      FROM written
), totals AS (
    SELECT jsonb_object_agg(currency, total) AS control_totals
      FROM (SELECT currency, jsonb_build_object(
                       'available', trim_scale(sum(available_balance))::text,
                       'ledger', trim_scale(sum(ledger_balance))::text) AS total
              FROM written GROUP BY currency) AS per_currency
), link AS (
    SELECT CAST(:seal_no AS bigint) AS seal_no, CAST(:run_no AS bigint) AS run_no, h.row_count, t.control_totals,
           h.rows_sha256, CAST(:recorded_at AS timestamptz) AS sealed_at,
           (SELECT s.sha256 FROM ledger.seal AS s ORDER BY s.seal_no DESC LIMIT 1) AS previous_sha256
      FROM hashed AS h, totals AS t
)
INSERT INTO ledger.seal (seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sha256, sealed_at)
SELECT seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256,
       ledger.seal_sha256(seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sealed_at), sealed_at
  FROM link
