-- Purpose: what analysts and auditors ask: as known at, closing of a day, movement, coverage; seals
--          that name a row; release from quarantine; retention of payloads.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Keeps every row.

-- ── Time ────────────────────────────────────────────────────────────────────────────────────────

-- An hour's rows lie together. New pages are summarized at once: a scan reads all that are not.
DROP INDEX ledger.balance_hour;
CREATE INDEX balance_hour ON ledger.balance USING brin (as_of_hour) WITH (pages_per_range = 16, autosummarize = on);
DROP INDEX ledger.balance_seal;
CREATE INDEX balance_seal ON ledger.balance USING brin (seal_no) WITH (pages_per_range = 16, autosummarize = on);
DROP INDEX ledger.balance_history_seal;
CREATE INDEX balance_history_seal ON ledger.balance_history USING brin (seal_no) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX balance_history_hour ON ledger.balance_history USING brin (as_of_hour) WITH (pages_per_range = 16, autosummarize = on);

-- Inlined into the query around it (no SET, not SECURITY DEFINER): its filters reach the indexes.
CREATE FUNCTION ledger.balance_as_known(known_at timestamptz) RETURNS SETOF ledger.balance
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
           b.run_no, b.seal_no, b.revision, b.recorded_at
      FROM ledger.balance AS b WHERE b.recorded_at <= known_at
    UNION ALL
    SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
           h.run_no, h.seal_no, h.revision, h.recorded_at
      FROM ledger.balance_history AS h WHERE h.recorded_at <= known_at AND h.superseded_at > known_at
$$;
COMMENT ON FUNCTION ledger.balance_as_known(timestamptz) IS 'ledger.balance as it stood at an instant; exact between publishes. Filter it by as_of_hour or account_id. Grain: account × hour.';

-- In plpgsql for its cached plan: inlined into a view over all accounts it would call for JIT.
CREATE FUNCTION ledger.closing(of_account text, zone text, cut_off time, on_date date) RETURNS SETOF ledger.balance
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1 AS $$
BEGIN
    RETURN QUERY
    SELECT v.account_id, v.as_of_hour, v.available_balance, v.ledger_balance, v.currency, v.observed_at,
           v.run_no, v.seal_no, v.revision, v.recorded_at
      FROM (SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
                   b.run_no, b.seal_no, b.revision, b.recorded_at FROM ledger.balance AS b
            UNION ALL
            SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
                   h.run_no, h.seal_no, h.revision, h.recorded_at FROM ledger.balance_history AS h) AS v
     WHERE v.account_id = of_account
       -- The hours that can hold the date, with room for a change of clocks: these reach the index …
       AND v.as_of_hour >= on_date::timestamp AT TIME ZONE zone - interval '3 hours'
       AND v.as_of_hour < (on_date + 1)::timestamp AT TIME ZONE zone + interval '3 hours'
       -- … and the local clock decides, as it hangs on the wall.
       AND (v.observed_at AT TIME ZONE zone)::date = on_date
       AND (cut_off IS NULL OR (v.observed_at AT TIME ZONE zone)::time < cut_off)
     ORDER BY v.observed_at DESC, v.recorded_at DESC
     LIMIT 1;
END $$;
COMMENT ON FUNCTION ledger.closing(text, text, time, date) IS 'The closing of an account on a local date: the newest observation, superseded ones included, in that date and before the cut-off, both by the clock of the time zone; no row: none. Nothing is carried over. Grain: at most one row.';

