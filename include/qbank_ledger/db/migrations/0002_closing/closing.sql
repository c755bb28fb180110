-- Purpose: when a day is over, and what it closed with. A run on the full hour sees the end of a day seconds after
--          it: for the account's closing_grace_minutes what is observed still belongs to the day before, and to no
--          other.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

-- At most two hours: recon.track_balance, and whoever looks for the hours of a date, reckon with them.
ALTER TABLE ledger.account
    ADD closing_grace_minutes integer NOT NULL DEFAULT 5 CHECK (closing_grace_minutes BETWEEN 0 AND 120);
COMMENT ON COLUMN ledger.account.closing_grace_minutes IS
    'For how long after its cut-off, or its midnight, an observation still belongs to the day, in minutes.';

-- Where a clock that is set back comes to midnight twice, the date ends the first time; a cut-off passes the last.
-- Not IMMUTABLE: adding an interval is not, so PostgreSQL would call it for each row, at five times the cost.
CREATE OR REPLACE FUNCTION ledger.day_end(zone text, cut_off time, on_date date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN cut_off IS NULL
            THEN least((on_date + time '24:00') AT TIME ZONE zone,
                       (on_date + time '23:00') AT TIME ZONE zone + interval '1 hour')
            ELSE (on_date + cut_off) AT TIME ZONE zone END;
COMMENT ON FUNCTION ledger.day_end(text, time, date) IS
    'When a date ends by the clock of a time zone: at the cut-off, or, without one (null), at midnight.';

CREATE FUNCTION ledger.closes_at(zone text, cut_off time, grace_minutes integer, on_date date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ledger.day_end(zone, cut_off, on_date) + make_interval(mins => grace_minutes);
COMMENT ON FUNCTION ledger.closes_at(text, time, integer, date) IS
    'When a date is over: its grace after ledger.day_end has passed, and its closing is final.';
GRANT EXECUTE ON FUNCTION ledger.closes_at(text, time, integer, date) TO qbank_analyst;
REVOKE ALL ON FUNCTION ledger.closes_at(text, time, integer, date) FROM PUBLIC;

-- In SQL, and so taken in: called, in PL/pgSQL, it takes three times as long.
CREATE FUNCTION ledger.closing(of_account text, zone text, cut_off time, grace_minutes integer, on_date date)
RETURNS SETOF ledger.balance LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT coalesce(s.account_id, b.account_id), coalesce(s.as_of_hour, b.as_of_hour),
           coalesce(s.available_balance, b.available_balance), coalesce(s.ledger_balance, b.ledger_balance),
           coalesce(s.currency, b.currency), coalesce(s.observed_at, b.observed_at), coalesce(s.run_no, b.run_no),
           coalesce(s.seal_no, b.seal_no), coalesce(s.revision, b.revision), coalesce(s.recorded_at, b.recorded_at)
      -- Reckoned once, not for each index (OFFSET).
      FROM (SELECT ledger.day_end(zone, NULL, on_date - 1) AS begins_at,
                   ledger.closes_at(zone, cut_off, grace_minutes, on_date - 1) AS before_closes_at,
                   ledger.closes_at(zone, cut_off, grace_minutes, on_date) AS closes_at OFFSET 0) AS d
      LEFT JOIN LATERAL (
           SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
                  b.run_no, b.seal_no, b.revision, b.recorded_at
             FROM ledger.balance AS b
            WHERE b.account_id = of_account
              -- The hours that can hold the date: these reach the index.
              AND b.as_of_hour > d.begins_at - interval '1 hour' AND b.as_of_hour <= d.closes_at
              AND b.observed_at >= d.begins_at AND b.observed_at > d.before_closes_at
              AND b.observed_at <= d.closes_at AND NOT ledger.is_ahead(b.observed_at)
            ORDER BY b.as_of_hour DESC LIMIT 1) AS b ON true
      -- A superseded one, where it is later. A balance of the day's last hour superseded whatever the hour had before.
      LEFT JOIN LATERAL (
           SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
                  h.run_no, h.seal_no, h.revision, h.recorded_at
             FROM ledger.balance_history AS h
            WHERE coalesce(b.as_of_hour + interval '1 hour' <= d.closes_at, true)
              AND h.account_id = of_account
              AND h.as_of_hour >= coalesce(b.as_of_hour, d.begins_at - interval '1 hour')
              AND h.as_of_hour <= d.closes_at
              AND h.observed_at >= d.begins_at AND h.observed_at > d.before_closes_at
              AND h.observed_at <= d.closes_at AND NOT ledger.is_ahead(h.observed_at)
              AND NOT EXISTS (SELECT FROM ledger.balance_set_aside AS x
                               WHERE (x.account_id, x.as_of_hour, x.seal_no)
                                   = (h.account_id, h.as_of_hour, h.seal_no))
            ORDER BY h.observed_at DESC, h.recorded_at DESC LIMIT 1) AS s
        ON s.observed_at > coalesce(b.observed_at, '-infinity')
     WHERE b.account_id IS NOT NULL OR s.account_id IS NOT NULL;
END;
COMMENT ON FUNCTION ledger.closing(text, text, time, integer, date) IS
    'The closing of an account on a local date: the newest observation, superseded ones included, from the date''s '
    'midnight until its grace after the cut-off has passed (ledger.closes_at), by the clock of the time zone; none '
    'that lies in the grace of the date before, none from the future (ledger.is_ahead) and none that was set aside; '
    'no row: none. Nothing is carried over. Grain: at most one row.';
REVOKE ALL ON FUNCTION ledger.closing(text, text, time, integer, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.closing(text, text, time, integer, date) TO qbank_analyst;
