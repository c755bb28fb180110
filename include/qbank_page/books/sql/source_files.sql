-- Purpose: what was found in the sources of books, and what became of it, the newest first.
-- Grain:   file of a source × state.
-- Parameters: most (null: all), after: how many are shown, and how many before them.
SELECT s.source, s.name, s.seen_at, s.load_no, s.refused
  FROM recon.source_file AS s
 ORDER BY s.seen_at DESC, s.source, s.name, s.version LIMIT :most OFFSET :after
