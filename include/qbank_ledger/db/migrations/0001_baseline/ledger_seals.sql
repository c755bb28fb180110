-- Purpose: the seals' canonical forms and their hashes, and how a publish is sealed (docs/adr/0013).
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION ledger.row_sha256(
    account_id text, as_of_hour timestamptz, available_balance numeric, ledger_balance numeric,
    currency text, observed_at timestamptz, run_no bigint, seal_no bigint, revision integer, recorded_at timestamptz
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT sha256(convert_to(concat_ws('|',
        account_id,
        to_char(as_of_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        trim_scale(available_balance), trim_scale(ledger_balance), currency,
        to_char(observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        run_no, seal_no, revision,
        to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), 'UTF8'));
END;
COMMENT ON FUNCTION ledger.row_sha256(text, timestamptz, numeric, numeric, text, timestamptz, bigint, bigint,
    integer, timestamptz) IS
    'SHA-256 of a balance in canonical form: fields in the order of ledger.balance joined by |, numbers by '
    'trim_scale, times in UTC to the microsecond.';

-- Ours, and not what PostgreSQL makes of a jsonb, so that it can be made without PostgreSQL (docs/adr/0019).
CREATE FUNCTION ledger.seal_text(
    seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text,
    previous_sha256 text, sealed_at timestamptz
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT concat_ws('|', 'seal 2', seal_no, run_no, row_count,
        (SELECT coalesce(string_agg(concat_ws(' ', t.currency, t.total ->> 'available', t.total ->> 'ledger'), ','
                                    ORDER BY t.currency COLLATE "C"), '')
           FROM jsonb_each(control_totals) AS t (currency, total)),
        rows_sha256, coalesce(previous_sha256, ''),
        to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
END;
COMMENT ON FUNCTION ledger.seal_text(bigint, bigint, bigint, jsonb, text, text, timestamptz) IS
    'A seal in canonical form: seal 2, its number, run, rows, totals, hash of the rows, hash of the seal before it '
    '(empty for the first) and time, joined by |. Totals: of each currency its code, available and ledger, joined by '
    'a blank; currencies in order, joined by a comma. Times in UTC to the microsecond.';

CREATE FUNCTION ledger.seal_sha256(
    seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text,
    previous_sha256 text, sealed_at timestamptz, form integer DEFAULT 2
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT encode(sha256(convert_to(CASE form
        WHEN 1 THEN concat_ws('|', seal_no, run_no, row_count, control_totals::text, rows_sha256,
            coalesce(previous_sha256, ''), to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        WHEN 2 THEN ledger.seal_text(seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256,
                                     sealed_at)
        END, 'UTF8')), 'hex');
END;
COMMENT ON FUNCTION ledger.seal_sha256(bigint, bigint, bigint, jsonb, text, text, timestamptz, integer) IS
    'SHA-256 of a seal: of its text in the form that it was sealed in (ledger.seal.form).';

-- A publish of a million rows sorts in memory, not on disk.
CREATE FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamptz, since timestamptz)
RETURNS void LANGUAGE sql
SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '128MB' AS $$
    WITH written AS MATERIALIZED (
        SELECT b.* FROM ledger.balance AS b WHERE b.seal_no = new_seal_no AND b.as_of_hour >= since
    ), hashed AS (
        SELECT count(*) AS row_count,
               string_agg(ledger.row_sha256(
                   account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no,
                   seal_no, revision, recorded_at), ''::bytea ORDER BY account_id COLLATE "C", as_of_hour) AS row_hashes
          FROM written
    ), totals AS (
        SELECT jsonb_object_agg(currency, total) AS control_totals
          FROM (SELECT currency, jsonb_build_object(
                           'available', trim_scale(sum(available_balance))::text,
                           'ledger', trim_scale(sum(ledger_balance))::text) AS total
                  FROM written GROUP BY currency) AS per_currency
    ), link AS (
        SELECT h.row_count, t.control_totals, h.row_hashes, encode(sha256(h.row_hashes), 'hex') AS rows_sha256,
               (SELECT s.sha256 FROM ledger.seal AS s ORDER BY s.seal_no DESC LIMIT 1) AS previous_sha256
          FROM hashed AS h, totals AS t
    )
    INSERT INTO ledger.seal (seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sha256,
                             sealed_at, row_hashes, form)
    SELECT new_seal_no, of_run, row_count, control_totals, rows_sha256, previous_sha256,
           ledger.seal_sha256(new_seal_no, of_run, row_count, control_totals, rows_sha256, previous_sha256, sealed_at),
           sealed_at, row_hashes, 2
      FROM link
$$;
COMMENT ON FUNCTION ledger.write_seal(bigint, bigint, timestamptz, timestamptz) IS
    'Seals what a publish wrote under a seal number: its rows, its control totals, and the seal before it. since: an '
    'hour before which the publish wrote nothing. For who holds the publish lock.';
