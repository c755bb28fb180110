-- Purpose: write down, for ever, why the accounts of a run have no balance in the hours it touched: the one it began
--          in, and those since its fetch began, or began anew; between them, of a run that was opened again, nobody
--          asked. A later run's reason replaces an earlier one's. Dry runs explain nothing.
-- Params:  run_no of a closed run.
INSERT INTO ledger.missing_hour_reason AS g (account_id, as_of_hour, reason, run_no)
SELECT f.account_id, h.as_of_hour,
       CASE f.outcome WHEN 'published' THEN 'observed in a later hour'
                      WHEN 'quarantined' THEN 'quarantined: ' || array_to_string(f.reasons, ', ')
                      ELSE array_to_string(f.reasons, ', ') END,
       f.run_no
  FROM sync.run AS r
  JOIN sync.current_outcome AS f USING (run_no)
 CROSS JOIN LATERAL generate_series(
       date_trunc('hour', r.started_at, 'UTC'),
       date_trunc('hour', coalesce(f.observed_at, r.started_at), 'UTC'), interval '1 hour') AS h (as_of_hour)
 CROSS JOIN LATERAL (SELECT date_trunc('hour', coalesce(min(b.fetch_started_at), r.started_at), 'UTC') AS hour
                       FROM sync.batch AS b WHERE b.run_no = r.run_no) AS asked_since
 WHERE r.run_no = :run_no AND NOT r.dry_run
   AND (h.as_of_hour = date_trunc('hour', r.started_at, 'UTC') OR h.as_of_hour >= asked_since.hour)
   AND (f.outcome <> 'published' OR h.as_of_hour < date_trunc('hour', f.observed_at, 'UTC'))
    ON CONFLICT (account_id, as_of_hour) DO UPDATE
   SET reason = excluded.reason, run_no = excluded.run_no, recorded_at = excluded.recorded_at
 WHERE excluded.run_no >= g.run_no AND excluded.reason <> 'observed in a later hour'