CREATE VIEW ledger.daily_balance AS
SELECT a.account_id, f.first_date + n.days AS as_of_date, a.entity, a.gl_account, c.currency,
       c.available_balance, c.ledger_balance, c.as_of_hour, c.observed_at, c.run_no, c.seal_no, c.revision,
       c.recorded_at,
       now() < (f.first_date + n.days + coalesce(a.cut_off, '24:00')) AT TIME ZONE a.time_zone AS provisional
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT (least((SELECT b.as_of_hour FROM ledger.balance AS b WHERE b.account_id = a.account_id
                       ORDER BY b.as_of_hour LIMIT 1),
                     (SELECT h.as_of_hour FROM ledger.balance_history AS h WHERE h.account_id = a.account_id
                       ORDER BY h.as_of_hour LIMIT 1)) AT TIME ZONE a.time_zone)::date AS first_date
       OFFSET 0) AS f  -- once an account, not once a date
 CROSS JOIN LATERAL generate_series(0, (now() AT TIME ZONE a.time_zone)::date - f.first_date) AS n (days)
 CROSS JOIN LATERAL ledger.closing(a.account_id, a.time_zone, a.cut_off, f.first_date + n.days) AS c;
COMMENT ON VIEW ledger.daily_balance IS 'The closing of each account and day: the newest observation, superseded ones included, within the account''s local date and before its cut-off; a day without one has no row. By the account''s time zone and cut-off as they are configured now. Grain: account × date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_balance.account_id IS 'The account.';
COMMENT ON COLUMN ledger.daily_balance.as_of_date IS 'The date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_balance.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.daily_balance.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN ledger.daily_balance.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN ledger.daily_balance.available_balance IS 'Closing available balance, exact.';
COMMENT ON COLUMN ledger.daily_balance.ledger_balance IS 'Closing ledger balance, exact.';
COMMENT ON COLUMN ledger.daily_balance.as_of_hour IS 'The UTC hour of the observation.';
COMMENT ON COLUMN ledger.daily_balance.observed_at IS 'When the answer arrived (UTC).';
COMMENT ON COLUMN ledger.daily_balance.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.daily_balance.seal_no IS 'The seal that covers it.';
COMMENT ON COLUMN ledger.daily_balance.revision IS 'Version within the hour.';
COMMENT ON COLUMN ledger.daily_balance.recorded_at IS 'When it was published (UTC).';
COMMENT ON COLUMN ledger.daily_balance.provisional IS 'Whether the day''s cut-off is still to come.';

-- ── Movement and totals ─────────────────────────────────────────────────────────────────────────

CREATE VIEW ledger.hourly_movement AS
SELECT b.account_id, b.as_of_hour, p.as_of_hour AS since_hour, b.currency,
       p.ledger_balance AS opening_balance, b.ledger_balance AS closing_balance,
       CASE WHEN p.currency = b.currency THEN b.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = b.currency THEN b.available_balance - p.available_balance END AS available_movement
  FROM ledger.balance AS b
  LEFT JOIN LATERAL (
       SELECT q.as_of_hour, q.currency, q.available_balance, q.ledger_balance FROM ledger.balance AS q
        WHERE q.account_id = b.account_id AND q.as_of_hour < b.as_of_hour
        ORDER BY q.as_of_hour DESC LIMIT 1) AS p ON true;
COMMENT ON VIEW ledger.hourly_movement IS 'How much each balance differs from the account''s balance before it, which may be more than an hour older (since_hour). Filter it by as_of_hour or account_id. Grain: account × hour with a balance.';
COMMENT ON COLUMN ledger.hourly_movement.account_id IS 'The account.';
COMMENT ON COLUMN ledger.hourly_movement.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.hourly_movement.since_hour IS 'The hour of the balance before; null: this is the first.';
COMMENT ON COLUMN ledger.hourly_movement.currency IS 'ISO 4217 code of the hour''s balance.';
COMMENT ON COLUMN ledger.hourly_movement.opening_balance IS 'Ledger balance of since_hour.';
COMMENT ON COLUMN ledger.hourly_movement.closing_balance IS 'Ledger balance of the hour.';
COMMENT ON COLUMN ledger.hourly_movement.ledger_movement IS 'closing_balance − opening_balance; null: the first, or the currency changed.';
COMMENT ON COLUMN ledger.hourly_movement.available_movement IS 'The same of the available balances.';

