-- Purpose: a run, and when each of its rooms was done.
-- Grain:   the run; no row: there is none of that number.
-- Parameters: run_no.
SELECT r.run_no, r.dag_run_id, r.api_host, r.started_at, r.deadline_at, r.finished_at, r.state, r.dry_run, r.subset,
       r.expected, r.published, r.quarantined, r.failed, r.payloads_dropped_at, r.accounts_dropped_at,
       r.state = 'running' AND r.deadline_at < now() AS is_lost, r.package_version, b.fetch_started_at, b.batches,
       o.first_observed_at, o.last_observed_at, o.requests,
       v.audited_at, p.published_at, s.seals
  FROM sync.run AS r
 CROSS JOIN LATERAL (
       SELECT min(b.fetch_started_at) AS fetch_started_at, count(*) AS batches
         FROM sync.batch AS b WHERE b.run_no = r.run_no) AS b
 CROSS JOIN LATERAL (
       SELECT min(o.observed_at) AS first_observed_at, max(o.observed_at) AS last_observed_at,
              sum(o.attempts) AS requests
         FROM sync.observation AS o WHERE o.run_no = r.run_no) AS o
 CROSS JOIN LATERAL (SELECT max(v.audited_at) AS audited_at FROM sync.verdict AS v WHERE v.run_no = r.run_no) AS v
  LEFT JOIN sync.publication AS p ON p.run_no = r.run_no
 CROSS JOIN LATERAL (
       SELECT array_agg(s.seal_no ORDER BY s.seal_no) AS seals FROM ledger.seal AS s WHERE s.run_no = r.run_no) AS s
 WHERE r.run_no = :run_no
