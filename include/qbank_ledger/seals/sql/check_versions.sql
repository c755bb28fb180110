-- Purpose: the first superseded version that nothing superseded: its balance was deleted, or its time altered.
--          One that an operator set aside, since it lay ahead of the clock then, is where it belongs.
-- Params:  first, last: seal numbers, inclusive.
-- Grain:   one row at most.
SELECT h.account_id, h.as_of_hour, h.revision
  FROM ledger.balance_history AS h
 WHERE h.seal_no BETWEEN :first AND :last
   AND NOT EXISTS (SELECT FROM ledger.balance AS n
                    WHERE n.account_id = h.account_id AND n.as_of_hour = h.as_of_hour
                      AND n.recorded_at = h.superseded_at AND n.revision = h.revision + 1)
   AND NOT EXISTS (SELECT FROM ledger.balance_history AS n
                    WHERE n.account_id = h.account_id AND n.as_of_hour = h.as_of_hour
                      AND n.recorded_at = h.superseded_at AND n.revision = h.revision + 1)
   AND NOT EXISTS (SELECT FROM ledger.balance_set_aside AS x
                    WHERE (x.account_id, x.as_of_hour, x.seal_no, x.run_no, x.observed_at)
                          = (h.account_id, h.as_of_hour, h.seal_no, h.run_no, h.observed_at)
                      AND x.observed_at > x.set_aside_at)
 ORDER BY h.seal_no, h.account_id COLLATE "C", h.as_of_hour LIMIT 1
