-- Purpose: begin a run.
-- Params:  dag_run_id, api_host, timeout_s, dry_run, subset, expected, package_version.
-- Grain:   one row: run_no.
INSERT INTO sync.run (dag_run_id, api_host, started_at, deadline_at, dry_run, subset, expected,
                      package_version)
VALUES (:dag_run_id, :api_host, clock_timestamp(), clock_timestamp() + make_interval(secs => :timeout_s),
        :dry_run, :subset, :expected, :package_version)
RETURNING run_no
