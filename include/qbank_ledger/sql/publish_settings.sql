-- Purpose: how this transaction joins: no statistics know of the run yet, and looking up a million rows that
--          were taken for a few, one by one, takes longer than writing them.
-- Grain:   one row.
SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '128MB', true), set_config('jit', 'off', true)
