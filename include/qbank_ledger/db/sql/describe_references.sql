-- Purpose: which relation of the product's schemas refers to which table: by a foreign key, or, as most have none
--          (docs/adr/0023-foreign-keys-where-they-are-cheap.md), by a column that has the name of the table's key.
-- Grain:   relation × table that it refers to × columns, in the order of their names. Of views those of reporting.
WITH relation AS (
    SELECT c.oid, n.nspname AS schema, format('%s.%s', n.nspname, c.relname) AS name
      FROM pg_namespace AS n
      JOIN pg_class AS c ON c.relnamespace = n.oid AND NOT c.relispartition
     WHERE n.nspname IN ('ledger', 'sync', 'recon') AND c.relkind IN ('r', 'p') OR n.nspname = 'reporting'
), attribute AS (
    SELECT r.oid, a.attnum, a.attname FROM relation AS r
      JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
), foreign_key AS (
    SELECT k.conrelid AS child, k.confrelid AS parent,
           (SELECT string_agg(a.attname, ', ' ORDER BY p.place)
              FROM unnest(k.conkey) WITH ORDINALITY AS p (attnum, place)
              JOIN attribute AS a ON a.oid = k.conrelid AND a.attnum = p.attnum) AS columns
      FROM pg_constraint AS k JOIN relation AS r ON r.oid = k.conrelid
     WHERE k.contype = 'f' AND k.conparentid = 0
), key AS (
    -- Of one column, and the table's own: not that of a table which it extends.
    SELECT i.indrelid AS oid, a.attname AS column
      FROM pg_index AS i JOIN attribute AS a ON a.oid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indisprimary AND i.indnkeyatts = 1
       AND NOT EXISTS (SELECT FROM foreign_key AS f WHERE f.child = i.indrelid AND f.columns = a.attname)
)
SELECT c.schema, c.name AS child, p.name AS parent, r.columns, bool_or(r.enforced) AS enforced
  FROM (SELECT child, parent, columns, true FROM foreign_key
        UNION ALL
        SELECT a.oid, k.oid, k.column, false
          FROM key AS k JOIN attribute AS a ON a.attname = k.column AND a.oid <> k.oid
       ) AS r (child, parent, columns, enforced)
  JOIN relation AS c ON c.oid = r.child
  JOIN relation AS p ON p.oid = r.parent
 GROUP BY c.schema, c.name, p.name, r.columns
 ORDER BY c.schema COLLATE "C", c.name COLLATE "C", p.name COLLATE "C", r.columns