CREATE VIEW ledger.daily_movement AS
SELECT d.account_id, d.as_of_date, d.entity, d.gl_account, d.currency,
       p.ledger_balance AS opening_balance, d.ledger_balance AS closing_balance,
       CASE WHEN p.currency = d.currency THEN d.ledger_balance - p.ledger_balance END AS ledger_movement,
       CASE WHEN p.currency = d.currency THEN d.available_balance - p.available_balance END AS available_movement,
       d.provisional
  FROM ledger.daily_balance AS d
  JOIN ledger.account AS a USING (account_id)
  LEFT JOIN LATERAL ledger.closing(d.account_id, a.time_zone, a.cut_off, d.as_of_date - 1) AS p ON true;
COMMENT ON VIEW ledger.daily_movement IS 'How much each closing differs from the closing of the day before; nothing is carried over, so a day after a day without closing has no opening. Grain: account × date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_movement.account_id IS 'The account.';
COMMENT ON COLUMN ledger.daily_movement.as_of_date IS 'The date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_movement.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.daily_movement.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN ledger.daily_movement.currency IS 'ISO 4217 code of the closing.';
COMMENT ON COLUMN ledger.daily_movement.opening_balance IS 'Closing ledger balance of the day before; null: it has none.';
COMMENT ON COLUMN ledger.daily_movement.closing_balance IS 'Closing ledger balance of the day.';
COMMENT ON COLUMN ledger.daily_movement.ledger_movement IS 'closing_balance − opening_balance; null: no opening, or the currency changed.';
COMMENT ON COLUMN ledger.daily_movement.available_movement IS 'The same of the available balances.';
COMMENT ON COLUMN ledger.daily_movement.provisional IS 'Whether the day''s cut-off is still to come.';

CREATE VIEW ledger.entity_total AS
SELECT a.entity, coalesce(l.currency, a.currency) AS currency, count(*)::integer AS accounts,
       (count(*) - count(l.account_id))::integer AS without_balance, count(*) FILTER (WHERE l.is_stale)::integer AS stale,
       sum(l.available_balance) AS available_balance, sum(l.ledger_balance) AS ledger_balance,
       min(l.observed_at) AS oldest_observed_at
  FROM ledger.account AS a LEFT JOIN ledger.latest_balance AS l USING (account_id)
 WHERE a.active
 GROUP BY a.entity, coalesce(l.currency, a.currency);
COMMENT ON VIEW ledger.entity_total IS 'The newest balances of the active accounts, summed; never across currencies. Grain: entity × currency.';
COMMENT ON COLUMN ledger.entity_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.entity_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN ledger.entity_total.accounts IS 'Active accounts.';
COMMENT ON COLUMN ledger.entity_total.without_balance IS 'Those that never had a balance: the sums lack them.';
COMMENT ON COLUMN ledger.entity_total.stale IS 'Those whose newest balance is stale: the sums have them.';
COMMENT ON COLUMN ledger.entity_total.available_balance IS 'Sum of the newest available balances; null: there is none.';
COMMENT ON COLUMN ledger.entity_total.ledger_balance IS 'Sum of the newest ledger balances; null: there is none.';
COMMENT ON COLUMN ledger.entity_total.oldest_observed_at IS 'The oldest observation in the sums (UTC).';

CREATE VIEW ledger.hourly_total AS
SELECT b.as_of_hour, a.entity, b.currency, count(*)::integer AS accounts,
       sum(b.available_balance) AS available_balance, sum(b.ledger_balance) AS ledger_balance
  FROM ledger.balance AS b JOIN ledger.account AS a USING (account_id)
 GROUP BY b.as_of_hour, a.entity, b.currency;
COMMENT ON VIEW ledger.hourly_total IS 'The balances of an hour, summed by the entity that the account has now; never across currencies. What an hour lacks is in ledger.coverage. Grain: hour × entity × currency.';
COMMENT ON COLUMN ledger.hourly_total.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.hourly_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.hourly_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN ledger.hourly_total.accounts IS 'Accounts with a balance in the hour.';
COMMENT ON COLUMN ledger.hourly_total.available_balance IS 'Sum of their available balances.';
COMMENT ON COLUMN ledger.hourly_total.ledger_balance IS 'Sum of their ledger balances.';

