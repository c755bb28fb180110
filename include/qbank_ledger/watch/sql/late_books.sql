-- Purpose: entities of active accounts without a GL balance for a date that should have some: the day after it is
--          over, too, and the newest books have two dates of its weekday in their last fortnight. Later books end it.
-- Grain:   entity, the first such date.
SELECT e.entity, d.as_of_date
  FROM (SELECT a.entity, min((now() AT TIME ZONE a.time_zone)::date) AS today
          FROM ledger.account AS a WHERE a.active GROUP BY a.entity) AS e
 CROSS JOIN LATERAL (SELECT max(g.as_of_date) AS newest FROM recon.gl_balance AS g
                      WHERE g.entity = e.entity AND g.as_of_date BETWEEN e.today - 35 AND e.today) AS g
 CROSS JOIN LATERAL (
       SELECT g.newest + n AS as_of_date FROM generate_series(1, e.today - 2 - g.newest) AS n
        WHERE (SELECT count(DISTINCT b.as_of_date) FROM recon.gl_balance AS b
                WHERE b.entity = e.entity AND b.as_of_date BETWEEN g.newest - 13 AND g.newest
                  AND (g.newest + n - b.as_of_date) % 7 = 0) = 2
        ORDER BY n LIMIT 1) AS d
 ORDER BY e.entity
