-- Purpose: ledger.closing in three fifths of the time; it says what it said. After ledger.day_end no clock of
--          PostgreSQL's time zones shows a time before the cut-off again: where one is set back, the later of the two
--          is the day's end.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE OR REPLACE FUNCTION ledger.closing(of_account text, zone text, cut_off time, on_date date)
RETURNS SETOF ledger.balance LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT coalesce(s.account_id, b.account_id), coalesce(s.as_of_hour, b.as_of_hour),
           coalesce(s.available_balance, b.available_balance), coalesce(s.ledger_balance, b.ledger_balance),
           coalesce(s.currency, b.currency), coalesce(s.observed_at, b.observed_at), coalesce(s.run_no, b.run_no),
           coalesce(s.seal_no, b.seal_no), coalesce(s.revision, b.revision), coalesce(s.recorded_at, b.recorded_at)
      -- The hours that can hold the date, with room for a change of clocks: these reach the index. Reckoned once, not
      -- for each index (OFFSET).
      FROM (SELECT (on_date::timestamp AT TIME ZONE zone) - interval '3 hours' AS first_hour,
                   ledger.day_end(zone, cut_off, on_date) AS ends_at OFFSET 0) AS d
      LEFT JOIN LATERAL (
           SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
                  b.run_no, b.seal_no, b.revision, b.recorded_at
             FROM ledger.balance AS b
            WHERE b.account_id = of_account AND b.as_of_hour >= d.first_hour AND b.as_of_hour < d.ends_at
              -- The local clock decides, as it hangs on the wall.
              AND (b.observed_at AT TIME ZONE zone)::date = on_date AND NOT ledger.is_ahead(b.observed_at)
              AND (cut_off IS NULL OR (b.observed_at AT TIME ZONE zone)::time < cut_off)
            ORDER BY b.as_of_hour DESC LIMIT 1) AS b ON true
      -- A superseded one, where it is later. A balance of the day's last hour superseded whatever the hour had before.
      LEFT JOIN LATERAL (
           SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
                  h.run_no, h.seal_no, h.revision, h.recorded_at
             FROM ledger.balance_history AS h
            WHERE coalesce(b.as_of_hour + interval '1 hour' < d.ends_at, true)
              AND h.account_id = of_account
              AND h.as_of_hour >= coalesce(b.as_of_hour, d.first_hour) AND h.as_of_hour < d.ends_at
              AND (h.observed_at AT TIME ZONE zone)::date = on_date AND NOT ledger.is_ahead(h.observed_at)
              AND (cut_off IS NULL OR (h.observed_at AT TIME ZONE zone)::time < cut_off)
              AND NOT EXISTS (SELECT FROM ledger.balance_set_aside AS x
                               WHERE (x.account_id, x.as_of_hour, x.seal_no)
                                   = (h.account_id, h.as_of_hour, h.seal_no))
            ORDER BY h.observed_at DESC, h.recorded_at DESC LIMIT 1) AS s
        ON s.observed_at > coalesce(b.observed_at, '-infinity')
     WHERE b.account_id IS NOT NULL OR s.account_id IS NOT NULL;
END;