-- ── Coverage ────────────────────────────────────────────────────────────────────────────────────

-- An hour at a time, each with a plan of its own that reads one partition: a filter on the hour costs
-- what it asks for, and the planner's guess over all hours (ROWS) does not call for JIT.
CREATE FUNCTION ledger.hours() RETURNS SETOF timestamptz
LANGUAGE sql STABLE ROWS 4 SET search_path = pg_catalog, pg_temp AS $$
    SELECT generate_series(date_trunc('hour', min(p.opened_at), 'UTC'), date_trunc('hour', now(), 'UTC'), interval '1 hour')
      FROM ledger.account_period AS p
$$;
COMMENT ON FUNCTION ledger.hours() IS 'Every UTC hour from the first in which an account was active to the current one. Grain: hour.';

CREATE FUNCTION ledger.hour_coverage(hour timestamptz, OUT expected integer, OUT present integer)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_nestloop = off SET jit = off AS $$
BEGIN
    SELECT count(*), count(b.account_id) INTO expected, present
      FROM ledger.account_period AS p
      LEFT JOIN ledger.balance AS b ON b.account_id = p.account_id AND b.as_of_hour = hour
     -- active at the hour's end: opened before it, not closed before it
     WHERE p.opened_at < hour + interval '1 hour' AND (p.closed_at IS NULL OR p.closed_at >= hour + interval '1 hour');
END $$;
COMMENT ON FUNCTION ledger.hour_coverage(timestamptz) IS 'How many accounts were active at the end of a UTC hour, and how many of them have a balance in it.';

CREATE OR REPLACE VIEW ledger.coverage AS
SELECT h.as_of_hour, c.expected, c.present, c.expected - c.present AS missing,
       CASE WHEN c.present >= c.expected THEN 'complete' WHEN c.present > 0 THEN 'partial' ELSE 'missing' END AS state
  FROM ledger.hours() AS h (as_of_hour)
 CROSS JOIN LATERAL ledger.hour_coverage(h.as_of_hour) AS c;

CREATE OR REPLACE VIEW ledger.missing_hour AS
SELECT m.account_id, h.as_of_hour, coalesce(g.reason, 'no run') AS reason, g.run_no
  FROM ledger.hours() AS h (as_of_hour)
 CROSS JOIN LATERAL ledger.hour_coverage(h.as_of_hour) AS c
 CROSS JOIN LATERAL (
       -- DISTINCT keeps this an hour at a time, and lets a filter on the account in
       SELECT DISTINCT p.account_id FROM ledger.account_period AS p
        WHERE p.opened_at < h.as_of_hour + interval '1 hour'
          AND (p.closed_at IS NULL OR p.closed_at >= h.as_of_hour + interval '1 hour')
          AND NOT EXISTS (SELECT FROM ledger.balance AS b
                           WHERE b.account_id = p.account_id AND b.as_of_hour = h.as_of_hour)) AS m
  LEFT JOIN ledger.gap AS g ON g.account_id = m.account_id AND g.as_of_hour = h.as_of_hour
 WHERE c.present < c.expected;

-- ── Seals that name a row ───────────────────────────────────────────────────────────────────────

ALTER TABLE ledger.seal ADD COLUMN row_hashes bytea;
ALTER TABLE ledger.seal ALTER COLUMN row_hashes SET STORAGE EXTERNAL;
ALTER TABLE ledger.seal ADD CONSTRAINT row_hashes_are_the_sealed_ones
    CHECK (encode(sha256(row_hashes), 'hex') = rows_sha256 AND length(row_hashes) = 32 * row_count);
