-- Purpose: digits are swapped as they are written, with the zero before the point: 0.05 for 0.50.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE OR REPLACE FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT gl <> bank AND sign(gl) = sign(bank) AND position('.' IN units) = 0 AND EXISTS (
           SELECT FROM generate_series(1, length(digits) - 1) AS n
            WHERE overlay(digits PLACING substr(digits, n + 1, 1) || substr(digits, n, 1) FROM n FOR 2)::numeric
                  = abs(bank) * 10 ^ minor_units::numeric)
      FROM (SELECT units, lpad(units, greatest(length(units), minor_units + 1), '0') AS digits
              FROM (SELECT trim_scale(abs(gl) * 10 ^ minor_units::numeric)::text AS units) AS whole) AS written
$$;
COMMENT ON FUNCTION recon.is_transposed(numeric, numeric, integer) IS
    'Whether swapping two adjacent digits of the GL''s balance, in minor units, gives the bank''s.';
