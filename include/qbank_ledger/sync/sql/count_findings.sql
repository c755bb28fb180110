-- Purpose: how many answers of a run broke each rule.
-- Params:  run_no.
-- Grain:   rule that found something.
SELECT rule, count(*) AS found FROM sync.finding WHERE run_no = :run_no GROUP BY rule
