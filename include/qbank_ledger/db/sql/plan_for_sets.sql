-- Purpose: how this transaction joins: sets, whole. No statistics know of what was just written, and rows that were
--          taken for a few, looked up one by one, take minutes for thousands.
-- Grain:   one row.
SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '128MB', true)
