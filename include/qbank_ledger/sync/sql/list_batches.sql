-- Purpose: write down a run's batches, and by which connection each asks.
-- Params:  run_no; connections: that of each batch.
INSERT INTO sync.batch (run_no, batch_no, connection)
SELECT :run_no, ordinality - 1, connection
  FROM unnest(CAST(:connections AS text[])) WITH ORDINALITY AS b (connection, ordinality)
