-- Purpose: the newest run, how the newest that publishes ended, and the hour that the newest full one has settled.
--          A run that is open past its deadline has failed: nobody has closed it yet. One that reached into the next
--          hour settles none before the clock does.
-- Grain:   one row, also where there is no run.
SELECT now() AS now, n.run_no, n.state, n.finished_at,
       e.run_no AS ended_run_no, e.state AS ended_state, e.deadline_at AS ended_deadline_at, f.hour AS settled_hour
  FROM (SELECT) AS one
  LEFT JOIN LATERAL (SELECT * FROM sync.run ORDER BY run_no DESC LIMIT 1) AS n ON true
  LEFT JOIN LATERAL (SELECT * FROM sync.run AS r
                      WHERE NOT r.dry_run AND (r.state <> 'running' OR r.deadline_at < now())
                      ORDER BY r.run_no DESC LIMIT 1) AS e ON true
  LEFT JOIN LATERAL (SELECT date_trunc('hour', r.started_at, 'UTC') AS hour FROM sync.run AS r
                      WHERE NOT r.dry_run AND NOT r.subset AND r.state <> 'running'
                        AND date_trunc('hour', r.finished_at, 'UTC') = date_trunc('hour', r.started_at, 'UTC')
                      ORDER BY r.run_no DESC LIMIT 1) AS f ON true
