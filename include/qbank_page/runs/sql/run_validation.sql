-- Purpose: the audit's verdict on each of its rules.
-- Grain:   expectation; those that failed come first.
-- Parameters: run_no.
SELECT v.expectation, v.severity, v.success, v.evaluated, v.unexpected
  FROM sync.validation_result AS v
 WHERE v.run_no = :run_no
 ORDER BY v.success, v.severity, v.expectation
