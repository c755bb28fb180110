-- Purpose: open an alert for each problem that has none open.
-- Grain:   problem; again it changes nothing.
-- Params:  problems: JSON, an array of kind, subject and message.
INSERT INTO ledger.alert (kind, subject, message)
SELECT p.kind, p.subject, p.message
  FROM jsonb_to_recordset(CAST(:problems AS jsonb)) AS p (kind text, subject text, message text)
    ON CONFLICT (kind, subject) WHERE cleared_at IS NULL DO NOTHING
RETURNING alert_no
