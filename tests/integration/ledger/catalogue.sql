-- Purpose: all that PostgreSQL knows of the ledger's schemas, to compare two databases.
-- Grain:   one line an object or a part of one: kind, name, definition.
--          The layout of a function's text does not count: white space, and where a literal is broken.
WITH scope AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname IN ('ledger', 'sync', 'recon', 'reporting', 'reporting_all')
), relation AS (
    SELECT c.* FROM pg_class AS c JOIN scope AS s ON s.oid = c.relnamespace
), described (kind, name, says) AS (
    SELECT 'schema', s.nspname::text, concat_ws(' | ', s.nspowner::regrole, obj_description(s.oid, 'pg_namespace'))
      FROM scope AS s
    UNION ALL
    SELECT 'relation', c.oid::regclass::text,
           concat_ws(' | ', c.relkind, c.relowner::regrole, c.relpersistence, c.reloptions, c.relrowsecurity,
                     pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
                     (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = c.oid), obj_description(c.oid, 'pg_class'))
      FROM relation AS c
    UNION ALL
    SELECT 'column', format('%s %s', c.oid::regclass, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)),
           concat_ws(' | ', a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull,
                     a.attidentity, a.attgenerated, a.attstorage, a.attcompression, a.attoptions,
                     pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
      FROM relation AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relkind IN ('r', 'p', 'v', 'm')
    UNION ALL
    SELECT 'constraint', format('%s %s', k.conrelid::regclass, k.conname),
           concat_ws(' | ', pg_get_constraintdef(k.oid), k.condeferrable, k.convalidated, obj_description(k.oid, 'pg_constraint'))
      FROM pg_constraint AS k JOIN relation AS c ON c.oid = k.conrelid
    UNION ALL
    SELECT 'domain', t.oid::regtype::text,
           concat_ws(' | ', t.typowner::regrole, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
                     (SELECT string_agg(format('%s %s', k.conname, pg_get_constraintdef(k.oid)), ', ' ORDER BY k.conname)
                        FROM pg_constraint AS k WHERE k.contypid = t.oid), obj_description(t.oid, 'pg_type'))
      FROM pg_type AS t JOIN scope AS s ON s.oid = t.typnamespace WHERE t.typtype = 'd'
    UNION ALL
    SELECT 'index', i.indexrelid::regclass::text,
           concat_ws(' | ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, obj_description(i.indexrelid, 'pg_class'))
      FROM pg_index AS i JOIN relation AS c ON c.oid = i.indrelid
    UNION ALL
    SELECT 'trigger', format('%s %s', t.tgrelid::regclass, t.tgname),
           concat_ws(' | ', pg_get_triggerdef(t.oid), t.tgenabled, t.tgparentid <> 0)
      FROM pg_trigger AS t JOIN relation AS c ON c.oid = t.tgrelid WHERE t.tgconstraint = 0 AND (NOT t.tgisinternal OR t.tgparentid <> 0)
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text,
           concat_ws(' | ', p.proowner::regrole,
                     replace(regexp_replace(pg_get_functiondef(p.oid), '\s+', ' ', 'g'), ''' ''', ''),
                     obj_description(p.oid, 'pg_proc'))
      FROM pg_proc AS p JOIN scope AS s ON s.oid = p.pronamespace
    UNION ALL
    SELECT 'view', c.oid::regclass::text, pg_get_viewdef(c.oid) FROM relation AS c WHERE c.relkind IN ('v', 'm')
    UNION ALL
    SELECT 'sequence', q.seqrelid::regclass::text,
           concat_ws(' | ', q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle)
      FROM pg_sequence AS q JOIN relation AS c ON c.oid = q.seqrelid
    UNION ALL
    SELECT 'grant', format('%s %s', o.kind, o.name),
           concat_ws(' ', coalesce(nullif(g.grantee, 0)::regrole::text, 'everybody'), g.privilege_type, g.is_grantable)
      FROM (SELECT 'schema', s.nspname::text, coalesce(s.nspacl, acldefault('n', s.nspowner)) FROM scope AS s
            UNION ALL
            SELECT 'relation', c.oid::regclass::text,
                   coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
              FROM relation AS c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
            UNION ALL
            SELECT 'column', format('%s.%s', c.oid::regclass, a.attname), a.attacl
              FROM relation AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
            UNION ALL
            SELECT 'function', p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
              FROM pg_proc AS p JOIN scope AS s ON s.oid = p.pronamespace
            UNION ALL
            SELECT 'type', t.oid::regtype::text, coalesce(t.typacl, acldefault('T', t.typowner))
              FROM pg_type AS t JOIN scope AS s ON s.oid = t.typnamespace WHERE t.typtype = 'd') AS o (kind, name, acl)
     CROSS JOIN LATERAL aclexplode(o.acl) AS g
)
SELECT kind, name, says FROM described ORDER BY kind COLLATE "C", name COLLATE "C", says COLLATE "C"
