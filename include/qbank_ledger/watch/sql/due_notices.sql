-- Purpose: what a connection is to be told now and nobody has taken on: of an open alert, if it was told nothing, or a
--          while ago, or by a clock that ran ahead; of one that was cleared in the last three days, if it was told of
--          its opening.
-- Grain:   alert.
-- Params:  conn_id; remind_hours: after how many hours an open alert is told again.
SELECT a.alert_no, a.kind, a.subject, a.message, a.opened_at, a.cleared_at, now() AS listed_at,
       CASE WHEN a.cleared_at IS NOT NULL THEN 'cleared' WHEN n.told IS NULL THEN 'opened' ELSE 'still' END AS event
  FROM ledger.alert_notice AS n
  JOIN ledger.alert AS a USING (alert_no)
 WHERE n.connection = :conn_id
   AND coalesce(n.claimed_at NOT BETWEEN clock_timestamp() - interval '10 minutes' AND clock_timestamp(), true)
   AND CASE WHEN a.cleared_at IS NULL
            THEN coalesce(n.told_at <= clock_timestamp() - make_interval(hours => :remind_hours)
                          OR n.told_at > clock_timestamp(), true)
            ELSE n.told = 'opened' AND a.cleared_at > now() - interval '3 days' END
