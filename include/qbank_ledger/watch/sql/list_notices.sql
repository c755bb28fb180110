-- Purpose: have a connection be told of what is open.
-- Grain:   open alert; again it changes nothing.
-- Params:  conn_id.
INSERT INTO ledger.alert_notice (alert_no, connection)
SELECT alert_no, :conn_id FROM ledger.alert WHERE cleared_at IS NULL
    ON CONFLICT DO NOTHING