COMMENT ON COLUMN ledger.seal.row_hashes IS 'ledger.row_sha256 of each row, 32 bytes each, in key order: what rows_sha256 is the hash of, kept so that an altered row can be named. Null: sealed before 0002.';
COMMENT ON COLUMN ledger.seal.rows_sha256 IS 'SHA-256 over row_hashes: over the rows in canonical form.';

-- A publish of a million rows sorts and joins in memory, not on disk.
ALTER FUNCTION ledger.keep_updated() SET work_mem = '128MB';
CREATE FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamptz, since timestamptz) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp SET work_mem = '128MB' AS $$
    WITH written AS MATERIALIZED (
        SELECT b.* FROM ledger.balance AS b WHERE b.seal_no = new_seal_no AND b.as_of_hour >= since
    ), hashed AS (
        SELECT count(*) AS row_count,
               string_agg(ledger.row_sha256(
                   account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no,
                   seal_no, revision, recorded_at), ''::bytea ORDER BY account_id COLLATE "C", as_of_hour) AS row_hashes
          FROM written
    ), totals AS (
        SELECT jsonb_object_agg(currency, total) AS control_totals
          FROM (SELECT currency, jsonb_build_object(
                           'available', trim_scale(sum(available_balance))::text,
                           'ledger', trim_scale(sum(ledger_balance))::text) AS total
                  FROM written GROUP BY currency) AS per_currency
    ), link AS (
        SELECT h.row_count, t.control_totals, h.row_hashes, encode(sha256(h.row_hashes), 'hex') AS rows_sha256,
               (SELECT s.sha256 FROM ledger.seal AS s ORDER BY s.seal_no DESC LIMIT 1) AS previous_sha256
          FROM hashed AS h, totals AS t
    )
    INSERT INTO ledger.seal (seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sha256,
                             sealed_at, row_hashes)
    SELECT new_seal_no, of_run, row_count, control_totals, rows_sha256, previous_sha256,
           ledger.seal_sha256(new_seal_no, of_run, row_count, control_totals, rows_sha256, previous_sha256, sealed_at),
           sealed_at, row_hashes
      FROM link
$$;
COMMENT ON FUNCTION ledger.write_seal(bigint, bigint, timestamptz, timestamptz) IS 'Seals what a publish wrote under a seal number: its rows, its control totals, and the seal before it. since: an hour before which the publish wrote nothing. For who holds the publish lock.';

-- ── Release from quarantine ─────────────────────────────────────────────────────────────────────

