-- Purpose: take on what a connection is to be told next, so that nobody else does: what nobody has taken on, or
--          told it, since it was listed; what a clock that ran ahead said of either is nothing. Who claims at the
--          same moment waits for this one's commit, and gets none.
-- Grain:   alert.
-- Params:  conn_id; alerts: their numbers; listed_at: when they were found to be due.
UPDATE ledger.alert_notice AS n SET claimed_at = clock_timestamp()
 WHERE n.connection = :conn_id AND n.alert_no = ANY (:alerts)
   AND coalesce(n.claimed_at NOT BETWEEN clock_timestamp() - interval '10 minutes' AND clock_timestamp(), true)
   AND coalesce(n.told_at NOT BETWEEN :listed_at AND clock_timestamp(), true)
RETURNING n.alert_no
