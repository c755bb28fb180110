-- Purpose: how many runs there are, for the pages of their table.
-- Grain:   one row.
-- Parameters: state, or empty.
SELECT count(*) FROM sync.run AS r WHERE :state IN ('', r.state)
