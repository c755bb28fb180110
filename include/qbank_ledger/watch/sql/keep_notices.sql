-- Purpose: keep what a connection was told, and let go of it; or let go alone, where it could not be told.
-- Grain:   alert.
-- Params:  alerts: their numbers; conn_id; told: opened or cleared, null: it could not be told.
WITH kept AS (
    UPDATE ledger.alert_notice
       SET claimed_at = NULL, told = coalesce(:told, told),
           told_at = CASE WHEN CAST(:told AS text) IS NULL THEN told_at ELSE clock_timestamp() END
     WHERE alert_no = ANY (:alerts) AND connection = :conn_id
    RETURNING alert_no
)
UPDATE ledger.alert AS a SET notified_at = greatest(clock_timestamp(), a.opened_at)
  FROM kept WHERE a.alert_no = kept.alert_no AND CAST(:told AS text) IS NOT NULL
