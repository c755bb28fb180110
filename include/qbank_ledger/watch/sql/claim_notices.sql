-- Purpose: take on what a connection is to be told now, so that nobody else does: of an open alert, if it was told
--          nothing, or a while ago; of one that was cleared in the last three days, if it was told of its opening.
--          Who claims at the same moment waits for this one's commit, and finds the rest.
-- Grain:   alert.
-- Params:  conn_id; remind_hours: after how many hours an open alert is told again.
UPDATE ledger.alert_notice AS n SET claimed_at = clock_timestamp()
  FROM ledger.alert AS a
 WHERE a.alert_no = n.alert_no AND n.connection = :conn_id
   AND (n.claimed_at IS NULL OR n.claimed_at < clock_timestamp() - interval '10 minutes')
   AND CASE WHEN a.cleared_at IS NULL
            THEN n.told_at IS NULL OR n.told_at <= clock_timestamp() - make_interval(hours => :remind_hours)
            ELSE n.told = 'opened' AND a.cleared_at > now() - interval '3 days' END
RETURNING a.alert_no, a.kind, a.subject, a.message, a.opened_at, a.cleared_at,
          CASE WHEN a.cleared_at IS NOT NULL THEN 'cleared' WHEN n.told IS NULL THEN 'opened' ELSE 'still' END AS event
