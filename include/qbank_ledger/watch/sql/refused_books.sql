-- Purpose: files of the sources that were refused in the last three days (a weekend) and not loaded since.
-- Grain:   file of a source.
SELECT source, name
  FROM (SELECT DISTINCT ON (f.source, f.name) f.source, f.name, f.seen_at, f.refused
          FROM recon.source_file AS f ORDER BY f.source, f.name, f.seen_at DESC) AS newest
 WHERE refused IS NOT NULL AND seen_at > now() - interval '3 days'
 ORDER BY source, name
