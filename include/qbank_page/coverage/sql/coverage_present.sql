-- Purpose: in which hours of a week accounts have a balance: by the index alone, and as a text of 168 digits, since
--          joining each account to each hour takes five times as long.
-- Grain:   account with a balance in the week.
-- Parameters: since: the week's first hour; account_ids, a list.
SELECT b.account_id,
       bit_or(set_bit(repeat('0', 168)::bit(168), date_part('epoch', b.as_of_hour - :since)::integer / 3600, 1))::text
         AS present
  FROM ledger.balance AS b
 WHERE b.as_of_hour >= :since AND b.as_of_hour < CAST(:since AS timestamptz) + interval '7 days'
   AND b.account_id = ANY (:account_ids)
 GROUP BY b.account_id
