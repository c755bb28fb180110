-- Purpose: the latest date that it is anywhere.
-- Grain:   one row.
SELECT (now() AT TIME ZONE 'Etc/GMT-14')::date
