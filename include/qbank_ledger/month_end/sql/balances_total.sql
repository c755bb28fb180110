-- Purpose: what of balances.sql tells whether a month is ready, without its rows.
-- Grain:   entity.
-- Params:  none; balances is the statement of that name, before this one.
SELECT entity, count(*) AS accounts, count(closing) AS closings, count(*) FILTER (WHERE restated) AS restated,
       count(*) FILTER (WHERE version IS NULL AND was_active) AS not_compared
  FROM balances
 GROUP BY entity
