-- Purpose: the alerts that are open, the oldest first.
-- Grain:   open alert.
SELECT kind, subject FROM ledger.alert WHERE cleared_at IS NULL ORDER BY opened_at, alert_no
