-- Purpose: every relation of the product's schemas, without partitions, and its columns, with their comments.
--          Of a domain the type that it is made of, which is what a driver says. reporting_all is left out: it has the
--          views of reporting.
-- Grain:   column, in the order of schema, relation and column.
SELECT n.nspname AS schema, obj_description(n.oid, 'pg_namespace') AS schema_says, c.relname AS relation,
       CASE c.relkind WHEN 'v' THEN 'View' ELSE 'Table' END AS kind, obj_description(c.oid, 'pg_class') AS says,
       a.attname AS "column", format_type(coalesce(nullif(t.typbasetype, 0), t.oid), a.atttypmod) AS type,
       EXISTS (SELECT FROM pg_index AS i
                WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS is_key,
       col_description(c.oid, a.attnum) AS column_says
  FROM pg_namespace AS n
  JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type AS t ON t.oid = a.atttypid
 WHERE n.nspname IN ('ledger', 'sync', 'recon', 'reporting')
 ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum
