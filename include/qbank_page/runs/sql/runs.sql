-- Purpose: the runs of the sync, with what each came to and how much of it was released since.
-- Grain:   run, newest first.
-- Parameters: state, or empty; rows: how many at most; skipped: how many newer ones are left out.
SELECT r.run_no, r.dag_run_id, r.api_host, r.started_at, r.finished_at, r.finished_at - r.started_at AS took,
       r.state, r.dry_run, r.subset, r.expected, r.published, r.quarantined, r.failed,
       r.state = 'running' AND r.deadline_at < now() AS is_lost,
       (SELECT count(*) FROM sync.release AS x WHERE x.run_no = r.run_no) AS released
  FROM sync.run AS r
 WHERE :state IN ('', r.state)
 ORDER BY r.run_no DESC
 LIMIT :rows OFFSET :skipped
