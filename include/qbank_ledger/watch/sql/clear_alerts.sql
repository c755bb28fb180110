-- Purpose: clear the alerts whose problem is no longer there.
-- Grain:   open alert; again it changes nothing.
-- Params:  problems: as for open_alerts.
-- One that was opened by a clock that ran ahead is over as it opened.
UPDATE ledger.alert AS a SET cleared_at = greatest(clock_timestamp(), a.opened_at)
 WHERE a.cleared_at IS NULL
   AND NOT EXISTS (SELECT FROM jsonb_to_recordset(CAST(:problems AS jsonb)) AS p (kind text, subject text)
                    WHERE p.kind = a.kind AND p.subject = a.subject)
RETURNING alert_no
