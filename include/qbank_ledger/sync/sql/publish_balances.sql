-- Purpose: the fit answers of a run into the ledger, each under the hour in which it was observed.
--          The later observation of an hour wins, whichever run made it; again changes nothing.
--          What lies ahead of the clock, or was set aside, is left out: no hour is that of a wrong clock.
-- Params:  run_no, recorded_at, seal_no.
INSERT INTO ledger.balance AS b (
    account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no,
    revision, recorded_at)
SELECT o.account_id, date_trunc('hour', o.observed_at, 'UTC'), o.available_balance, o.ledger_balance, a.currency,
       o.observed_at, o.run_no, CAST(:seal_no AS bigint), 1, CAST(:recorded_at AS timestamptz)
  FROM sync.observation AS o
  JOIN sync.run_account AS a USING (run_no, account_id)
  JOIN sync.verdict AS v USING (run_no, account_id)
 WHERE o.run_no = :run_no AND o.state <> 'failed' AND v.fit AND NOT ledger.is_ahead(o.observed_at)
   AND NOT EXISTS (SELECT FROM ledger.balance_set_aside AS x
                    WHERE x.account_id = o.account_id AND x.run_no = o.run_no)
 ORDER BY o.account_id COLLATE "C"
    ON CONFLICT (account_id, as_of_hour) DO UPDATE
   SET (available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)
     = (excluded.available_balance, excluded.ledger_balance, excluded.currency, excluded.observed_at,
        excluded.run_no, excluded.seal_no, b.revision + 1, excluded.recorded_at)
 WHERE excluded.observed_at > b.observed_at