-- No foreign key: a release is kept whatever becomes of the run's rows.
CREATE TABLE sync.release (
    run_no             bigint NOT NULL,
    account_id         text NOT NULL,
    released_at        timestamptz NOT NULL,
    released_by        text NOT NULL,
    reason             text NOT NULL CHECK (btrim(reason) <> ''),
    held_for           text[] NOT NULL,
    available_balance  numeric NOT NULL,
    ledger_balance     numeric NOT NULL,
    observed_at        timestamptz NOT NULL,
    seal_no            bigint,
    PRIMARY KEY (run_no, account_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sync.release
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE sync.release IS 'What operators released from quarantine, who and why; append-only, kept for ever. Grain: run × account released.';
COMMENT ON COLUMN sync.release.run_no IS 'The run that held the answer back.';
COMMENT ON COLUMN sync.release.account_id IS 'The account.';
COMMENT ON COLUMN sync.release.released_at IS 'When it was released (UTC).';
COMMENT ON COLUMN sync.release.released_by IS 'The login that released it.';
COMMENT ON COLUMN sync.release.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN sync.release.held_for IS 'The reasons for which it was held back.';
COMMENT ON COLUMN sync.release.available_balance IS 'Available balance that was released, exact.';
COMMENT ON COLUMN sync.release.ledger_balance IS 'Ledger balance that was released, exact.';
COMMENT ON COLUMN sync.release.observed_at IS 'When the answer arrived: it is published under this hour (UTC).';
COMMENT ON COLUMN sync.release.seal_no IS 'The seal of its publish; null: a later observation of the hour was already there and stays.';

CREATE FUNCTION ledger.release(run_no bigint, account_id text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held     record;
    problem  text;
    moment   timestamptz;
    new_seal bigint;
BEGIN
    IF coalesce(btrim(release.reason), '') = '' THEN
        RAISE EXCEPTION 'A release needs a reason: say why the answer is right.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- As a publish does: the lock first, then the run, then the time.
    PERFORM pg_advisory_xact_lock(hashtextextended('qbank ledger: publish', 0));
    PERFORM FROM sync.run AS r WHERE r.run_no = release.run_no FOR UPDATE;
    moment := clock_timestamp();
    SELECT q.reasons, q.available_balance, q.ledger_balance, q.echoed_account_id, q.echoed_currency, q.observed_at,
           r.state, r.dry_run, r.started_at, a.currency, a.minor_units, x.released_at, x.released_by
      INTO held
      FROM sync.quarantine AS q
      JOIN sync.run AS r ON r.run_no = q.run_no
      JOIN sync.run_account AS a ON a.run_no = q.run_no AND a.account_id = q.account_id
      LEFT JOIN sync.release AS x ON x.run_no = q.run_no AND x.account_id = q.account_id
     WHERE q.run_no = release.run_no AND q.account_id = release.account_id;
    problem := CASE
        WHEN NOT FOUND THEN 'the run holds no answer of that account back'
        WHEN held.released_at IS NOT NULL THEN format('%s released it on %s', held.released_by, held.released_at)
        WHEN held.state = 'running' THEN 'the run is still open; wait for its end'
        WHEN held.dry_run THEN 'a dry run publishes nothing'
        WHEN held.available_balance IS NULL OR held.ledger_balance IS NULL THEN 'the answer does not give both balances'
        WHEN held.available_balance IN ('NaN', 'Infinity', '-Infinity') OR held.ledger_balance IN ('NaN', 'Infinity', '-Infinity')
            THEN 'a balance is not a finite number'
        WHEN greatest(length(ltrim(translate(trim_scale(abs(held.available_balance))::text, '.', ''), '0')),
                      length(ltrim(translate(trim_scale(abs(held.ledger_balance))::text, '.', ''), '0'))) > 38
            THEN 'a balance has more than 38 digits'
        WHEN greatest(scale(trim_scale(held.available_balance)), scale(trim_scale(held.ledger_balance))) > held.minor_units
            THEN format('a balance has more decimals than %s', held.currency)
        WHEN held.echoed_account_id <> release.account_id THEN 'the answer is about another account'
        WHEN held.echoed_currency <> held.currency
            THEN format('the answer is not in the account''s currency, %s', held.currency)
        WHEN held.observed_at NOT BETWEEN held.started_at AND moment THEN 'it was not observed within the run'
    END;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'Account % of run % can''t be released: %.', release.account_id, release.run_no, problem
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    new_seal := nextval('ledger.seal_no');
    INSERT INTO ledger.balance AS b (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at,
                                     run_no, seal_no, revision, recorded_at)
    VALUES (release.account_id, date_trunc('hour', held.observed_at, 'UTC'), held.available_balance, held.ledger_balance,
            held.currency, held.observed_at, release.run_no, new_seal, 1, moment)
        ON CONFLICT ON CONSTRAINT balance_pkey DO UPDATE
       SET (available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)
         = (excluded.available_balance, excluded.ledger_balance, excluded.currency, excluded.observed_at,
            excluded.run_no, excluded.seal_no, b.revision + 1, excluded.recorded_at)
     WHERE excluded.observed_at > b.observed_at;
    IF FOUND THEN
        PERFORM ledger.write_seal(new_seal, release.run_no, moment, date_trunc('hour', held.observed_at, 'UTC'));
    ELSE
        new_seal := NULL;
    END IF;
    INSERT INTO sync.release VALUES (release.run_no, release.account_id, moment, session_user, btrim(release.reason),
        held.reasons, held.available_balance, held.ledger_balance, held.observed_at, new_seal);
    RETURN new_seal;
END $$;
COMMENT ON FUNCTION ledger.release(bigint, text, text) IS 'Publishes an answer that was held back, after review: under the hour of its observation, with a seal of its own, unless a later observation of that hour is there. Returns the seal''s number; null: the later observation stays. Refuses, in a sentence, what has not the form of a balance in the account''s currency. Who and why stay in sync.release; the run''s outcome stays what it was. For qbank_operator.';

CREATE OR REPLACE VIEW sync.quarantine AS
SELECT o.run_no, o.account_id, o.payload, f.reasons, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.http_status, o.observed_at, x.released_at
  FROM sync.observation AS o
  JOIN sync.fate AS f USING (run_no, account_id)
  LEFT JOIN sync.release AS x USING (run_no, account_id)
 WHERE f.outcome = 'quarantined';
COMMENT ON COLUMN sync.quarantine.payload IS 'The body as received; bytes that are not UTF-8 appear as \xNN. Null once it is past its retention.';
COMMENT ON COLUMN sync.quarantine.released_at IS 'When an operator released it (UTC), see sync.release; null: still held.';
COMMENT ON COLUMN sync.outcome.outcome IS 'published (also when a later observation was already there), quarantined, failed; in a dry run would_publish for published. Null while the run is open. As it was at the run''s end: a later release from quarantine does not change it, see sync.release.';
COMMENT ON COLUMN sync.observation.payload IS 'The body as received; bytes that are not UTF-8 appear as \xNN. Null: no body came, or it is past its retention (sync.drop_payloads).';

-- ── Retention ───────────────────────────────────────────────────────────────────────────────────

ALTER TABLE sync.run ADD COLUMN payloads_dropped_at timestamptz;
CREATE INDEX run_payloads ON sync.run (started_at) WHERE payloads_dropped_at IS NULL AND state <> 'running';
COMMENT ON COLUMN sync.run.payloads_dropped_at IS 'When the bodies of its answers were dropped (UTC); null: they are still there.';

CREATE FUNCTION sync.drop_payloads(keep interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE dropped bigint;
BEGIN
    IF keep IS NULL OR keep < interval '1 day' THEN
        RAISE EXCEPTION 'Payloads are kept for a day at least.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- A day's worth of runs at a time: what has piled up delays no hour.
    WITH due AS (
        UPDATE sync.run AS r SET payloads_dropped_at = clock_timestamp()
         WHERE r.run_no IN (SELECT d.run_no FROM sync.run AS d
                             WHERE d.payloads_dropped_at IS NULL AND d.state <> 'running' AND d.started_at < clock_timestamp() - keep
                             ORDER BY d.started_at LIMIT 24 FOR UPDATE SKIP LOCKED)
        RETURNING r.run_no, r.started_at
    ), emptied AS (
        UPDATE sync.observation AS o SET payload = NULL
          FROM due AS d
         WHERE o.run_no = d.run_no AND o.run_started_at = d.started_at AND o.payload IS NOT NULL
        RETURNING 1
    )
    SELECT count(*) INTO dropped FROM emptied;
    RETURN dropped;
END $$;
COMMENT ON FUNCTION sync.drop_payloads(interval) IS 'Drops the bodies of the answers of the oldest 24 runs that began longer ago than keep; returns how many bodies. Outcomes, findings and all of ledger stay. Each plan calls it.';

-- ── Grants ──────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON ALL ROUTINES IN SCHEMA ledger, sync FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger, sync
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT EXECUTE ON FUNCTION ledger.balance_as_known(timestamptz), ledger.closing(text, text, time, date), ledger.hours(),
    ledger.hour_coverage(timestamptz)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT EXECUTE ON FUNCTION ledger.write_seal(bigint, bigint, timestamptz, timestamptz), sync.drop_payloads(interval) TO qbank_loader;
GRANT EXECUTE ON FUNCTION ledger.release(bigint, text, text) TO qbank_operator;
