-- Purpose: two words that every reader means alike, active and how old; and what verify and a release nearly did not see.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Changes no row.

-- ── Active, and how old ─────────────────────────────────────────────────────────────────────────

-- Without a search_path of its own it becomes part of the query that calls it.
CREATE FUNCTION ledger.active_at(of_account text, instant timestamptz) RETURNS SETOF boolean
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(bool_or(p.opened_at < instant AND (p.closed_at IS NULL OR p.closed_at >= instant)),
                    (SELECT a.active FROM ledger.account AS a WHERE a.account_id = of_account))
      FROM ledger.account_period AS p WHERE p.account_id = of_account
$$;
COMMENT ON FUNCTION ledger.active_at(text, timestamptz) IS 'Whether the account was active at an instant; before the first full run, which opens its first period: whether it is now. Grain: one row.';

CREATE FUNCTION recon.age_bucket(age_days integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN age_days <= 7 THEN '0-7' WHEN age_days <= 30 THEN '8-30' WHEN age_days <= 60 THEN '31-60'
                WHEN age_days <= 90 THEN '61-90' ELSE 'over 90' END
$$;
COMMENT ON FUNCTION recon.age_bucket(integer) IS 'The bucket of an open item''s calendar days: 0-7, 8-30, 31-60, 61-90, over 90.';

CREATE OR REPLACE VIEW recon.open_break_total AS
SELECT entity, currency, recon.age_bucket(age_days) AS age_bucket,
       count(*)::integer AS items, count(unexplained)::integer AS items_with_amount, sum(unexplained) AS unexplained,
       sum(abs(unexplained)) AS gross_unexplained, max(age_days) AS oldest_days
  FROM (SELECT DISTINCT ON (entity, gl_account, currency) * FROM recon.open_break
         ORDER BY entity, gl_account, currency, as_of_date DESC, age_days DESC) AS once
 GROUP BY 1, 2, 3;

-- ── What was nearly not seen ────────────────────────────────────────────────────────────────────

-- The text of a year before Christ is that of one after: the era goes into the hash where it is not ours.
-- What was sealed before has the hash that it had.
CREATE OR REPLACE FUNCTION ledger.row_sha256(
    account_id text, as_of_hour timestamptz, available_balance numeric, ledger_balance numeric,
    currency text, observed_at timestamptz, run_no bigint, seal_no bigint, revision integer, recorded_at timestamptz
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(concat_ws('|',
        account_id,
        to_char(as_of_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        trim_scale(available_balance), trim_scale(ledger_balance), currency,
        to_char(observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        run_no, seal_no, revision,
        to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        CASE WHEN least(as_of_hour, observed_at, recorded_at) < '0001-01-01 00:00+00' THEN 'BC' END), 'UTF8'))
$$;

CREATE OR REPLACE FUNCTION ledger.seal_sha256(
    seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamptz
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(concat_ws('|', seal_no, run_no, row_count, control_totals::text, rows_sha256,
        coalesce(previous_sha256, ''), to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        CASE WHEN sealed_at < '0001-01-01 00:00+00' THEN 'BC' END), 'UTF8')), 'hex')
$$;

-- btrim knows blanks only. What was released before stands as it was written.
ALTER TABLE sync.release DROP CONSTRAINT release_reason_check;
ALTER TABLE sync.release ADD CONSTRAINT release_reason_check CHECK (reason ~ '\S') NOT VALID;

-- ── Grants ──────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION ledger.active_at(text, timestamptz), recon.age_bucket(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.active_at(text, timestamptz), recon.age_bucket(integer)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
