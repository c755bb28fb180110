--
-- PostgreSQL database dump
--


-- Dumped from database version 16.14
-- Dumped by pg_dump version 16.14

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: ledger; Type: SCHEMA; Schema: -; Owner: qbank_owner
--

CREATE SCHEMA ledger;


ALTER SCHEMA ledger OWNER TO qbank_owner;

--
-- Name: SCHEMA ledger; Type: COMMENT; Schema: -; Owner: qbank_owner
--

COMMENT ON SCHEMA ledger IS 'Balances that passed the audit, their history, their seals: kept for ever.';


--
-- Name: recon; Type: SCHEMA; Schema: -; Owner: qbank_owner
--

CREATE SCHEMA recon;


ALTER SCHEMA recon OWNER TO qbank_owner;

--
-- Name: SCHEMA recon; Type: COMMENT; Schema: -; Owner: qbank_owner
--

COMMENT ON SCHEMA recon IS 'The general ledger''s closing balances and outstanding items as they were loaded, and each comparison with the bank''s: kept for ever.';


--
-- Name: sync; Type: SCHEMA; Schema: -; Owner: qbank_owner
--

CREATE SCHEMA sync;


ALTER SCHEMA sync OWNER TO qbank_owner;

--
-- Name: SCHEMA sync; Type: COMMENT; Schema: -; Owner: qbank_owner
--

COMMENT ON SCHEMA sync IS 'What each run asked, heard and decided: the rooms plan, fetch, audit, publish, settle.';


--
-- Name: account_id; Type: DOMAIN; Schema: ledger; Owner: qbank_owner
--

CREATE DOMAIN ledger.account_id AS text
	CONSTRAINT account_id_check CHECK (((VALUE ~ '^[A-Za-z0-9_-]+$'::text) AND (length(VALUE) <= 64)));


ALTER DOMAIN ledger.account_id OWNER TO qbank_owner;

--
-- Name: DOMAIN account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON DOMAIN ledger.account_id IS 'QBank''s id of an account: opaque text.';


--
-- Name: amount; Type: DOMAIN; Schema: ledger; Owner: qbank_owner
--

CREATE DOMAIN ledger.amount AS numeric
	CONSTRAINT amount_check CHECK ((VALUE <> ALL (ARRAY['NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric])));


ALTER DOMAIN ledger.amount OWNER TO qbank_owner;

--
-- Name: DOMAIN amount; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON DOMAIN ledger.amount IS 'An exact, finite amount in the currency beside it.';


--
-- Name: currency_code; Type: DOMAIN; Schema: ledger; Owner: qbank_owner
--

CREATE DOMAIN ledger.currency_code AS text
	CONSTRAINT currency_code_check CHECK ((VALUE ~ '^[A-Z]{3}$'::text));


ALTER DOMAIN ledger.currency_code OWNER TO qbank_owner;

--
-- Name: DOMAIN currency_code; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON DOMAIN ledger.currency_code IS 'ISO 4217 code of a currency.';


--
-- Name: sha256_hex; Type: DOMAIN; Schema: ledger; Owner: qbank_owner
--

CREATE DOMAIN ledger.sha256_hex AS text
	CONSTRAINT sha256_hex_check CHECK ((VALUE ~ '^[0-9a-f]{64}$'::text));


ALTER DOMAIN ledger.sha256_hex OWNER TO qbank_owner;

--
-- Name: DOMAIN sha256_hex; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON DOMAIN ledger.sha256_hex IS 'A SHA-256, in lower-case hex.';


--
-- Name: accept_accounts(text); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.accept_accounts(fingerprint text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
    INSERT INTO ledger.accepted_accounts (fingerprint, accepted_by) VALUES (lower(fingerprint), session_user)
    ON CONFLICT DO NOTHING
$$;


ALTER FUNCTION ledger.accept_accounts(fingerprint text) OWNER TO qbank_owner;

--
-- Name: FUNCTION accept_accounts(fingerprint text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.accept_accounts(fingerprint text) IS 'Lets an accounts file close more than half of the ledger''s accounts; the refused run''s message names the fingerprint. For qbank_operator.';


--
-- Name: accept_host(text); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.accept_host(host text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
    INSERT INTO ledger.accepted_host (api_host, accepted_by) VALUES (lower(host), session_user)
    ON CONFLICT DO NOTHING
$$;


ALTER FUNCTION ledger.accept_host(host text) OWNER TO qbank_owner;

--
-- Name: FUNCTION accept_host(host text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.accept_host(host text) IS 'Lets balances from another API host into this ledger. For qbank_operator.';


--
-- Name: acquire_lock(text); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.acquire_lock(room text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
DECLARE
    turn      regclass := to_regclass(format('ledger.%I', 'lock_' || room));
    given     text := current_setting('lock_timeout');
    limit_ms  bigint := extract(epoch FROM given::interval) * 1000;
    wait_ms   bigint;
    holder    text;
BEGIN
    IF turn IS NULL THEN
        RAISE EXCEPTION 'There is no lock %: name plan, publish or reconcile.', room
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- A few seconds at first; then, with a word on who holds it, as long as the session waits for locks.
    FOREACH wait_ms IN ARRAY CASE WHEN limit_ms BETWEEN 1 AND 3000 THEN ARRAY[limit_ms]
                                  ELSE ARRAY[3000, greatest(limit_ms - 3000, 0)] END
    LOOP
        BEGIN
            PERFORM set_config('lock_timeout', wait_ms::text, true);
            EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', turn);
            PERFORM set_config('lock_timeout', given, true);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            SELECT string_agg(format('pid %s of %s', l.pid, a.usename), ', ') INTO holder
              FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
             WHERE l.locktype = 'relation' AND l.relation = turn AND a.datname = current_database()
               AND l.granted AND l.mode = 'ShareRowExclusiveLock';
            holder := coalesce(holder, 'somebody who is done by now');
            RAISE WARNING 'Waiting for the lock %, held by %.', room, holder;
        END;
    END LOOP;
    RAISE EXCEPTION 'the lock % is held by %', room, holder USING ERRCODE = 'lock_not_available';
END $$;


ALTER FUNCTION ledger.acquire_lock(room text) OWNER TO qbank_owner;

--
-- Name: FUNCTION acquire_lock(room text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.acquire_lock(room text) IS 'Waits, as long as lock_timeout says, until nobody else plans, publishes or reconciles (room), and keeps the others off to the end of the transaction; who has it is named. For qbank_loader.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: account; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.account (
    account_id ledger.account_id NOT NULL,
    name text NOT NULL,
    currency ledger.currency_code NOT NULL,
    minor_units smallint NOT NULL,
    entity text NOT NULL,
    gl_account text NOT NULL,
    time_zone text NOT NULL,
    cut_off time without time zone,
    max_age_minutes integer NOT NULL,
    minimum_balance ledger.amount,
    tolerance ledger.amount NOT NULL,
    bank_account text,
    bank_id text,
    active boolean NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT account_max_age_minutes_check CHECK ((max_age_minutes > 0)),
    CONSTRAINT account_minor_units_check CHECK (((minor_units >= 0) AND (minor_units <= 4))),
    CONSTRAINT account_tolerance_check CHECK (((tolerance)::numeric >= (0)::numeric))
);


ALTER TABLE ledger.account OWNER TO qbank_owner;

--
-- Name: TABLE account; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.account IS 'The configured accounts, as the newest full run read them from the accounts file. Grain: account.';


--
-- Name: COLUMN account.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.account_id IS 'QBank''s id of the account: opaque text.';


--
-- Name: COLUMN account.name; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.name IS 'What people call the account.';


--
-- Name: COLUMN account.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.currency IS 'ISO 4217 code of the account''s currency.';


--
-- Name: COLUMN account.minor_units; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.minor_units IS 'Decimals that ISO 4217 gives the currency (EUR 2, JPY 0, BHD 3).';


--
-- Name: COLUMN account.entity; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN account.gl_account; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.gl_account IS 'The ERP''s general-ledger account that mirrors this bank account.';


--
-- Name: COLUMN account.time_zone; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.time_zone IS 'IANA time zone in which the account''s day runs.';


--
-- Name: COLUMN account.cut_off; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.cut_off IS 'Local time at which the account''s day closes; null: at the end of the day.';


--
-- Name: COLUMN account.max_age_minutes; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.max_age_minutes IS 'How old a balance may be before it counts as stale, in minutes.';


--
-- Name: COLUMN account.minimum_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.minimum_balance IS 'A ledger balance below it is a warning; null: no minimum. In the account''s currency.';


--
-- Name: COLUMN account.tolerance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.tolerance IS 'Largest unexplained difference that reconciliation lets pass. In the account''s currency.';


--
-- Name: COLUMN account.bank_account; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.bank_account IS 'IBAN or account number, for exports.';


--
-- Name: COLUMN account.bank_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.bank_id IS 'BIC or routing number, for exports.';


--
-- Name: COLUMN account.active; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.active IS 'Whether runs ask for this account now.';


--
-- Name: COLUMN account.updated_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account.updated_at IS 'When a run last changed this row (UTC).';


--
-- Name: account_period; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.account_period (
    account_id ledger.account_id NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT account_period_check CHECK ((closed_at >= opened_at))
);


ALTER TABLE ledger.account_period OWNER TO qbank_owner;

--
-- Name: TABLE account_period; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.account_period IS 'When an account was active. Only full, not dry, runs open and close periods. Grain: account × period.';


--
-- Name: COLUMN account_period.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account_period.account_id IS 'The account.';


--
-- Name: COLUMN account_period.opened_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account_period.opened_at IS 'When the plan of a full run first saw the account active (UTC).';


--
-- Name: COLUMN account_period.closed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.account_period.closed_at IS 'When the plan of a full run no longer saw it active (UTC); null: still active.';


--
-- Name: active_at(text, timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.active_at(of_account text, instant timestamp with time zone) RETURNS SETOF boolean
    LANGUAGE sql STABLE ROWS 1 PARALLEL SAFE
    BEGIN ATOMIC
 SELECT COALESCE(bool_or(((p.opened_at < active_at.instant) AND ((p.closed_at IS NULL) OR (p.closed_at >= active_at.instant)))), ( SELECT a.active
            FROM ledger.account a
           WHERE ((a.account_id)::text = active_at.of_account))) AS "coalesce"
    FROM ledger.account_period p
   WHERE ((p.account_id)::text = active_at.of_account);
END;


ALTER FUNCTION ledger.active_at(of_account text, instant timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION active_at(of_account text, instant timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.active_at(of_account text, instant timestamp with time zone) IS 'Whether the account was active at an instant; before the first full run, which opens its first period: whether it is now. Grain: one row.';


--
-- Name: add_partition(regclass, text, text, text, text); Type: PROCEDURE; Schema: ledger; Owner: qbank_owner
--

CREATE PROCEDURE ledger.add_partition(IN parent regclass, IN child text, IN key text, IN first text, IN beyond text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
BEGIN
    -- CREATE … PARTITION OF would wait behind every open SELECT on the parent, and every publish behind it: CREATE and
    -- ATTACH do not. The CHECK spares ATTACH its scan.
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS, '
                   'CONSTRAINT bounds CHECK (%I >= %L AND %3$I < %5$L))', child, parent, key, first, beyond);
    CALL ledger.guard_relation(child::regclass, split_part(parent::text, '.', 2));
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, child, first, beyond);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT bounds', child);
END $_$;


ALTER PROCEDURE ledger.add_partition(IN parent regclass, IN child text, IN key text, IN first text, IN beyond text) OWNER TO qbank_owner;

--
-- Name: PROCEDURE add_partition(IN parent regclass, IN child text, IN key text, IN first text, IN beyond text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON PROCEDURE ledger.add_partition(IN parent regclass, IN child text, IN key text, IN first text, IN beyond text) IS 'Makes a partition of a table by range, from a value of its key up to, and without, another; no reader delays it.';


--
-- Name: archive_deleted(); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.archive_deleted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency,
                                        observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at,
           o.run_no, o.seal_no, o.revision, o.recorded_at,
           greatest(clock_timestamp(), o.recorded_at + interval '1 microsecond')
      FROM old_rows AS o;
    RETURN NULL;
END $$;


ALTER FUNCTION ledger.archive_deleted() OWNER TO qbank_owner;

--
-- Name: FUNCTION archive_deleted(); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.archive_deleted() IS 'Moves the versions that a DELETE took away to ledger.balance_history.';


--
-- Name: archive_updated(); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.archive_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET work_mem TO '128MB'
    AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency,
                                        observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at,
           o.run_no, o.seal_no, o.revision, o.recorded_at, n.recorded_at
      FROM old_rows AS o JOIN new_rows AS n USING (account_id, as_of_hour);
    RETURN NULL;
END $$;


ALTER FUNCTION ledger.archive_updated() OWNER TO qbank_owner;

--
-- Name: FUNCTION archive_updated(); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.archive_updated() IS 'Moves the versions that an UPDATE replaced to ledger.balance_history.';


--
-- Name: balance; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT balance_revision_check CHECK ((revision > 0)),
    CONSTRAINT hour_is_that_of_the_observation CHECK ((as_of_hour = date_trunc('hour'::text, observed_at, 'UTC'::text))),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
)
PARTITION BY RANGE (as_of_hour);


ALTER TABLE ledger.balance OWNER TO qbank_owner;

--
-- Name: TABLE balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.balance IS 'The balance of an account in an hour: the newest observation made in it. Grain: account × hour.';


--
-- Name: COLUMN balance.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.account_id IS 'The account.';


--
-- Name: COLUMN balance.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.as_of_hour IS 'The UTC hour in which the balance was observed.';


--
-- Name: COLUMN balance.available_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.available_balance IS 'Available balance as the bank gave it (available_balance of its answer): exact, in the account''s currency; negative is legal.';


--
-- Name: COLUMN balance.ledger_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.ledger_balance IS 'Ledger balance as the bank gave it (ledger_balance of its answer): exact, in the account''s currency; positive is the holder''s money.';


--
-- Name: COLUMN balance.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.currency IS 'ISO 4217 code of both balances.';


--
-- Name: COLUMN balance.observed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.observed_at IS 'When the bank''s answer arrived, by the ledger database''s clock (UTC).';


--
-- Name: COLUMN balance.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.run_no IS 'The run that observed it.';


--
-- Name: COLUMN balance.seal_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.seal_no IS 'The seal that covers this version.';


--
-- Name: COLUMN balance.revision; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.revision IS '1 for the first version of the hour, then 2, 3, ….';


--
-- Name: COLUMN balance.recorded_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance.recorded_at IS 'When this version was published: one instant for the whole publish (UTC).';


--
-- Name: balance_history; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_history (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone NOT NULL,
    CONSTRAINT superseded_after_recorded CHECK ((superseded_at > recorded_at)),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(as_of_hour, observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(as_of_hour, observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
)
PARTITION BY RANGE (as_of_hour);


ALTER TABLE ledger.balance_history OWNER TO qbank_owner;

--
-- Name: TABLE balance_history; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.balance_history IS 'Versions of a balance that a later one replaced, by whatever hand; append-only. Grain: account × hour × superseded version.';


--
-- Name: COLUMN balance_history.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.account_id IS 'The account.';


--
-- Name: COLUMN balance_history.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.as_of_hour IS 'The UTC hour in which the balance was observed.';


--
-- Name: COLUMN balance_history.available_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.available_balance IS 'Available balance as the bank gave it (available_balance of its answer): exact, in the account''s currency; negative is legal.';


--
-- Name: COLUMN balance_history.ledger_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.ledger_balance IS 'Ledger balance as the bank gave it (ledger_balance of its answer): exact, in the account''s currency; positive is the holder''s money.';


--
-- Name: COLUMN balance_history.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.currency IS 'ISO 4217 code of both balances.';


--
-- Name: COLUMN balance_history.observed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.observed_at IS 'When the bank''s answer arrived, by the ledger database''s clock (UTC).';


--
-- Name: COLUMN balance_history.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.run_no IS 'The run that observed it.';


--
-- Name: COLUMN balance_history.seal_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.seal_no IS 'The seal that covers this version.';


--
-- Name: COLUMN balance_history.revision; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.revision IS '1 for the first version of the hour, then 2, 3, ….';


--
-- Name: COLUMN balance_history.recorded_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.recorded_at IS 'When this version was published: one instant for the whole publish (UTC).';


--
-- Name: COLUMN balance_history.superseded_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_history.superseded_at IS 'When a later version replaced this one: that version''s recorded_at (UTC).';


--
-- Name: balance_as_known(timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.balance_as_known(known_at timestamp with time zone) RETURNS SETOF ledger.balance
    LANGUAGE sql STABLE ROWS 100000 PARALLEL SAFE
    BEGIN ATOMIC
 SELECT b.account_id,
     b.as_of_hour,
     b.available_balance,
     b.ledger_balance,
     b.currency,
     b.observed_at,
     b.run_no,
     b.seal_no,
     b.revision,
     b.recorded_at
    FROM ledger.balance b
   WHERE (b.recorded_at <= balance_as_known.known_at)
 UNION ALL
  SELECT h.account_id,
     h.as_of_hour,
     h.available_balance,
     h.ledger_balance,
     h.currency,
     h.observed_at,
     h.run_no,
     h.seal_no,
     h.revision,
     h.recorded_at
    FROM ledger.balance_history h
   WHERE ((h.recorded_at <= balance_as_known.known_at) AND (h.superseded_at > balance_as_known.known_at));
END;


ALTER FUNCTION ledger.balance_as_known(known_at timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION balance_as_known(known_at timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.balance_as_known(known_at timestamp with time zone) IS 'ledger.balance as it stood at an instant; exact between publishes. Filter it by as_of_hour or account_id. Grain: account × hour.';


--
-- Name: cancel_blocking_readers(integer); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.cancel_blocking_readers(waiter integer) RETURNS SETOF integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    RETURN QUERY
    SELECT b.pid
      FROM pg_stat_activity AS w
     CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS u (pid)
      JOIN pg_stat_activity AS b ON b.pid = u.pid
     WHERE w.pid = waiter AND w.usename = session_user
       AND pg_has_role(b.usesysid, 'qbank_analyst', 'MEMBER')
       AND NOT pg_has_role(b.usesysid, 'qbank_loader', 'MEMBER')
       AND NOT pg_has_role(b.usesysid, 'qbank_owner', 'MEMBER')
       -- Who releases, sets aside or signs off has a turn, or waits for one, and is let finish.
       AND NOT EXISTS (SELECT FROM pg_locks AS l
                        WHERE l.pid = b.pid AND l.mode = 'ShareRowExclusiveLock' AND l.locktype = 'relation'
                          AND l.relation IN ('ledger.lock_plan'::regclass, 'ledger.lock_publish'::regclass,
                                             'ledger.lock_reconcile'::regclass))
       AND pg_cancel_backend(b.pid);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END $$;


ALTER FUNCTION ledger.cancel_blocking_readers(waiter integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION cancel_blocking_readers(waiter integer); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.cancel_blocking_readers(waiter integer) IS 'Cancels the statements of readers that a session of the caller''s login waits for; returns their pids. Does nothing where qbank_owner lacks pg_signal_backend. For qbank_loader.';


--
-- Name: day_end(text, time without time zone, date); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.day_end(zone text, cut_off time without time zone, on_date date) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((on_date + COALESCE(cut_off, '24:00:00'::time without time zone)) AT TIME ZONE zone);


ALTER FUNCTION ledger.day_end(zone text, cut_off time without time zone, on_date date) OWNER TO qbank_owner;

--
-- Name: FUNCTION day_end(zone text, cut_off time without time zone, on_date date); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.day_end(zone text, cut_off time without time zone, on_date date) IS 'When a date is over by the clock of a time zone: at the cut-off, or, without one (null), as the date ends.';


--
-- Name: is_ahead(timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.is_ahead(observed_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (observed_at > (statement_timestamp() + '00:01:00'::interval));


ALTER FUNCTION ledger.is_ahead(observed_at timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION is_ahead(observed_at timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.is_ahead(observed_at timestamp with time zone) IS 'Whether an observation lies more than a minute ahead of the database''s clock: the clock ran ahead when it was made, or is behind now.';


--
-- Name: balance_set_aside; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_set_aside (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    seal_no bigint NOT NULL,
    run_no bigint NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    set_aside_at timestamp with time zone NOT NULL,
    set_aside_by text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT balance_set_aside_reason_check CHECK ((reason ~ '\S'::text))
);


ALTER TABLE ledger.balance_set_aside OWNER TO qbank_owner;

--
-- Name: TABLE balance_set_aside; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.balance_set_aside IS 'Balances that were observed while the clock ran ahead, and an operator set aside, who and why: each is in ledger.balance_history, as it was sealed; append-only, kept for ever. Grain: version set aside.';


--
-- Name: COLUMN balance_set_aside.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.account_id IS 'The account.';


--
-- Name: COLUMN balance_set_aside.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.as_of_hour IS 'The UTC hour that the clock said it was.';


--
-- Name: COLUMN balance_set_aside.seal_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.seal_no IS 'The seal that covers the balance.';


--
-- Name: COLUMN balance_set_aside.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.run_no IS 'The run that observed it.';


--
-- Name: COLUMN balance_set_aside.observed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.observed_at IS 'When the answer arrived, by the clock that ran ahead (UTC).';


--
-- Name: COLUMN balance_set_aside.set_aside_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.set_aside_at IS 'When it was set aside (UTC).';


--
-- Name: COLUMN balance_set_aside.set_aside_by; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.set_aside_by IS 'The login that set it aside.';


--
-- Name: COLUMN balance_set_aside.reason; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.balance_set_aside.reason IS 'Why, in the operator''s words.';


--
-- Name: closing(text, text, time without time zone, date); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.closing(of_account text, zone text, cut_off time without time zone, on_date date) RETURNS SETOF ledger.balance
    LANGUAGE sql STABLE ROWS 1 PARALLEL SAFE
    BEGIN ATOMIC
 SELECT v.account_id,
     v.as_of_hour,
     v.available_balance,
     v.ledger_balance,
     v.currency,
     v.observed_at,
     v.run_no,
     v.seal_no,
     v.revision,
     v.recorded_at
    FROM (( SELECT b.account_id,
             b.as_of_hour,
             b.available_balance,
             b.ledger_balance,
             b.currency,
             b.observed_at,
             b.run_no,
             b.seal_no,
             b.revision,
             b.recorded_at
            FROM ledger.balance b
           WHERE (((b.account_id)::text = closing.of_account) AND (b.as_of_hour >= (((closing.on_date)::timestamp without time zone AT TIME ZONE closing.zone) - '03:00:00'::interval)) AND (b.as_of_hour < (ledger.day_end(closing.zone, closing.cut_off, closing.on_date) + '03:00:00'::interval)) AND (((b.observed_at AT TIME ZONE closing.zone))::date = closing.on_date) AND (NOT ledger.is_ahead(b.observed_at)) AND ((closing.cut_off IS NULL) OR (((b.observed_at AT TIME ZONE closing.zone))::time without time zone < closing.cut_off)))
           ORDER BY b.as_of_hour DESC
          LIMIT 1)
         UNION ALL
         ( SELECT h.account_id,
             h.as_of_hour,
             h.available_balance,
             h.ledger_balance,
             h.currency,
             h.observed_at,
             h.run_no,
             h.seal_no,
             h.revision,
             h.recorded_at
            FROM ledger.balance_history h
           WHERE (((h.account_id)::text = closing.of_account) AND (h.as_of_hour >= (((closing.on_date)::timestamp without time zone AT TIME ZONE closing.zone) - '03:00:00'::interval)) AND (h.as_of_hour < (ledger.day_end(closing.zone, closing.cut_off, closing.on_date) + '03:00:00'::interval)) AND (((h.observed_at AT TIME ZONE closing.zone))::date = closing.on_date) AND (NOT ledger.is_ahead(h.observed_at)) AND (NOT (EXISTS ( SELECT
                    FROM ledger.balance_set_aside x
                   WHERE (((x.account_id)::text = (h.account_id)::text) AND (x.as_of_hour = h.as_of_hour) AND (x.seal_no = h.seal_no))))) AND ((closing.cut_off IS NULL) OR (((h.observed_at AT TIME ZONE closing.zone))::time without time zone < closing.cut_off)))
           ORDER BY h.observed_at DESC, h.recorded_at DESC
          LIMIT 1)) v
   ORDER BY v.observed_at DESC, v.recorded_at DESC
  LIMIT 1;
END;


ALTER FUNCTION ledger.closing(of_account text, zone text, cut_off time without time zone, on_date date) OWNER TO qbank_owner;

--
-- Name: FUNCTION closing(of_account text, zone text, cut_off time without time zone, on_date date); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.closing(of_account text, zone text, cut_off time without time zone, on_date date) IS 'The closing of an account on a local date: the newest observation, superseded ones included, in that date and before the cut-off, both by the clock of the time zone; none from the future (ledger.is_ahead) and none that was set aside; no row: none. Nothing is carried over. Grain: at most one row.';


--
-- Name: ensure_partitions(timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.ensure_partitions(at timestamp with time zone DEFAULT now()) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
DECLARE
    parent   text;
    month    timestamp;
    child    text;
    runs     bigint;
    created  integer := 0;
BEGIN
    -- Two plans at once: the second waits, then finds nothing to do.
    PERFORM ledger.acquire_lock('plan');
    FOREACH parent IN ARRAY ARRAY['ledger.balance', 'ledger.balance_history'] LOOP
        FOR month IN
            SELECT generate_series(date_trunc('month', at AT TIME ZONE 'UTC') - interval '1 month',
                                   date_trunc('month', at AT TIME ZONE 'UTC') + interval '2 months',
                                   interval '1 month')
        LOOP
            child := parent || to_char(month, '"_"YYYY"_"MM');
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            CALL ledger.add_partition(parent, child, 'as_of_hour', (month AT TIME ZONE 'UTC')::text,
                                      ((month + interval '1 month') AT TIME ZONE 'UTC')::text);
            created := created + 1;
        END LOOP;
    END LOOP;
    -- A block holds about ten days of runs, however often there are any: so much longer than its retention says may
    -- something stay.
    WHILE coalesce((SELECT max(last_run_no) FROM sync.blocks('run_account')), 0)
          <= (SELECT last_value FROM sync.run_run_no_seq)
    LOOP
        SELECT least(1000, greatest(24, count(*))) INTO runs FROM sync.run
         WHERE started_at > clock_timestamp() - interval '10 days';
        CALL sync.add_block(runs);
        created := created + 1;
    END LOOP;
    RETURN created;
END $$;


ALTER FUNCTION ledger.ensure_partitions(at timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION ensure_partitions(at timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.ensure_partitions(at timestamp with time zone) IS 'Makes the monthly partitions of balances from last month to the month after next, and the block of the next run, where absent; returns how many months and blocks it made. Each plan calls it.';


--
-- Name: guard_balance(); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.guard_balance() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    IF (NEW.account_id, NEW.as_of_hour) IS DISTINCT FROM (OLD.account_id, OLD.as_of_hour) THEN
        RAISE EXCEPTION 'a balance keeps its account and its hour (% %)', OLD.account_id, OLD.as_of_hour;
    END IF;
    IF NEW.observed_at < OLD.observed_at THEN
        RAISE EXCEPTION 'an older observation never replaces a newer one (% %)', OLD.account_id, OLD.as_of_hour;
    END IF;
    -- Changed by another hand than a publish: the version still gets its own time and number.
    NEW.recorded_at := greatest(clock_timestamp(), OLD.recorded_at + interval '1 microsecond');
    NEW.revision := OLD.revision + 1;
    RETURN NEW;
END $$;


ALTER FUNCTION ledger.guard_balance() OWNER TO qbank_owner;

--
-- Name: FUNCTION guard_balance(); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.guard_balance() IS 'Keeps the versions of a balance in order, whoever changes it.';


--
-- Name: guard_relation(regclass, text); Type: PROCEDURE; Schema: ledger; Owner: qbank_owner
--

CREATE PROCEDURE ledger.guard_relation(IN relation regclass, IN kind text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    IF kind = 'balance' THEN
        EXECUTE format('CREATE TRIGGER archive_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_updated()', relation);
        EXECUTE format('CREATE TRIGGER archive_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_deleted()', relation);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
        EXECUTE format('CREATE TRIGGER track_inserted AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance()', relation);
        EXECUTE format('CREATE TRIGGER track_updated AFTER UPDATE ON %s REFERENCING NEW TABLE AS new_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance()', relation);
        EXECUTE format('CREATE TRIGGER track_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance()', relation);
    ELSIF kind = 'balance_history' THEN
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
    END IF;
END $$;


ALTER PROCEDURE ledger.guard_relation(IN relation regclass, IN kind text) OWNER TO qbank_owner;

--
-- Name: PROCEDURE guard_relation(IN relation regclass, IN kind text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON PROCEDURE ledger.guard_relation(IN relation regclass, IN kind text) IS 'Puts the statement triggers of balance or balance_history on a relation.';


--
-- Name: hours(); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.hours() RETURNS SETOF timestamp with time zone
    LANGUAGE sql STABLE ROWS 4 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
    SELECT generate_series(date_trunc('hour', min(p.opened_at), 'UTC'), date_trunc('hour', now(), 'UTC'),
                           interval '1 hour')
      FROM ledger.account_period AS p
$$;


ALTER FUNCTION ledger.hours() OWNER TO qbank_owner;

--
-- Name: FUNCTION hours(); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.hours() IS 'Every UTC hour from the first in which an account was active to the current one. Grain: hour.';


--
-- Name: minor_units(text); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.minor_units(of_currency text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (of_currency = ANY (ARRAY['BIF'::text, 'CLP'::text, 'DJF'::text, 'GNF'::text, 'ISK'::text, 'JPY'::text, 'KMF'::text, 'KRW'::text, 'PYG'::text, 'RWF'::text, 'UGX'::text, 'UYI'::text, 'VND'::text, 'VUV'::text, 'XAF'::text, 'XOF'::text, 'XPF'::text])) THEN 0 WHEN (of_currency = ANY (ARRAY['BHD'::text, 'IQD'::text, 'JOD'::text, 'KWD'::text, 'LYD'::text, 'OMR'::text, 'TND'::text])) THEN 3 WHEN (of_currency = ANY (ARRAY['CLF'::text, 'UYW'::text])) THEN 4 WHEN (of_currency = ANY (ARRAY['AED'::text, 'AFN'::text, 'ALL'::text, 'AMD'::text, 'AOA'::text, 'ARS'::text, 'AUD'::text, 'AWG'::text, 'AZN'::text, 'BAM'::text, 'BBD'::text, 'BDT'::text, 'BMD'::text, 'BND'::text, 'BOB'::text, 'BOV'::text, 'BRL'::text, 'BSD'::text, 'BTN'::text, 'BWP'::text, 'BYN'::text, 'BZD'::text, 'CAD'::text, 'CDF'::text, 'CHE'::text, 'CHF'::text, 'CHW'::text, 'CNY'::text, 'COP'::text, 'COU'::text, 'CRC'::text, 'CUP'::text, 'CVE'::text, 'CZK'::text, 'DKK'::text, 'DOP'::text, 'DZD'::text, 'EGP'::text, 'ERN'::text, 'ETB'::text, 'EUR'::text, 'FJD'::text, 'FKP'::text, 'GBP'::text, 'GEL'::text, 'GHS'::text, 'GIP'::text, 'GMD'::text, 'GTQ'::text, 'GYD'::text, 'HKD'::text, 'HNL'::text, 'HTG'::text, 'HUF'::text, 'IDR'::text, 'ILS'::text, 'INR'::text, 'IRR'::text, 'JMD'::text, 'KES'::text, 'KGS'::text, 'KHR'::text, 'KPW'::text, 'KYD'::text, 'KZT'::text, 'LAK'::text, 'LBP'::text, 'LKR'::text, 'LRD'::text, 'LSL'::text, 'MAD'::text, 'MDL'::text, 'MGA'::text, 'MKD'::text, 'MMK'::text, 'MNT'::text, 'MOP'::text, 'MRU'::text, 'MUR'::text, 'MVR'::text, 'MWK'::text, 'MXN'::text, 'MXV'::text, 'MYR'::text, 'MZN'::text, 'NAD'::text, 'NGN'::text, 'NIO'::text, 'NOK'::text, 'NPR'::text, 'NZD'::text, 'PAB'::text, 'PEN'::text, 'PGK'::text, 'PHP'::text, 'PKR'::text, 'PLN'::text, 'QAR'::text, 'RON'::text, 'RSD'::text, 'RUB'::text, 'SAR'::text, 'SBD'::text, 'SCR'::text, 'SDG'::text, 'SEK'::text, 'SGD'::text, 'SHP'::text, 'SLE'::text, 'SOS'::text, 'SRD'::text, 'SSP'::text, 'STN'::text, 'SVC'::text, 'SYP'::text, 'SZL'::text, 'THB'::text, 'TJS'::text, 'TMT'::text, 'TOP'::text, 'TRY'::text, 'TTD'::text, 'TWD'::text, 'TZS'::text, 'UAH'::text, 'USD'::text, 'USN'::text, 'UYU'::text, 'UZS'::text, 'VED'::text, 'VES'::text, 'WST'::text, 'XAD'::text, 'XCD'::text, 'XCG'::text, 'YER'::text, 'ZAR'::text, 'ZMW'::text, 'ZWG'::text])) THEN 2 ELSE NULL::integer END;


ALTER FUNCTION ledger.minor_units(of_currency text) OWNER TO qbank_owner;

--
-- Name: FUNCTION minor_units(of_currency text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.minor_units(of_currency text) IS 'How many decimals an amount of the currency may have (ISO 4217); null: no currency, or one without minor units, such as XXX or gold.';


--
-- Name: missing_accounts(timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.missing_accounts(hour timestamp with time zone) RETURNS SETOF text
    LANGUAGE plpgsql STABLE ROWS 4 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT p.account_id::text FROM ledger.account_period AS p
     WHERE p.opened_at < hour + interval '1 hour' AND (p.closed_at IS NULL OR p.closed_at >= hour + interval '1 hour')
       AND NOT EXISTS (SELECT FROM ledger.balance AS b WHERE b.account_id = p.account_id AND b.as_of_hour = hour);
END $$;


ALTER FUNCTION ledger.missing_accounts(hour timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION missing_accounts(hour timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.missing_accounts(hour timestamp with time zone) IS 'The accounts that were active at the end of a UTC hour and have no balance in it. Grain: account.';


--
-- Name: refuse_change(); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;


ALTER FUNCTION ledger.refuse_change() OWNER TO qbank_owner;

--
-- Name: FUNCTION refuse_change(); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.refuse_change() IS 'Makes a table append-only, also for its owner.';


--
-- Name: release(bigint, text, text); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.release(run_no bigint, account_id text, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
DECLARE
    held     record;
    problem  text;
    moment   timestamptz;
    new_seal bigint;
BEGIN
    IF coalesce(btrim(release.reason), '') = '' THEN
        RAISE EXCEPTION 'A release needs a reason: say why the answer is right.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- As a publish does: the lock first, then the run, then the time.
    PERFORM ledger.acquire_lock('publish');
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
        WHEN held.available_balance IN ('NaN', 'Infinity', '-Infinity')
             OR held.ledger_balance IN ('NaN', 'Infinity', '-Infinity')
            THEN 'a balance is not a finite number'
        WHEN greatest(length(ltrim(translate(trim_scale(abs(held.available_balance))::text, '.', ''), '0')),
                      length(ltrim(translate(trim_scale(abs(held.ledger_balance))::text, '.', ''), '0'))) > 38
            THEN 'a balance has more than 38 digits'
        WHEN greatest(scale(trim_scale(held.available_balance)),
                      scale(trim_scale(held.ledger_balance))) > held.minor_units
            THEN format('a balance has more decimals than %s', held.currency)
        WHEN held.echoed_account_id <> release.account_id THEN 'the answer is about another account'
        WHEN upper(btrim(held.echoed_currency, ' ' || chr(9) || chr(10) || chr(13)) COLLATE "C") <> held.currency
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
    VALUES (release.account_id, date_trunc('hour', held.observed_at, 'UTC'), held.available_balance,
            held.ledger_balance, held.currency, held.observed_at, release.run_no, new_seal, 1, moment)
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
    INSERT INTO sync.release (run_no, account_id, released_at, released_by, reason, held_for, available_balance,
                              ledger_balance, observed_at, seal_no)
    VALUES (release.run_no, release.account_id, moment, session_user, btrim(release.reason), held.reasons,
            held.available_balance, held.ledger_balance, held.observed_at, new_seal);
    RETURN new_seal;
END $$;


ALTER FUNCTION ledger.release(run_no bigint, account_id text, reason text) OWNER TO qbank_owner;

--
-- Name: FUNCTION release(run_no bigint, account_id text, reason text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.release(run_no bigint, account_id text, reason text) IS 'Publishes an answer that was held back, after review: under the hour of its observation, with a seal of its own, unless a later observation of that hour is there. Returns the seal''s number; null: the later observation stays. Refuses, in a sentence, what has not the form of a balance in the account''s currency. Who and why stay in sync.release; the run''s outcome stays what it was. For qbank_operator.';


--
-- Name: row_sha256(text, timestamp with time zone, numeric, numeric, text, timestamp with time zone, bigint, bigint, integer, timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.row_sha256(account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric, currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT sha256(convert_to(concat_ws('|'::text, account_id, to_char((as_of_hour AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text), trim_scale(available_balance), trim_scale(ledger_balance), currency, to_char((observed_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text), run_no, seal_no, revision, to_char((recorded_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text)), 'UTF8'::name)) AS sha256;
END;


ALTER FUNCTION ledger.row_sha256(account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric, currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION row_sha256(account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric, currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.row_sha256(account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric, currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone) IS 'SHA-256 of a balance in canonical form: fields in the order of ledger.balance joined by |, numbers by trim_scale, times in UTC to the microsecond.';


--
-- Name: seal_text(bigint, bigint, bigint, jsonb, text, text, timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.seal_text(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT concat_ws('|'::text, 'seal 2', seal_no, run_no, row_count, ( SELECT COALESCE(string_agg(concat_ws(' '::text, t.currency, (t.total ->> 'available'::text), (t.total ->> 'ledger'::text)), ','::text ORDER BY (t.currency COLLATE "C")), ''::text) AS "coalesce"
            FROM jsonb_each(seal_text.control_totals) t(currency, total)), rows_sha256, COALESCE(previous_sha256, ''::text), to_char((sealed_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text)) AS concat_ws;
END;


ALTER FUNCTION ledger.seal_text(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION seal_text(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.seal_text(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone) IS 'A seal in canonical form: seal 2, its number, run, rows, totals, hash of the rows, hash of the seal before it (empty for the first) and time, joined by |. Totals: of each currency its code, available and ledger, joined by a blank; currencies in order, joined by a comma. Times in UTC to the microsecond.';


--
-- Name: seal_sha256(bigint, bigint, bigint, jsonb, text, text, timestamp with time zone, integer); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.seal_sha256(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone, form integer DEFAULT 2) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT encode(sha256(convert_to(
         CASE form
             WHEN 1 THEN concat_ws('|'::text, seal_no, run_no, row_count, (control_totals)::text, rows_sha256, COALESCE(previous_sha256, ''::text), to_char((sealed_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text))
             WHEN 2 THEN ledger.seal_text(seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sealed_at)
             ELSE NULL::text
         END, 'UTF8'::name)), 'hex'::text) AS encode;
END;


ALTER FUNCTION ledger.seal_sha256(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone, form integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION seal_sha256(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone, form integer); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.seal_sha256(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone, form integer) IS 'SHA-256 of a seal: of its text in the form that it was sealed in (ledger.seal.form).';


--
-- Name: set_aside(bigint, text); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.set_aside(run_no bigint, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
DECLARE
    moment  timestamptz;
    count   bigint;
BEGIN
    IF coalesce(set_aside.reason, '') !~ '\S' THEN
        RAISE EXCEPTION 'To set balances aside needs a reason: say what was wrong with the clock.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM ledger.acquire_lock('publish');
    moment := clock_timestamp();
    -- Those that another one from the same hour to come replaced are set aside as well.
    INSERT INTO ledger.balance_set_aside (account_id, as_of_hour, seal_no, run_no, observed_at, set_aside_at,
                                          set_aside_by, reason)
    SELECT v.account_id, v.as_of_hour, v.seal_no, v.run_no, v.observed_at, moment, session_user,
           btrim(set_aside.reason, E' \t\r\n')
      FROM (SELECT b.account_id, b.as_of_hour, b.seal_no, b.run_no, b.observed_at FROM ledger.balance AS b
             WHERE b.as_of_hour >= date_trunc('hour', moment, 'UTC')
            UNION ALL
            SELECT h.account_id, h.as_of_hour, h.seal_no, h.run_no, h.observed_at FROM ledger.balance_history AS h
             WHERE h.as_of_hour >= date_trunc('hour', moment, 'UTC')) AS v
     WHERE v.run_no = set_aside.run_no AND ledger.is_ahead(v.observed_at)
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS count = ROW_COUNT;
    IF count = 0 THEN
        RAISE EXCEPTION 'Run % has no balance that lies ahead of the clock, or all of them are set aside.',
              set_aside.run_no USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- ledger.archive_deleted moves them to the history.
    DELETE FROM ledger.balance AS b USING ledger.balance_set_aside AS x
     WHERE (x.account_id, x.as_of_hour, x.seal_no) = (b.account_id, b.as_of_hour, b.seal_no)
       AND b.as_of_hour >= date_trunc('hour', moment, 'UTC') AND x.run_no = set_aside.run_no;
    INSERT INTO ledger.missing_hour_reason (account_id, as_of_hour, reason, run_no)
    SELECT x.account_id, x.as_of_hour, 'set aside: the clock ran ahead', x.run_no FROM ledger.balance_set_aside AS x
     WHERE x.run_no = set_aside.run_no AND x.set_aside_at = moment
        ON CONFLICT DO NOTHING;
    RETURN count;
END $$;


ALTER FUNCTION ledger.set_aside(run_no bigint, reason text) OWNER TO qbank_owner;

--
-- Name: FUNCTION set_aside(run_no bigint, reason text); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.set_aside(run_no bigint, reason text) IS 'Sets aside, for ever, what a run observed while the clock ran ahead: those of its balances that lie more than a minute ahead of the clock now. They leave ledger.balance for its history. Returns how many. For qbank_operator.';


--
-- Name: write_seal(bigint, bigint, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: ledger; Owner: qbank_owner
--

CREATE FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamp with time zone, since timestamp with time zone) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET work_mem TO '128MB'
    AS $$
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
                             sealed_at, row_hashes, form)
    SELECT new_seal_no, of_run, row_count, control_totals, rows_sha256, previous_sha256,
           ledger.seal_sha256(new_seal_no, of_run, row_count, control_totals, rows_sha256, previous_sha256, sealed_at),
           sealed_at, row_hashes, 2
      FROM link
$$;


ALTER FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamp with time zone, since timestamp with time zone) OWNER TO qbank_owner;

--
-- Name: FUNCTION write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamp with time zone, since timestamp with time zone); Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamp with time zone, since timestamp with time zone) IS 'Seals what a publish wrote under a seal number: its rows, its control totals, and the seal before it. since: an hour before which the publish wrote nothing. For who holds the publish lock.';


--
-- Name: acquire_lock(); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.acquire_lock() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET lock_timeout TO '30s'
    AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'Comparing and signing off need the isolation level READ COMMITTED: begin the transaction '
                        'with it.'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM ledger.acquire_lock('reconcile');
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'A reconciliation, or somebody else''s sign-off, is at work: try again in a minute.'
        USING ERRCODE = 'lock_not_available', DETAIL = SQLERRM;
END $$;


ALTER FUNCTION recon.acquire_lock() OWNER TO qbank_owner;

--
-- Name: FUNCTION acquire_lock(); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.acquire_lock() IS 'Waits, for 30 s at most, until no comparison and no other sign-off is under way; keeps them off to the end of the transaction.';


--
-- Name: age_bucket(integer); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.age_bucket(age_days integer) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (age_days <= 7) THEN '0-7'::text
             WHEN (age_days <= 30) THEN '8-30'::text
             WHEN (age_days <= 60) THEN '31-60'::text
             WHEN (age_days <= 90) THEN '61-90'::text
             ELSE 'over 90'::text
         END AS "case";
END;


ALTER FUNCTION recon.age_bucket(age_days integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION age_bucket(age_days integer); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.age_bucket(age_days integer) IS 'The bucket of an open item''s calendar days: 0-7, 8-30, 31-60, 61-90, over 90.';


--
-- Name: sign_off; Type: TABLE; Schema: recon; Owner: qbank_owner
--

CREATE TABLE recon.sign_off (
    sign_off_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    as_of_date date NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    actor text DEFAULT SESSION_USER NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    comment text,
    CONSTRAINT a_refusal_says_why CHECK (((state = ANY (ARRAY['prepared'::text, 'approved'::text])) OR (comment IS NOT NULL))),
    CONSTRAINT sign_off_comment_check CHECK ((comment ~ '\S'::text)),
    CONSTRAINT sign_off_state_check CHECK ((state = ANY (ARRAY['prepared'::text, 'approved'::text, 'rejected'::text, 'decertified'::text])))
);


ALTER TABLE recon.sign_off OWNER TO qbank_owner;

--
-- Name: TABLE sign_off; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON TABLE recon.sign_off IS 'Who prepared, approved or rejected a reconciliation, and what took that back; append-only, written by recon.prepare, recon.approve, recon.reject and new versions alone. The newest action of an account and date is its state. Grain: action.';


--
-- Name: COLUMN sign_off.sign_off_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.sign_off_no IS 'Number of the action, rising; may have gaps.';


--
-- Name: COLUMN sign_off.account_id; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.account_id IS 'The account.';


--
-- Name: COLUMN sign_off.as_of_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.as_of_date IS 'The closing''s date.';


--
-- Name: COLUMN sign_off.version; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.version IS 'The version that was signed; of decertified, the one that took it back.';


--
-- Name: COLUMN sign_off.state; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.state IS 'What the action made of it: prepared, approved, rejected, or decertified: numbers or status are no longer those that were signed.';


--
-- Name: COLUMN sign_off.actor; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.actor IS 'The login that acted, whatever role it had taken on; of decertified, the run''s.';


--
-- Name: COLUMN sign_off.at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.at IS 'When (UTC).';


--
-- Name: COLUMN sign_off.comment; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off.comment IS 'Why, in the actor''s words; of decertified, what changed.';


--
-- Name: approve(text, date, text, integer); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.approve(account_id text, as_of_date date, comment text DEFAULT NULL::text, version integer DEFAULT NULL::integer) RETURNS recon.sign_off
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
    SELECT recon.record_sign_off('approved', account_id, as_of_date, comment, version)
$$;


ALTER FUNCTION recon.approve(account_id text, as_of_date date, comment text, version integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION approve(account_id text, as_of_date date, comment text, version integer); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.approve(account_id text, as_of_date date, comment text, version integer) IS 'Approves what somebody else prepared; returns the action. Anything but matched needs a comment. With a version: only if that is the newest. For qbank_approver.';


--
-- Name: is_transposed(numeric, numeric, integer); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT gl <> bank AND sign(gl) = sign(bank) AND position('.' IN digits) = 0 AND EXISTS (
           SELECT FROM generate_series(1, length(digits) - 1) AS n
            WHERE overlay(digits PLACING substr(digits, n + 1, 1) || substr(digits, n, 1) FROM n FOR 2)::numeric
                  = abs(bank) * 10 ^ minor_units::numeric)
      FROM (SELECT trim_scale(abs(gl) * 10 ^ minor_units::numeric)::text AS digits) AS units
$$;


ALTER FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION is_transposed(gl numeric, bank numeric, minor_units integer); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) IS 'Whether swapping two adjacent digits of the GL''s balance, in minor units, gives the bank''s.';


--
-- Name: prepare(text, date, text, integer); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.prepare(account_id text, as_of_date date, comment text DEFAULT NULL::text, version integer DEFAULT NULL::integer) RETURNS recon.sign_off
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
    SELECT recon.record_sign_off('prepared', account_id, as_of_date, comment, version)
$$;


ALTER FUNCTION recon.prepare(account_id text, as_of_date date, comment text, version integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION prepare(account_id text, as_of_date date, comment text, version integer); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.prepare(account_id text, as_of_date date, comment text, version integer) IS 'Puts the newest version of an account''s date forward for approval; returns the action. From open, rejected or decertified. With a version: only if that is the newest. For qbank_preparer.';


--
-- Name: record_sign_off(text, text, date, text, integer); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.record_sign_off(action text, account_id text, as_of_date date, comment text, version integer) RETURNS recon.sign_off
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET "DateStyle" TO 'ISO'
    AS $$
DECLARE
    newest   recon.reconciliation;
    before   recon.sign_off;
    done     recon.sign_off;
    said     text := CASE WHEN record_sign_off.comment ~ '\S' THEN btrim(record_sign_off.comment, E' \t\r\n') END;
    problem  text[];
BEGIN
    PERFORM recon.acquire_lock();
    SELECT r.* INTO newest FROM recon.reconciliation AS r
     WHERE r.account_id = record_sign_off.account_id AND r.as_of_date = record_sign_off.as_of_date
     ORDER BY r.version DESC LIMIT 1;
    SELECT s.* INTO before FROM recon.sign_off AS s
     WHERE s.account_id = record_sign_off.account_id AND s.as_of_date = record_sign_off.as_of_date
     ORDER BY s.sign_off_no DESC LIMIT 1;
    problem := CASE
        WHEN newest.version IS NULL
            THEN ARRAY['22023', 'there is none; recon.sign_off_state lists what was compared']
        WHEN record_sign_off.version <> newest.version
            THEN ARRAY['55000', format('version %s is not the newest: look at version %s and sign that',
                                       record_sign_off.version, newest.version)]
        WHEN newest.provisional
            THEN ARRAY['55000', 'it is provisional, compared before its cut-off: reconcile it after that']
        WHEN before.state = 'approved' OR action = 'prepared' AND before.state = 'prepared'
            THEN ARRAY['55000', format('%s %s it already', before.actor, before.state)]
        WHEN action <> 'prepared' AND before.state IS DISTINCT FROM 'prepared'
            THEN ARRAY['55000', format('it is %s, and somebody has to prepare it first',
                                       coalesce(before.state, 'open'))]
        WHEN action <> 'prepared' AND before.actor = session_user
            THEN ARRAY['42501', format('%s prepared it: somebody else has to look at it', session_user)]
        WHEN action = 'rejected' AND said IS NULL
            THEN ARRAY['22023', 'a rejection needs a comment: say what is wrong']
        WHEN action = 'approved' AND newest.status <> 'matched' AND said IS NULL
            THEN ARRAY['22023', format('it is %s, and approving that needs a comment: say why it may stand',
                                       newest.status)]
    END;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'The reconciliation of account % on % can''t be %: %.',
              coalesce(record_sign_off.account_id, '(none)'), coalesce(record_sign_off.as_of_date::text, '(none)'),
              action, problem[2] USING ERRCODE = problem[1];
    END IF;
    INSERT INTO recon.sign_off AS s (account_id, as_of_date, version, state, comment)
    VALUES (newest.account_id, newest.as_of_date, newest.version, action, said)
    RETURNING s.* INTO done;
    RETURN done;
END $$;


ALTER FUNCTION recon.record_sign_off(action text, account_id text, as_of_date date, comment text, version integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION record_sign_off(action text, account_id text, as_of_date date, comment text, version integer); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.record_sign_off(action text, account_id text, as_of_date date, comment text, version integer) IS 'What prepare, approve and reject have in common: the order of states, who may not, what needs a comment. Nobody calls it directly.';


--
-- Name: reject(text, date, text, integer); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.reject(account_id text, as_of_date date, comment text DEFAULT NULL::text, version integer DEFAULT NULL::integer) RETURNS recon.sign_off
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
    SELECT recon.record_sign_off('rejected', account_id, as_of_date, comment, version)
$$;


ALTER FUNCTION recon.reject(account_id text, as_of_date date, comment text, version integer) OWNER TO qbank_owner;

--
-- Name: FUNCTION reject(account_id text, as_of_date date, comment text, version integer); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.reject(account_id text, as_of_date date, comment text, version integer) IS 'Sends back what somebody else prepared, with a comment that says why; returns the action. With a version: only if that is the newest. For qbank_approver.';


--
-- Name: revoke_sign_off(); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.revoke_sign_off() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'on'
    SET jit TO 'off'
    AS $$
BEGIN
    PERFORM recon.acquire_lock();
    INSERT INTO recon.sign_off (account_id, as_of_date, version, state, comment)
    SELECT DISTINCT ON (w.account_id, w.as_of_date) w.account_id, w.as_of_date, w.version, 'decertified',
           format('%s by %s taken back: %s',
                  CASE b.state WHEN 'approved' THEN 'Approval' ELSE 'Preparation' END, b.actor, concat_ws('; ',
                  CASE WHEN w.bank_balance IS DISTINCT FROM s.bank_balance THEN
                       format('bank balance restated from %s to %s',
                              coalesce(s.bank_balance::text, 'none'), coalesce(w.bank_balance::text, 'none')) END,
                  CASE WHEN w.gl_balance IS DISTINCT FROM s.gl_balance THEN
                       format('GL balance restated from %s to %s',
                              coalesce(s.gl_balance::text, 'none'), coalesce(w.gl_balance::text, 'none')) END,
                  CASE WHEN w.bank_items <> s.bank_items THEN
                       format('bank items changed from %s to %s', s.bank_items, w.bank_items) END,
                  CASE WHEN w.book_items <> s.book_items THEN
                       format('book items changed from %s to %s', s.book_items, w.book_items) END,
                  CASE WHEN w.currency <> s.currency THEN format('currency %s → %s', s.currency, w.currency) END,
                  CASE WHEN w.status <> s.status THEN format('status %s → %s', s.status, w.status) END))
      FROM written AS w
     CROSS JOIN LATERAL (
           SELECT l.version, l.state, l.actor FROM recon.sign_off AS l
            WHERE l.account_id = w.account_id AND l.as_of_date = w.as_of_date
            ORDER BY l.sign_off_no DESC LIMIT 1) AS b
      JOIN recon.reconciliation AS s
        ON s.account_id = w.account_id AND s.as_of_date = w.as_of_date AND s.version = b.version
     WHERE w.version > 1 AND b.state IN ('prepared', 'approved')
       -- What was signed. Not age, cause, tolerance: they say something of it.
       AND (w.bank_balance, w.gl_balance, w.bank_items, w.book_items, w.currency, w.status)
           IS DISTINCT FROM (s.bank_balance, s.gl_balance, s.bank_items, s.book_items, s.currency, s.status)
     ORDER BY w.account_id, w.as_of_date, w.version DESC;
    RETURN NULL;
END $$;


ALTER FUNCTION recon.revoke_sign_off() OWNER TO qbank_owner;

--
-- Name: FUNCTION revoke_sign_off(); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.revoke_sign_off() IS 'Takes preparation and approval back where a new version has other numbers, or another status, than the one that was signed.';


--
-- Name: track_account(); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.track_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
        VALUES (OLD.entity, OLD.gl_account, OLD.currency, '-infinity', 'infinity');
    END IF;
    INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
    VALUES (NEW.entity, NEW.gl_account, NEW.currency, '-infinity', 'infinity');
    RETURN NULL;
END $$;


ALTER FUNCTION recon.track_account() OWNER TO qbank_owner;

--
-- Name: FUNCTION track_account(); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.track_account() IS 'Notes the GL accounts, before and after, of an account that is set up otherwise.';


--
-- Name: track_balance(); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.track_balance() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
DECLARE
    first_hour timestamptz;
BEGIN
    -- An hour lies on up to three dates: clocks go from twelve hours behind UTC to fourteen ahead.
    IF TG_OP = 'DELETE' THEN
        INSERT INTO recon.changed (first_date, last_date)
        SELECT DISTINCT (as_of_hour AT TIME ZONE 'UTC' - interval '12 hours')::date,
                        (as_of_hour AT TIME ZONE 'UTC' + interval '15 hours')::date FROM old_rows;
        RETURN NULL;
    END IF;
    INSERT INTO recon.changed (first_date, last_date)
    SELECT DISTINCT (as_of_hour AT TIME ZONE 'UTC' - interval '12 hours')::date,
                    (as_of_hour AT TIME ZONE 'UTC' + interval '15 hours')::date FROM new_rows;
    IF TG_OP = 'UPDATE' THEN
        RETURN NULL;
    END IF;
    -- A balance may be the first of its account, and all of the account's dates then have another beginning: only of
    -- an account that nobody expected before.
    SELECT min(as_of_hour) INTO first_hour FROM new_rows;
    IF EXISTS (SELECT FROM ledger.account AS a
                WHERE a.active AND NOT EXISTS (
                      SELECT FROM ledger.account_period AS p
                       WHERE p.account_id = a.account_id AND p.opened_at <= first_hour)) THEN
        INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
        SELECT DISTINCT a.entity, a.gl_account, a.currency, date '-infinity', date 'infinity'
          FROM (SELECT account_id, min(as_of_hour) AS as_of_hour FROM new_rows GROUP BY account_id) AS n
          JOIN ledger.account AS a USING (account_id)
         WHERE NOT EXISTS (SELECT FROM ledger.account_period AS p
                            WHERE p.account_id = n.account_id AND p.opened_at <= n.as_of_hour)
           AND NOT EXISTS (SELECT FROM ledger.balance AS b
                            WHERE b.account_id = n.account_id AND b.as_of_hour < n.as_of_hour);
        -- … and so have those that have neither, when it is the first of all.
        INSERT INTO recon.changed (first_date, last_date)
        SELECT '-infinity', 'infinity'
         WHERE NOT EXISTS (SELECT FROM ledger.balance AS b WHERE b.as_of_hour < first_hour);
    END IF;
    RETURN NULL;
END $$;


ALTER FUNCTION recon.track_balance() OWNER TO qbank_owner;

--
-- Name: FUNCTION track_balance(); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.track_balance() IS 'Notes the dates whose closing may have changed; called by the triggers of ledger.guard_relation.';


--
-- Name: track_gl_balance(); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.track_gl_balance() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    -- The whole entity: the date's first row is what makes the accounts without one missing_gl.
    INSERT INTO recon.changed (entity, first_date, last_date)
    SELECT DISTINCT entity, as_of_date, as_of_date FROM new_rows;
    RETURN NULL;
END $$;


ALTER FUNCTION recon.track_gl_balance() OWNER TO qbank_owner;

--
-- Name: FUNCTION track_gl_balance(); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.track_gl_balance() IS 'Notes the dates of GL balances that were loaded.';


--
-- Name: track_item(); Type: FUNCTION; Schema: recon; Owner: qbank_owner
--

CREATE FUNCTION recon.track_item() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
BEGIN
    -- Every date: an item that does not count on one may still be its cause (timing).
    INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
    SELECT DISTINCT entity, gl_account, currency, date '-infinity', date 'infinity' FROM new_rows;
    RETURN NULL;
END $$;


ALTER FUNCTION recon.track_item() OWNER TO qbank_owner;

--
-- Name: FUNCTION track_item(); Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON FUNCTION recon.track_item() IS 'Notes the GL accounts of items that were loaded.';


--
-- Name: add_block(bigint); Type: PROCEDURE; Schema: sync; Owner: qbank_owner
--

CREATE PROCEDURE sync.add_block(IN runs bigint)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
DECLARE
    first   bigint;
    parent  text;
BEGIN
    SELECT 1 + coalesce(max(last_run_no), 0) INTO first FROM sync.blocks('run_account');
    FOR parent IN SELECT relname FROM pg_class WHERE relnamespace = 'sync'::regnamespace AND relkind = 'p' LOOP
        CALL ledger.add_partition(format('sync.%I', parent)::regclass,
                                  format('sync.%I', format('%s_%s_%s', parent, first, first + runs - 1)),
                                  'run_no', first::text, (first + runs)::text);
    END LOOP;
END $$;


ALTER PROCEDURE sync.add_block(IN runs bigint) OWNER TO qbank_owner;

--
-- Name: PROCEDURE add_block(IN runs bigint); Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON PROCEDURE sync.add_block(IN runs bigint) IS 'Makes, in each partitioned table of sync, the partition for so many runs to come.';


--
-- Name: blocks(text); Type: FUNCTION; Schema: sync; Owner: qbank_owner
--

CREATE FUNCTION sync.blocks(of_table text) RETURNS TABLE(relation regclass, first_run_no bigint, last_run_no bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
    SELECT c.oid::regclass, n.bounds[1]::bigint, n.bounds[2]::bigint
      FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
     CROSS JOIN LATERAL regexp_match(c.relname, '_(\d+)_(\d+)$') AS n (bounds)
     WHERE i.inhparent = to_regclass(format('sync.%I', of_table))
$_$;


ALTER FUNCTION sync.blocks(of_table text) OWNER TO qbank_owner;

--
-- Name: FUNCTION blocks(of_table text); Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON FUNCTION sync.blocks(of_table text) IS 'The partitions of a table of sync, and the runs whose rows each holds: run_account_1_24. Grain: block.';


--
-- Name: drop_expired(interval, boolean); Type: FUNCTION; Schema: sync; Owner: qbank_owner
--

CREATE FUNCTION sync.drop_expired(keep interval, payloads_only boolean) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET lock_timeout TO '300ms'
    AS $$
DECLARE
    block     record;
    relation  regclass;
BEGIN
    IF keep IS NULL OR keep < interval '1 day' THEN
        RAISE EXCEPTION 'What runs did is kept for a day at least.' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT b.first_run_no, b.last_run_no INTO block
      FROM sync.blocks(CASE WHEN payloads_only THEN 'payload' ELSE 'run_account' END) AS b
     WHERE EXISTS (SELECT FROM sync.run AS r WHERE r.run_no > b.last_run_no)
       AND NOT EXISTS (SELECT FROM sync.run AS r
                        WHERE r.run_no BETWEEN b.first_run_no AND b.last_run_no
                          AND (r.state = 'running' OR r.started_at >= clock_timestamp() - keep))
     ORDER BY b.first_run_no LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- Held, so that nobody opens one of them again, or releases an answer of it, meanwhile.
    PERFORM FROM sync.run AS r WHERE r.run_no BETWEEN block.first_run_no AND block.last_run_no FOR UPDATE;
    IF EXISTS (SELECT FROM sync.run AS r
                WHERE r.run_no BETWEEN block.first_run_no AND block.last_run_no AND r.state = 'running') THEN
        RETURN NULL;
    END IF;
    FOR relation IN
        SELECT b.relation FROM pg_class AS p CROSS JOIN LATERAL sync.blocks(p.relname) AS b
         WHERE p.relnamespace = 'sync'::regnamespace AND p.relkind = 'p'
           AND (p.relname = 'payload' OR NOT payloads_only) AND b.last_run_no = block.last_run_no
    LOOP
        EXECUTE format('DROP TABLE %s', relation);
    END LOOP;
    UPDATE sync.run AS r
       SET payloads_dropped_at = coalesce(r.payloads_dropped_at, clock_timestamp()),
           accounts_dropped_at = CASE WHEN NOT payloads_only THEN clock_timestamp() END
     WHERE r.run_no BETWEEN block.first_run_no AND block.last_run_no;
    RETURN block.last_run_no;
END $$;


ALTER FUNCTION sync.drop_expired(keep interval, payloads_only boolean) OWNER TO qbank_owner;

--
-- Name: FUNCTION drop_expired(keep interval, payloads_only boolean); Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON FUNCTION sync.drop_expired(keep interval, payloads_only boolean) IS 'Drops the oldest block of runs that all began longer ago than keep: the bodies of the answers, or all that sync has for each account of a run. Returns the last of these runs; null: no block is due. Never waits long for anybody. What is in ledger stays, and sync.run, sync.release, sync.publication and sync.validation_result. After each plan.';


--
-- Name: significant_digits(numeric); Type: FUNCTION; Schema: sync; Owner: qbank_owner
--

CREATE FUNCTION sync.significant_digits(amount numeric) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT length(btrim(translate((amount)::text, '.-'::text, ''::text), '0'::text)) AS length;
END;


ALTER FUNCTION sync.significant_digits(amount numeric) OWNER TO qbank_owner;

--
-- Name: FUNCTION significant_digits(amount numeric); Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON FUNCTION sync.significant_digits(amount numeric) IS 'The digits of an amount without the zeros before and after them: 6 of 1234.56 and of 1234560000, 0 of 0. Few are no evidence: round sums, small change.';


--
-- Name: accepted_accounts; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.accepted_accounts (
    fingerprint ledger.sha256_hex NOT NULL,
    accepted_at timestamp with time zone DEFAULT now() NOT NULL,
    accepted_by text NOT NULL
);


ALTER TABLE ledger.accepted_accounts OWNER TO qbank_owner;

--
-- Name: TABLE accepted_accounts; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.accepted_accounts IS 'Sets of accounts that may close more than half of the ledger''s open accounts, accepted by an operator. Grain: set.';


--
-- Name: COLUMN accepted_accounts.fingerprint; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.accepted_accounts.fingerprint IS 'SHA-256 over the sorted ids of the active accounts, as the refused run''s message names it.';


--
-- Name: COLUMN accepted_accounts.accepted_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.accepted_accounts.accepted_at IS 'When it was accepted (UTC).';


--
-- Name: COLUMN accepted_accounts.accepted_by; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.accepted_accounts.accepted_by IS 'The login that accepted it.';


--
-- Name: accepted_host; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.accepted_host (
    api_host text NOT NULL,
    accepted_at timestamp with time zone DEFAULT now() NOT NULL,
    accepted_by text NOT NULL,
    CONSTRAINT accepted_host_api_host_check CHECK ((api_host ~ '^[a-z0-9.:_-]{1,253}$'::text))
);


ALTER TABLE ledger.accepted_host OWNER TO qbank_owner;

--
-- Name: TABLE accepted_host; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.accepted_host IS 'API hosts whose balances may enter this ledger: the first run''s, and those an operator accepted. Grain: host.';


--
-- Name: COLUMN accepted_host.api_host; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.accepted_host.api_host IS 'Host name of the QBank connection, without port.';


--
-- Name: COLUMN accepted_host.accepted_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.accepted_host.accepted_at IS 'When it was accepted (UTC).';


--
-- Name: COLUMN accepted_host.accepted_by; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.accepted_host.accepted_by IS 'The login that accepted it; the first run''s for the first host.';


--
-- Name: alembic_version; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.alembic_version (
    version_num character varying(32) NOT NULL
);


ALTER TABLE ledger.alembic_version OWNER TO qbank_owner;

--
-- Name: TABLE alembic_version; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.alembic_version IS 'Which revision of the schema this database is at (Alembic). Grain: one row.';


--
-- Name: COLUMN alembic_version.version_num; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.alembic_version.version_num IS 'The revision.';


--
-- Name: balance_2026_10; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_2026_10 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT balance_revision_check CHECK ((revision > 0)),
    CONSTRAINT hour_is_that_of_the_observation CHECK ((as_of_hour = date_trunc('hour'::text, observed_at, 'UTC'::text))),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_2026_10 OWNER TO qbank_owner;

--
-- Name: balance_2026_11; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_2026_11 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT balance_revision_check CHECK ((revision > 0)),
    CONSTRAINT hour_is_that_of_the_observation CHECK ((as_of_hour = date_trunc('hour'::text, observed_at, 'UTC'::text))),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_2026_11 OWNER TO qbank_owner;

--
-- Name: balance_2026_12; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_2026_12 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT balance_revision_check CHECK ((revision > 0)),
    CONSTRAINT hour_is_that_of_the_observation CHECK ((as_of_hour = date_trunc('hour'::text, observed_at, 'UTC'::text))),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_2026_12 OWNER TO qbank_owner;

--
-- Name: balance_2027_01; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_2027_01 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT balance_revision_check CHECK ((revision > 0)),
    CONSTRAINT hour_is_that_of_the_observation CHECK ((as_of_hour = date_trunc('hour'::text, observed_at, 'UTC'::text))),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_2027_01 OWNER TO qbank_owner;

--
-- Name: balance_history_2026_10; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_history_2026_10 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone NOT NULL,
    CONSTRAINT superseded_after_recorded CHECK ((superseded_at > recorded_at)),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(as_of_hour, observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(as_of_hour, observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_history_2026_10 OWNER TO qbank_owner;

--
-- Name: balance_history_2026_11; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_history_2026_11 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone NOT NULL,
    CONSTRAINT superseded_after_recorded CHECK ((superseded_at > recorded_at)),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(as_of_hour, observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(as_of_hour, observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_history_2026_11 OWNER TO qbank_owner;

--
-- Name: balance_history_2026_12; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_history_2026_12 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone NOT NULL,
    CONSTRAINT superseded_after_recorded CHECK ((superseded_at > recorded_at)),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(as_of_hour, observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(as_of_hour, observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_history_2026_12 OWNER TO qbank_owner;

--
-- Name: balance_history_2027_01; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.balance_history_2027_01 (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    currency ledger.currency_code NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    run_no bigint NOT NULL,
    seal_no bigint NOT NULL,
    revision integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone NOT NULL,
    CONSTRAINT superseded_after_recorded CHECK ((superseded_at > recorded_at)),
    CONSTRAINT years_have_four_digits CHECK (((LEAST(as_of_hour, observed_at, recorded_at) >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(as_of_hour, observed_at, recorded_at) < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);


ALTER TABLE ledger.balance_history_2027_01 OWNER TO qbank_owner;

--
-- Name: coverage; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.coverage AS
 WITH change AS MATERIALIZED (
         SELECT c.at,
            sum(c.accounts) AS accounts
           FROM ( SELECT account_period.opened_at,
                    1 AS "?column?"
                   FROM ledger.account_period
                UNION ALL
                 SELECT account_period.closed_at,
                    '-1'::integer
                   FROM ledger.account_period
                  WHERE (account_period.closed_at IS NOT NULL)) c(at, accounts)
          GROUP BY c.at
        ), counted AS (
         SELECT h.as_of_hour,
            ( SELECT sum(c.accounts) AS sum
                   FROM change c
                  WHERE (c.at < (h.as_of_hour + '01:00:00'::interval))) AS expected,
            0 AS present
           FROM ledger.hours() h(as_of_hour)
        UNION ALL
         SELECT b.as_of_hour,
            0,
            count(*) AS count
           FROM (ledger.balance b
             JOIN ledger.account_period p USING (account_id))
          WHERE ((p.opened_at < (b.as_of_hour + '01:00:00'::interval)) AND ((p.closed_at IS NULL) OR (p.closed_at >= (b.as_of_hour + '01:00:00'::interval))) AND (b.as_of_hour <= now()))
          GROUP BY b.as_of_hour
        ), summed AS (
         SELECT counted.as_of_hour,
            (sum(counted.expected))::integer AS expected,
            (sum(counted.present))::integer AS present
           FROM counted
          GROUP BY counted.as_of_hour
        )
 SELECT as_of_hour,
    expected,
    present,
    (expected - present) AS missing,
        CASE
            WHEN (present >= expected) THEN 'complete'::text
            WHEN (present > 0) THEN 'partial'::text
            ELSE 'missing'::text
        END AS state
   FROM summed;


ALTER VIEW ledger.coverage OWNER TO qbank_owner;

--
-- Name: VIEW coverage; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.coverage IS 'How many of the accounts that were active at an hour''s end have a balance in it; gap-free from the first hour to the current one. Grain: hour.';


--
-- Name: COLUMN coverage.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.coverage.as_of_hour IS 'The UTC hour.';


--
-- Name: COLUMN coverage.expected; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.coverage.expected IS 'Accounts active at its end (ledger.account_period).';


--
-- Name: COLUMN coverage.present; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.coverage.present IS 'Those of them with a balance in it.';


--
-- Name: COLUMN coverage.missing; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.coverage.missing IS 'Those without.';


--
-- Name: COLUMN coverage.state; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.coverage.state IS 'complete, partial or missing.';


--
-- Name: daily_balance; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.daily_balance AS
 SELECT a.account_id,
    (f.first_date + n.days) AS as_of_date,
    a.entity,
    a.gl_account,
    c.currency,
    c.available_balance,
    c.ledger_balance,
    c.as_of_hour,
    c.observed_at,
    c.run_no,
    c.seal_no,
    c.revision,
    c.recorded_at,
    (now() < ledger.day_end(a.time_zone, a.cut_off, (f.first_date + n.days))) AS provisional
   FROM (((ledger.account a
     CROSS JOIN LATERAL ( SELECT ((LEAST(( SELECT b.as_of_hour
                   FROM ledger.balance b
                  WHERE ((b.account_id)::text = (a.account_id)::text)
                  ORDER BY b.as_of_hour
                 LIMIT 1), ( SELECT h.as_of_hour
                   FROM ledger.balance_history h
                  WHERE ((h.account_id)::text = (a.account_id)::text)
                  ORDER BY h.as_of_hour
                 LIMIT 1)) AT TIME ZONE a.time_zone))::date AS first_date
         OFFSET 0) f)
     CROSS JOIN LATERAL generate_series(0, (((now() AT TIME ZONE a.time_zone))::date - f.first_date)) n(days))
     CROSS JOIN LATERAL ledger.closing((a.account_id)::text, a.time_zone, a.cut_off, (f.first_date + n.days)) c(account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at));


ALTER VIEW ledger.daily_balance OWNER TO qbank_owner;

--
-- Name: VIEW daily_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.daily_balance IS 'The closing of each account and day: the newest observation, superseded ones included, within the account''s local date and before its cut-off; a day without one has no row. By the account''s time zone and cut-off as they are configured now. Grain: account × date in the account''s time zone.';


--
-- Name: COLUMN daily_balance.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.account_id IS 'The account.';


--
-- Name: COLUMN daily_balance.as_of_date; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.as_of_date IS 'The date in the account''s time zone.';


--
-- Name: COLUMN daily_balance.entity; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN daily_balance.gl_account; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.gl_account IS 'Its general-ledger account in the ERP.';


--
-- Name: COLUMN daily_balance.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.currency IS 'ISO 4217 code of both balances.';


--
-- Name: COLUMN daily_balance.available_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.available_balance IS 'Closing available balance, exact.';


--
-- Name: COLUMN daily_balance.ledger_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.ledger_balance IS 'Closing ledger balance, exact.';


--
-- Name: COLUMN daily_balance.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.as_of_hour IS 'The UTC hour of the observation.';


--
-- Name: COLUMN daily_balance.observed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.observed_at IS 'When the answer arrived (UTC).';


--
-- Name: COLUMN daily_balance.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.run_no IS 'The run that observed it.';


--
-- Name: COLUMN daily_balance.seal_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.seal_no IS 'The seal that covers it.';


--
-- Name: COLUMN daily_balance.revision; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.revision IS 'Version within the hour.';


--
-- Name: COLUMN daily_balance.recorded_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.recorded_at IS 'When it was published (UTC).';


--
-- Name: COLUMN daily_balance.provisional; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_balance.provisional IS 'Whether the day''s cut-off is still to come.';


--
-- Name: daily_movement; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.daily_movement AS
 SELECT d.account_id,
    d.as_of_date,
    d.entity,
    d.gl_account,
    d.currency,
    p.ledger_balance AS opening_balance,
    d.ledger_balance AS closing_balance,
        CASE
            WHEN ((p.currency)::text = (d.currency)::text) THEN ((d.ledger_balance)::numeric - (p.ledger_balance)::numeric)
            ELSE NULL::numeric
        END AS ledger_movement,
        CASE
            WHEN ((p.currency)::text = (d.currency)::text) THEN ((d.available_balance)::numeric - (p.available_balance)::numeric)
            ELSE NULL::numeric
        END AS available_movement,
    d.provisional
   FROM ((ledger.daily_balance d
     JOIN ledger.account a USING (account_id))
     LEFT JOIN LATERAL ledger.closing((d.account_id)::text, a.time_zone, a.cut_off, (d.as_of_date - 1)) p(account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at) ON (true));


ALTER VIEW ledger.daily_movement OWNER TO qbank_owner;

--
-- Name: VIEW daily_movement; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.daily_movement IS 'How much each closing differs from the closing of the day before; nothing is carried over, so a day after a day without closing has no opening. Grain: account × date in the account''s time zone.';


--
-- Name: COLUMN daily_movement.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.account_id IS 'The account.';


--
-- Name: COLUMN daily_movement.as_of_date; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.as_of_date IS 'The date in the account''s time zone.';


--
-- Name: COLUMN daily_movement.entity; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN daily_movement.gl_account; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.gl_account IS 'Its general-ledger account in the ERP.';


--
-- Name: COLUMN daily_movement.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.currency IS 'ISO 4217 code of the closing.';


--
-- Name: COLUMN daily_movement.opening_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.opening_balance IS 'Closing ledger balance of the day before; null: it has none.';


--
-- Name: COLUMN daily_movement.closing_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.closing_balance IS 'Closing ledger balance of the day.';


--
-- Name: COLUMN daily_movement.ledger_movement; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.ledger_movement IS 'closing_balance − opening_balance; null: no opening, or the currency changed.';


--
-- Name: COLUMN daily_movement.available_movement; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.available_movement IS 'The same of the available balances.';


--
-- Name: COLUMN daily_movement.provisional; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.daily_movement.provisional IS 'Whether the day''s cut-off is still to come.';


--
-- Name: latest_balance; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.latest_balance AS
 SELECT a.account_id,
    a.name,
    a.entity,
    a.gl_account,
    a.active,
    b.currency,
    b.available_balance,
    b.ledger_balance,
    b.as_of_hour,
    b.observed_at,
    b.run_no,
    b.seal_no,
    b.revision,
    b.recorded_at,
    (now() - b.observed_at) AS age,
    (((now() - b.observed_at) > make_interval(mins => a.max_age_minutes)) OR ledger.is_ahead(b.observed_at)) AS is_stale
   FROM (ledger.account a
     CROSS JOIN LATERAL ( SELECT newest.account_id,
            newest.as_of_hour,
            newest.available_balance,
            newest.ledger_balance,
            newest.currency,
            newest.observed_at,
            newest.run_no,
            newest.seal_no,
            newest.revision,
            newest.recorded_at
           FROM (( SELECT b_1.account_id,
                    b_1.as_of_hour,
                    b_1.available_balance,
                    b_1.ledger_balance,
                    b_1.currency,
                    b_1.observed_at,
                    b_1.run_no,
                    b_1.seal_no,
                    b_1.revision,
                    b_1.recorded_at
                   FROM ledger.balance b_1
                  WHERE (((b_1.account_id)::text = (a.account_id)::text) AND (NOT ledger.is_ahead(b_1.observed_at)))
                  ORDER BY b_1.as_of_hour DESC
                 LIMIT 1)
                UNION ALL
                ( SELECT b_1.account_id,
                    b_1.as_of_hour,
                    b_1.available_balance,
                    b_1.ledger_balance,
                    b_1.currency,
                    b_1.observed_at,
                    b_1.run_no,
                    b_1.seal_no,
                    b_1.revision,
                    b_1.recorded_at
                   FROM ledger.balance b_1
                  WHERE (((b_1.account_id)::text = (a.account_id)::text) AND ledger.is_ahead(b_1.observed_at) AND (b_1.as_of_hour >= date_trunc('hour'::text, statement_timestamp(), 'UTC'::text)))
                  ORDER BY b_1.as_of_hour
                 LIMIT 1)) newest
          ORDER BY newest.as_of_hour
         LIMIT 1) b);


ALTER VIEW ledger.latest_balance OWNER TO qbank_owner;

--
-- Name: VIEW latest_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.latest_balance IS 'The newest balance of each account that has one; one from the future (ledger.is_ahead) only where there is no other. Grain: account.';


--
-- Name: COLUMN latest_balance.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.account_id IS 'The account.';


--
-- Name: COLUMN latest_balance.name; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.name IS 'What people call it.';


--
-- Name: COLUMN latest_balance.entity; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN latest_balance.gl_account; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.gl_account IS 'Its general-ledger account in the ERP.';


--
-- Name: COLUMN latest_balance.active; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.active IS 'Whether runs ask for it now.';


--
-- Name: COLUMN latest_balance.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.currency IS 'ISO 4217 code of both balances.';


--
-- Name: COLUMN latest_balance.available_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.available_balance IS 'Available balance, exact.';


--
-- Name: COLUMN latest_balance.ledger_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.ledger_balance IS 'Ledger balance, exact.';


--
-- Name: COLUMN latest_balance.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.as_of_hour IS 'The UTC hour of the observation.';


--
-- Name: COLUMN latest_balance.observed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.observed_at IS 'When the answer arrived (UTC).';


--
-- Name: COLUMN latest_balance.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.run_no IS 'The run that observed it.';


--
-- Name: COLUMN latest_balance.seal_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.seal_no IS 'The seal that covers it.';


--
-- Name: COLUMN latest_balance.revision; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.revision IS 'Version within the hour.';


--
-- Name: COLUMN latest_balance.recorded_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.recorded_at IS 'When it was published (UTC).';


--
-- Name: COLUMN latest_balance.age; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.age IS 'Time since the observation; negative: it is from the future.';


--
-- Name: COLUMN latest_balance.is_stale; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.latest_balance.is_stale IS 'Whether that is more than the account''s max_age_minutes, or the balance is from the future.';


--
-- Name: entity_total; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.entity_total AS
 SELECT a.entity,
    COALESCE(l.currency, a.currency) AS currency,
    (count(*))::integer AS accounts,
    ((count(*) - count(l.account_id)))::integer AS without_balance,
    (count(*) FILTER (WHERE l.is_stale))::integer AS stale,
    sum((l.available_balance)::numeric) AS available_balance,
    sum((l.ledger_balance)::numeric) AS ledger_balance,
    min(l.observed_at) AS oldest_observed_at
   FROM (ledger.account a
     LEFT JOIN ledger.latest_balance l USING (account_id))
  WHERE a.active
  GROUP BY a.entity, COALESCE(l.currency, a.currency);


ALTER VIEW ledger.entity_total OWNER TO qbank_owner;

--
-- Name: VIEW entity_total; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.entity_total IS 'The newest balances of the active accounts, summed; never across currencies. Grain: entity × currency.';


--
-- Name: COLUMN entity_total.entity; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN entity_total.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.currency IS 'ISO 4217 code of the sums.';


--
-- Name: COLUMN entity_total.accounts; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.accounts IS 'Active accounts.';


--
-- Name: COLUMN entity_total.without_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.without_balance IS 'Those that never had a balance: the sums lack them.';


--
-- Name: COLUMN entity_total.stale; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.stale IS 'Those whose newest balance is stale: the sums have them.';


--
-- Name: COLUMN entity_total.available_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.available_balance IS 'Sum of the newest available balances; null: there is none.';


--
-- Name: COLUMN entity_total.ledger_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.ledger_balance IS 'Sum of the newest ledger balances; null: there is none.';


--
-- Name: COLUMN entity_total.oldest_observed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.entity_total.oldest_observed_at IS 'The oldest observation in the sums (UTC).';


--
-- Name: hourly_movement; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.hourly_movement AS
 SELECT b.account_id,
    b.as_of_hour,
    p.as_of_hour AS since_hour,
    b.currency,
    p.ledger_balance AS opening_balance,
    b.ledger_balance AS closing_balance,
        CASE
            WHEN ((p.currency)::text = (b.currency)::text) THEN ((b.ledger_balance)::numeric - (p.ledger_balance)::numeric)
            ELSE NULL::numeric
        END AS ledger_movement,
        CASE
            WHEN ((p.currency)::text = (b.currency)::text) THEN ((b.available_balance)::numeric - (p.available_balance)::numeric)
            ELSE NULL::numeric
        END AS available_movement
   FROM (ledger.balance b
     LEFT JOIN LATERAL ( SELECT q.as_of_hour,
            q.currency,
            q.available_balance,
            q.ledger_balance
           FROM ledger.balance q
          WHERE (((q.account_id)::text = (b.account_id)::text) AND (q.as_of_hour < b.as_of_hour))
          ORDER BY q.as_of_hour DESC
         LIMIT 1) p ON (true));


ALTER VIEW ledger.hourly_movement OWNER TO qbank_owner;

--
-- Name: VIEW hourly_movement; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.hourly_movement IS 'How much each balance differs from the account''s balance before it, which may be more than an hour older (since_hour). Filter it by as_of_hour or account_id. Grain: account × hour with a balance.';


--
-- Name: COLUMN hourly_movement.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.account_id IS 'The account.';


--
-- Name: COLUMN hourly_movement.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.as_of_hour IS 'The UTC hour.';


--
-- Name: COLUMN hourly_movement.since_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.since_hour IS 'The hour of the balance before; null: this is the first.';


--
-- Name: COLUMN hourly_movement.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.currency IS 'ISO 4217 code of the hour''s balance.';


--
-- Name: COLUMN hourly_movement.opening_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.opening_balance IS 'Ledger balance of since_hour.';


--
-- Name: COLUMN hourly_movement.closing_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.closing_balance IS 'Ledger balance of the hour.';


--
-- Name: COLUMN hourly_movement.ledger_movement; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.ledger_movement IS 'closing_balance − opening_balance; null: the first, or the currency changed.';


--
-- Name: COLUMN hourly_movement.available_movement; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_movement.available_movement IS 'The same of the available balances.';


--
-- Name: hourly_total; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.hourly_total AS
 SELECT b.as_of_hour,
    a.entity,
    b.currency,
    (count(*))::integer AS accounts,
    sum((b.available_balance)::numeric) AS available_balance,
    sum((b.ledger_balance)::numeric) AS ledger_balance
   FROM (ledger.balance b
     JOIN ledger.account a USING (account_id))
  GROUP BY b.as_of_hour, a.entity, b.currency;


ALTER VIEW ledger.hourly_total OWNER TO qbank_owner;

--
-- Name: VIEW hourly_total; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.hourly_total IS 'The balances of an hour, summed by the entity that the account has now; never across currencies. What an hour lacks is in ledger.coverage. Grain: hour × entity × currency.';


--
-- Name: COLUMN hourly_total.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_total.as_of_hour IS 'The UTC hour.';


--
-- Name: COLUMN hourly_total.entity; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_total.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN hourly_total.currency; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_total.currency IS 'ISO 4217 code of the sums.';


--
-- Name: COLUMN hourly_total.accounts; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_total.accounts IS 'Accounts with a balance in the hour.';


--
-- Name: COLUMN hourly_total.available_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_total.available_balance IS 'Sum of their available balances.';


--
-- Name: COLUMN hourly_total.ledger_balance; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.hourly_total.ledger_balance IS 'Sum of their ledger balances.';


--
-- Name: lock_plan; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.lock_plan (
);


ALTER TABLE ledger.lock_plan OWNER TO qbank_owner;

--
-- Name: TABLE lock_plan; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.lock_plan IS 'Held by who plans or makes partitions: see ledger.acquire_lock. Without rows.';


--
-- Name: lock_publish; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.lock_publish (
);


ALTER TABLE ledger.lock_publish OWNER TO qbank_owner;

--
-- Name: TABLE lock_publish; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.lock_publish IS 'Held by who publishes, releases or sets aside: see ledger.acquire_lock. Without rows.';


--
-- Name: lock_reconcile; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.lock_reconcile (
);


ALTER TABLE ledger.lock_reconcile OWNER TO qbank_owner;

--
-- Name: TABLE lock_reconcile; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.lock_reconcile IS 'Held by who compares or signs off: see ledger.acquire_lock. Without rows.';


--
-- Name: missing_hour_reason; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.missing_hour_reason (
    account_id ledger.account_id NOT NULL,
    as_of_hour timestamp with time zone NOT NULL,
    reason text NOT NULL,
    run_no bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE ledger.missing_hour_reason OWNER TO qbank_owner;

--
-- Name: TABLE missing_hour_reason; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.missing_hour_reason IS 'Why the newest run that tried could not publish an account in an hour; kept for ever. Read it through ledger.missing_hour. Grain: account × hour.';


--
-- Name: COLUMN missing_hour_reason.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour_reason.account_id IS 'The account.';


--
-- Name: COLUMN missing_hour_reason.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour_reason.as_of_hour IS 'The UTC hour in which the run tried.';


--
-- Name: COLUMN missing_hour_reason.reason; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour_reason.reason IS 'The reason of a failure (http_404), or quarantined: and the reasons.';


--
-- Name: COLUMN missing_hour_reason.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour_reason.run_no IS 'The run that tried.';


--
-- Name: COLUMN missing_hour_reason.recorded_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour_reason.recorded_at IS 'When it was written down (UTC).';


--
-- Name: missing_hour; Type: VIEW; Schema: ledger; Owner: qbank_owner
--

CREATE VIEW ledger.missing_hour AS
 SELECT m.account_id,
    c.as_of_hour,
    COALESCE(g.reason, 'no run'::text) AS reason,
    g.run_no
   FROM ((ledger.coverage c
     CROSS JOIN LATERAL ledger.missing_accounts(c.as_of_hour) m(account_id))
     LEFT JOIN ledger.missing_hour_reason g ON ((((g.account_id)::text = m.account_id) AND (g.as_of_hour = c.as_of_hour))))
  WHERE (c.missing > 0);


ALTER VIEW ledger.missing_hour OWNER TO qbank_owner;

--
-- Name: VIEW missing_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON VIEW ledger.missing_hour IS 'Each account-hour that coverage counts as missing, and why. Grain: account × hour without a balance.';


--
-- Name: COLUMN missing_hour.account_id; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour.account_id IS 'The account.';


--
-- Name: COLUMN missing_hour.as_of_hour; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour.as_of_hour IS 'The UTC hour.';


--
-- Name: COLUMN missing_hour.reason; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour.reason IS 'What the newest run that tried knew (http_404, quarantined: too_precise); no run: none tried.';


--
-- Name: COLUMN missing_hour.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.missing_hour.run_no IS 'That run; null: none tried.';


--
-- Name: seal; Type: TABLE; Schema: ledger; Owner: qbank_owner
--

CREATE TABLE ledger.seal (
    seal_no bigint NOT NULL,
    run_no bigint NOT NULL,
    row_count bigint NOT NULL,
    control_totals jsonb NOT NULL,
    rows_sha256 ledger.sha256_hex NOT NULL,
    previous_sha256 ledger.sha256_hex,
    sha256 ledger.sha256_hex NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    row_hashes bytea,
    form smallint NOT NULL,
    CONSTRAINT row_hashes_are_the_sealed_ones CHECK (((encode(sha256(row_hashes), 'hex'::text) = (rows_sha256)::text) AND (length(row_hashes) = (32 * row_count)))),
    CONSTRAINT seal_form_check CHECK ((form = ANY (ARRAY[1, 2]))),
    CONSTRAINT seal_row_count_check CHECK ((row_count > 0)),
    CONSTRAINT years_have_four_digits CHECK (((sealed_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (sealed_at < '10000-01-01 00:00:00+00'::timestamp with time zone)))
);
ALTER TABLE ONLY ledger.seal ALTER COLUMN row_hashes SET STORAGE EXTERNAL;


ALTER TABLE ledger.seal OWNER TO qbank_owner;

--
-- Name: TABLE seal; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON TABLE ledger.seal IS 'One link for each publish of at least a row, chained by hash; append-only. Grain: publish.';


--
-- Name: COLUMN seal.seal_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.seal_no IS 'Number of the seal; rising, may have gaps.';


--
-- Name: COLUMN seal.run_no; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.run_no IS 'The run whose observations were published.';


--
-- Name: COLUMN seal.row_count; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.row_count IS 'Rows that the publish wrote.';


--
-- Name: COLUMN seal.control_totals; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.control_totals IS 'For each currency the sums of available and ledger balance of those rows, as text.';


--
-- Name: COLUMN seal.rows_sha256; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.rows_sha256 IS 'SHA-256 over row_hashes: over the rows in canonical form.';


--
-- Name: COLUMN seal.previous_sha256; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.previous_sha256 IS 'sha256 of the seal before; null for the first.';


--
-- Name: COLUMN seal.sha256; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.sha256 IS 'SHA-256 over this seal and the one before it.';


--
-- Name: COLUMN seal.sealed_at; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.sealed_at IS 'When it was published: recorded_at of its rows (UTC).';


--
-- Name: COLUMN seal.row_hashes; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.row_hashes IS 'ledger.row_sha256 of each row, 32 bytes each, in key order: what rows_sha256 is the hash of, kept so that an altered row can be named. Null: sealed before they were kept.';


--
-- Name: COLUMN seal.form; Type: COMMENT; Schema: ledger; Owner: qbank_owner
--

COMMENT ON COLUMN ledger.seal.form IS 'How the text was made that sha256 is the hash of. 2: ledger.seal_text; 1: as before the first release, with PostgreSQL''s own text of control_totals.';


--
-- Name: seal_no; Type: SEQUENCE; Schema: ledger; Owner: qbank_owner
--

CREATE SEQUENCE ledger.seal_no
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE ledger.seal_no OWNER TO qbank_owner;

--
-- Name: account_time; Type: VIEW; Schema: recon; Owner: qbank_owner
--

CREATE VIEW recon.account_time AS
 SELECT a.account_id,
    ((COALESCE(LEAST(p.opened_at, b.observed_at), ( SELECT f_1.observed_at
           FROM ledger.balance f_1
          ORDER BY f_1.as_of_hour
         LIMIT 1), '-infinity'::timestamp with time zone) AT TIME ZONE a.time_zone))::date AS begins_on,
    ((now() AT TIME ZONE a.time_zone))::date AS today
   FROM (((ledger.account a
     CROSS JOIN LATERAL ( SELECT min(o.opened_at) AS opened_at
           FROM ledger.account_period o
          WHERE ((o.account_id)::text = (a.account_id)::text)) p)
     LEFT JOIN LATERAL ( SELECT f_1.as_of_hour,
            f_1.observed_at
           FROM ledger.balance f_1
          WHERE (((f_1.account_id)::text = (a.account_id)::text) AND (f_1.as_of_hour < COALESCE(p.opened_at, 'infinity'::timestamp with time zone)))
          ORDER BY f_1.as_of_hour
         LIMIT 1) f ON (true))
     CROSS JOIN LATERAL ( SELECT LEAST(f.observed_at, min(h.observed_at)) AS observed_at
           FROM ledger.balance_history h
          WHERE (((h.account_id)::text = (a.account_id)::text) AND (h.as_of_hour = f.as_of_hour))) b);


ALTER VIEW recon.account_time OWNER TO qbank_owner;

--
-- Name: VIEW account_time; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON VIEW recon.account_time IS 'The dates on which an account can be compared, by its own clock; what is loaded for another date is kept, and changes nothing. Grain: account.';


--
-- Name: COLUMN account_time.account_id; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.account_time.account_id IS 'The account.';


--
-- Name: COLUMN account_time.begins_on; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.account_time.begins_on IS 'The date on which it was first expected or first had a balance, whichever was earlier; where there is neither, the ledger''s first; -infinity: the ledger has no balance yet.';


--
-- Name: COLUMN account_time.today; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.account_time.today IS 'The date that it is now.';


--
-- Name: changed; Type: TABLE; Schema: recon; Owner: qbank_owner
--

CREATE TABLE recon.changed (
    changed_no bigint NOT NULL,
    entity text,
    gl_account text,
    currency ledger.currency_code,
    first_date date NOT NULL,
    last_date date NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE recon.changed OWNER TO qbank_owner;

--
-- Name: TABLE changed; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON TABLE recon.changed IS 'Inputs that changed, still to be compared: triggers note them, a comparison of every date takes them away once the dates are over. Grain: change.';


--
-- Name: COLUMN changed.changed_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.changed.changed_no IS 'Number of the change.';


--
-- Name: COLUMN changed.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.changed.entity IS 'Legal entity whose accounts it touches; null: any.';


--
-- Name: COLUMN changed.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.changed.gl_account IS 'GL account that it touches; null: any.';


--
-- Name: COLUMN changed.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.changed.currency IS 'Currency of that GL account; null: any.';


--
-- Name: COLUMN changed.first_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.changed.first_date IS 'First date that it may touch.';


--
-- Name: COLUMN changed.last_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.changed.last_date IS 'Last date that it may touch.';


--
-- Name: COLUMN changed.changed_at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.changed.changed_at IS 'When it changed (UTC).';


--
-- Name: changed_changed_no_seq; Type: SEQUENCE; Schema: recon; Owner: qbank_owner
--

ALTER TABLE recon.changed ALTER COLUMN changed_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME recon.changed_changed_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: item; Type: TABLE; Schema: recon; Owner: qbank_owner
--

CREATE TABLE recon.item (
    load_no bigint NOT NULL,
    entity text NOT NULL,
    gl_account text NOT NULL,
    currency ledger.currency_code NOT NULL,
    item_date date NOT NULL,
    cleared_date date,
    side text NOT NULL,
    kind text NOT NULL,
    amount ledger.amount NOT NULL,
    reference text NOT NULL,
    line_no integer,
    CONSTRAINT amount_has_its_currencys_decimals CHECK ((scale((amount)::numeric) <= COALESCE(ledger.minor_units((currency)::text), '-1'::integer))),
    CONSTRAINT item_check CHECK ((isfinite(cleared_date) AND (cleared_date >= item_date))),
    CONSTRAINT item_entity_check CHECK ((entity <> ''::text)),
    CONSTRAINT item_gl_account_check CHECK ((gl_account <> ''::text)),
    CONSTRAINT item_item_date_check CHECK (isfinite(item_date)),
    CONSTRAINT item_kind_check CHECK ((kind <> ''::text)),
    CONSTRAINT item_line_no_check CHECK ((line_no > 0)),
    CONSTRAINT item_side_check CHECK ((side = ANY (ARRAY['bank'::text, 'book'::text])))
);


ALTER TABLE recon.item OWNER TO qbank_owner;

--
-- Name: TABLE item; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON TABLE recon.item IS 'Outstanding items as each file gave them; append-only. All but cleared_date and amount say which item it is: the newest load of it counts (recon.current_item). Grain: outstanding item × load.';


--
-- Name: COLUMN item.load_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.load_no IS 'The load that gave it.';


--
-- Name: COLUMN item.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN item.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.gl_account IS 'The general-ledger account.';


--
-- Name: COLUMN item.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.currency IS 'ISO 4217 code of the amount.';


--
-- Name: COLUMN item.item_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.item_date IS 'The first date on which it counts.';


--
-- Name: COLUMN item.cleared_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.cleared_date IS 'The first date on which it counts no more; null: open.';


--
-- Name: COLUMN item.side; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.side IS 'bank: the bank has not seen it yet (deposit in transit, outstanding payment); book: the books have not (unrecorded credit or charge).';


--
-- Name: COLUMN item.kind; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.kind IS 'What it is, in the ERP''s words.';


--
-- Name: COLUMN item.amount; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.amount IS 'Exact, signed as cash: money in is positive, money out negative. 0 withdraws an item.';


--
-- Name: COLUMN item.reference; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.reference IS 'The ERP''s reference; may be empty.';


--
-- Name: COLUMN item.line_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.item.line_no IS 'Line of the file on which the row begins; null: loaded before lines were kept.';


--
-- Name: current_item; Type: VIEW; Schema: recon; Owner: qbank_owner
--

CREATE VIEW recon.current_item AS
 SELECT DISTINCT ON (entity, gl_account, currency, side, kind, item_date, reference) entity,
    gl_account,
    currency,
    item_date,
    cleared_date,
    side,
    kind,
    amount,
    reference,
    load_no
   FROM recon.item
  ORDER BY entity, gl_account, currency, side, kind, item_date, reference, load_no DESC;


ALTER VIEW recon.current_item OWNER TO qbank_owner;

--
-- Name: VIEW current_item; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON VIEW recon.current_item IS 'Each item as the newest load gave it. Grain: outstanding item.';


--
-- Name: COLUMN current_item.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN current_item.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.gl_account IS 'The general-ledger account.';


--
-- Name: COLUMN current_item.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.currency IS 'ISO 4217 code of the amount.';


--
-- Name: COLUMN current_item.item_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.item_date IS 'The first date on which it counts.';


--
-- Name: COLUMN current_item.cleared_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.cleared_date IS 'The first date on which it counts no more; null: open.';


--
-- Name: COLUMN current_item.side; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.side IS 'bank: the bank has not seen it yet; book: the books have not.';


--
-- Name: COLUMN current_item.kind; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.kind IS 'What it is, in the ERP''s words.';


--
-- Name: COLUMN current_item.amount; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.amount IS 'Exact, signed as cash.';


--
-- Name: COLUMN current_item.reference; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.reference IS 'The ERP''s reference; may be empty.';


--
-- Name: COLUMN current_item.load_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.current_item.load_no IS 'The load that gave it.';


--
-- Name: gl_balance; Type: TABLE; Schema: recon; Owner: qbank_owner
--

CREATE TABLE recon.gl_balance (
    load_no bigint NOT NULL,
    entity text NOT NULL,
    gl_account text NOT NULL,
    currency ledger.currency_code NOT NULL,
    as_of_date date NOT NULL,
    balance ledger.amount NOT NULL,
    line_no integer,
    CONSTRAINT balance_has_its_currencys_decimals CHECK ((scale((balance)::numeric) <= COALESCE(ledger.minor_units((currency)::text), '-1'::integer))),
    CONSTRAINT gl_balance_as_of_date_check CHECK (isfinite(as_of_date)),
    CONSTRAINT gl_balance_entity_check CHECK ((entity <> ''::text)),
    CONSTRAINT gl_balance_gl_account_check CHECK ((gl_account <> ''::text)),
    CONSTRAINT gl_balance_line_no_check CHECK ((line_no > 0))
);


ALTER TABLE recon.gl_balance OWNER TO qbank_owner;

--
-- Name: TABLE gl_balance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON TABLE recon.gl_balance IS 'The general ledger''s closing balances as each file gave them; append-only. The newest load of a key counts, and a later load that lacks a row takes nothing back. Grain: GL account × date × load.';


--
-- Name: COLUMN gl_balance.load_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_balance.load_no IS 'The load that gave it.';


--
-- Name: COLUMN gl_balance.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_balance.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN gl_balance.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_balance.gl_account IS 'The general-ledger account.';


--
-- Name: COLUMN gl_balance.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_balance.currency IS 'ISO 4217 code of the balance.';


--
-- Name: COLUMN gl_balance.as_of_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_balance.as_of_date IS 'The posting date of which it is the closing.';


--
-- Name: COLUMN gl_balance.balance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_balance.balance IS 'Closing balance, exact; debit positive, an overdraft is negative.';


--
-- Name: COLUMN gl_balance.line_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_balance.line_no IS 'Line of the file on which the row begins; null: loaded before lines were kept.';


--
-- Name: gl_load; Type: TABLE; Schema: recon; Owner: qbank_owner
--

CREATE TABLE recon.gl_load (
    load_no bigint NOT NULL,
    kind text NOT NULL,
    sha256 ledger.sha256_hex NOT NULL,
    rows integer NOT NULL,
    loaded_by text DEFAULT SESSION_USER NOT NULL,
    loaded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT gl_load_kind_check CHECK ((kind = ANY (ARRAY['gl'::text, 'items'::text]))),
    CONSTRAINT gl_load_rows_check CHECK ((rows >= 0))
);


ALTER TABLE recon.gl_load OWNER TO qbank_owner;

--
-- Name: TABLE gl_load; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON TABLE recon.gl_load IS 'A file from the ERP that was loaded, whole; append-only. The same file again is the same load. Grain: file.';


--
-- Name: COLUMN gl_load.load_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_load.load_no IS 'Number of the load, rising; may have gaps.';


--
-- Name: COLUMN gl_load.kind; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_load.kind IS 'gl: closing balances; items: outstanding items.';


--
-- Name: COLUMN gl_load.sha256; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_load.sha256 IS 'SHA-256 of the file''s bytes, in hex.';


--
-- Name: COLUMN gl_load.rows; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_load.rows IS 'Rows that it holds.';


--
-- Name: COLUMN gl_load.loaded_by; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_load.loaded_by IS 'The login that loaded it.';


--
-- Name: COLUMN gl_load.loaded_at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.gl_load.loaded_at IS 'When it was loaded (UTC).';


--
-- Name: gl_load_load_no_seq; Type: SEQUENCE; Schema: recon; Owner: qbank_owner
--

ALTER TABLE recon.gl_load ALTER COLUMN load_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME recon.gl_load_load_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: reconciliation; Type: TABLE; Schema: recon; Owner: qbank_owner
--

CREATE TABLE recon.reconciliation (
    account_id ledger.account_id NOT NULL,
    as_of_date date NOT NULL,
    version integer NOT NULL,
    entity text NOT NULL,
    gl_account text NOT NULL,
    currency ledger.currency_code NOT NULL,
    bank_balance ledger.amount,
    bank_observed_at timestamp with time zone,
    gl_balance ledger.amount,
    gl_load_no bigint,
    difference ledger.amount,
    bank_items ledger.amount NOT NULL,
    book_items ledger.amount NOT NULL,
    unexplained ledger.amount,
    tolerance ledger.amount NOT NULL,
    status text NOT NULL,
    cause text,
    opened_on date,
    age_days integer,
    members text[] NOT NULL,
    provisional boolean NOT NULL,
    compared_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT difference_is_bank_minus_gl CHECK ((NOT ((difference)::numeric IS DISTINCT FROM ((bank_balance)::numeric - (gl_balance)::numeric)))),
    CONSTRAINT only_what_is_missing_has_no_difference CHECK (((status = ANY (ARRAY['missing_bank'::text, 'missing_gl'::text])) = (difference IS NULL))),
    CONSTRAINT reconciliation_age_days_check CHECK ((age_days >= 0)),
    CONSTRAINT reconciliation_cause_check CHECK ((cause = ANY (ARRAY['missing_bank_data'::text, 'currency'::text, 'stale'::text, 'restatement'::text, 'duplicate'::text, 'timing'::text, 'sign'::text, 'transposition'::text, 'unexplained'::text]))),
    CONSTRAINT reconciliation_check CHECK (((account_id)::text = ANY (members))),
    CONSTRAINT reconciliation_status_check CHECK ((status = ANY (ARRAY['matched'::text, 'within_tolerance'::text, 'break'::text, 'missing_bank'::text, 'missing_gl'::text, 'stale_bank'::text]))),
    CONSTRAINT reconciliation_tolerance_check CHECK (((tolerance)::numeric >= (0)::numeric)),
    CONSTRAINT reconciliation_version_check CHECK ((version > 0)),
    CONSTRAINT unexplained_is_what_items_leave CHECK ((NOT ((unexplained)::numeric IS DISTINCT FROM (((difference)::numeric + (bank_items)::numeric) - (book_items)::numeric)))),
    CONSTRAINT what_does_not_match_is_explained CHECK ((((status = ANY (ARRAY['matched'::text, 'within_tolerance'::text])) = (cause IS NULL)) AND ((cause IS NULL) = (opened_on IS NULL)) AND (NOT (age_days IS DISTINCT FROM (as_of_date - opened_on)))))
);


ALTER TABLE recon.reconciliation OWNER TO qbank_owner;

--
-- Name: TABLE reconciliation; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON TABLE recon.reconciliation IS 'What comparing an account''s closing at the bank with the general ledger''s found; a new version only when it finds something else; append-only. Accounts that share (entity, gl_account, currency) compare as their sum, and each repeats the group''s result. Grain: account × date × version.';


--
-- Name: COLUMN reconciliation.account_id; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.account_id IS 'The account.';


--
-- Name: COLUMN reconciliation.as_of_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.as_of_date IS 'The closing''s date: the bank''s in the account''s time zone, the GL''s posting date.';


--
-- Name: COLUMN reconciliation.version; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.version IS '1, 2, …: the newest counts.';


--
-- Name: COLUMN reconciliation.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.entity IS 'Legal entity or company code in the ERP, when it was compared.';


--
-- Name: COLUMN reconciliation.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.gl_account IS 'The general-ledger account, when it was compared.';


--
-- Name: COLUMN reconciliation.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.currency IS 'ISO 4217 code of every amount here.';


--
-- Name: COLUMN reconciliation.bank_balance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.bank_balance IS 'Closing ledger balance at the bank, summed over members; positive is the holder''s money. Null: a member has none.';


--
-- Name: COLUMN reconciliation.bank_observed_at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.bank_observed_at IS 'When that closing was observed, the oldest of the members'' (UTC).';


--
-- Name: COLUMN reconciliation.gl_balance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.gl_balance IS 'Closing balance in the general ledger, debit positive; null: none was loaded.';


--
-- Name: COLUMN reconciliation.gl_load_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.gl_load_no IS 'The load that gave it.';


--
-- Name: COLUMN reconciliation.difference; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.difference IS 'bank_balance − gl_balance, exact; null: a side is missing.';


--
-- Name: COLUMN reconciliation.bank_items; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.bank_items IS 'Sum of the items that the bank has not seen yet and that count on the date.';


--
-- Name: COLUMN reconciliation.book_items; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.book_items IS 'Sum of the items that the books have not seen yet and that count on the date.';


--
-- Name: COLUMN reconciliation.unexplained; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.unexplained IS 'difference + bank_items − book_items.';


--
-- Name: COLUMN reconciliation.tolerance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.tolerance IS 'Largest unexplained amount that passed, the smallest of the members''.';


--
-- Name: COLUMN reconciliation.status; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.status IS 'matched: nothing is unexplained; within_tolerance: no more than the tolerance; break: more; missing_bank: no closing at the bank; missing_gl: no row in the GL; stale_bank: the closing is too old to match.';


--
-- Name: COLUMN reconciliation.cause; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.cause IS 'What the numbers say of it, see docs/reconciliation.md; null: it matched or is within tolerance.';


--
-- Name: COLUMN reconciliation.opened_on; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.opened_on IS 'First date since it last matched on which it did not; null: it matches.';


--
-- Name: COLUMN reconciliation.age_days; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.age_days IS 'as_of_date − opened_on, in calendar days.';


--
-- Name: COLUMN reconciliation.members; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.members IS 'Ids of the accounts compared as one sum, itself among them.';


--
-- Name: COLUMN reconciliation.provisional; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.provisional IS 'Whether it was compared before a cut-off of the date: it may still change, and can''t be signed.';


--
-- Name: COLUMN reconciliation.compared_at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.reconciliation.compared_at IS 'When this version was made (UTC).';


--
-- Name: open_break; Type: VIEW; Schema: recon; Owner: qbank_owner
--

CREATE VIEW recon.open_break AS
 SELECT n.account_id,
    n.opened_on,
    n.as_of_date,
    n.status,
    n.difference,
    n.unexplained,
    n.cause,
    n.age_days,
    n.entity,
    n.gl_account,
    n.currency,
    n.members,
    n.provisional
   FROM ((ledger.account a
     JOIN recon.account_time t USING (account_id))
     CROSS JOIN LATERAL ( SELECT r.account_id,
            r.as_of_date,
            r.version,
            r.entity,
            r.gl_account,
            r.currency,
            r.bank_balance,
            r.bank_observed_at,
            r.gl_balance,
            r.gl_load_no,
            r.difference,
            r.bank_items,
            r.book_items,
            r.unexplained,
            r.tolerance,
            r.status,
            r.cause,
            r.opened_on,
            r.age_days,
            r.members,
            r.provisional,
            r.compared_at
           FROM recon.reconciliation r
          WHERE (((r.account_id)::text = (a.account_id)::text) AND ((r.as_of_date >= t.begins_on) AND (r.as_of_date <= t.today)))
          ORDER BY r.as_of_date DESC, r.version DESC
         LIMIT 1) n)
  WHERE (a.active AND (n.opened_on IS NOT NULL));


ALTER VIEW recon.open_break OWNER TO qbank_owner;

--
-- Name: VIEW open_break; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON VIEW recon.open_break IS 'Each active account whose newest date neither matched nor is within tolerance; missing and stale ones too. Grain: account with an open item.';


--
-- Name: COLUMN open_break.account_id; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.account_id IS 'The account.';


--
-- Name: COLUMN open_break.opened_on; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.opened_on IS 'First date since it last matched on which it did not.';


--
-- Name: COLUMN open_break.as_of_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.as_of_date IS 'The newest date compared.';


--
-- Name: COLUMN open_break.status; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.status IS 'break, missing_bank, missing_gl or stale_bank on that date.';


--
-- Name: COLUMN open_break.difference; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.difference IS 'Bank − GL on that date, exact; null: a side is missing.';


--
-- Name: COLUMN open_break.unexplained; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.unexplained IS 'What the items leave of it.';


--
-- Name: COLUMN open_break.cause; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.cause IS 'What the numbers say of it.';


--
-- Name: COLUMN open_break.age_days; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.age_days IS 'as_of_date − opened_on, in calendar days.';


--
-- Name: COLUMN open_break.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN open_break.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.gl_account IS 'The general-ledger account.';


--
-- Name: COLUMN open_break.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.currency IS 'ISO 4217 code of the amounts.';


--
-- Name: COLUMN open_break.members; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.members IS 'Ids of the accounts compared as one sum.';


--
-- Name: COLUMN open_break.provisional; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break.provisional IS 'Whether that date may still change.';


--
-- Name: open_break_total; Type: VIEW; Schema: recon; Owner: qbank_owner
--

CREATE VIEW recon.open_break_total AS
 SELECT entity,
    currency,
    recon.age_bucket(age_days) AS age_bucket,
    (count(*))::integer AS items,
    (count(unexplained))::integer AS items_with_amount,
    sum((unexplained)::numeric) AS unexplained,
    sum(abs((unexplained)::numeric)) AS gross_unexplained,
    max(age_days) AS oldest_days
   FROM ( SELECT DISTINCT ON (open_break.entity, open_break.gl_account, open_break.currency) open_break.account_id,
            open_break.opened_on,
            open_break.as_of_date,
            open_break.status,
            open_break.difference,
            open_break.unexplained,
            open_break.cause,
            open_break.age_days,
            open_break.entity,
            open_break.gl_account,
            open_break.currency,
            open_break.members,
            open_break.provisional
           FROM recon.open_break
          ORDER BY open_break.entity, open_break.gl_account, open_break.currency, open_break.as_of_date DESC, open_break.age_days DESC) once
  GROUP BY entity, currency, (recon.age_bucket(age_days));


ALTER VIEW recon.open_break_total OWNER TO qbank_owner;

--
-- Name: VIEW open_break_total; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON VIEW recon.open_break_total IS 'The open items summed; accounts compared as one sum count once; never across currencies. Grain: entity × currency × age bucket.';


--
-- Name: COLUMN open_break_total.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN open_break_total.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.currency IS 'ISO 4217 code of the sums.';


--
-- Name: COLUMN open_break_total.age_bucket; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.age_bucket IS 'Calendar days open: 0-7, 8-30, 31-60, 61-90, over 90.';


--
-- Name: COLUMN open_break_total.items; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.items IS 'Open items.';


--
-- Name: COLUMN open_break_total.items_with_amount; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.items_with_amount IS 'Those of them with both sides: the sums lack the others.';


--
-- Name: COLUMN open_break_total.unexplained; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.unexplained IS 'Sum of what is unexplained; null: no item has an amount.';


--
-- Name: COLUMN open_break_total.gross_unexplained; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.gross_unexplained IS 'Sum of its absolute values.';


--
-- Name: COLUMN open_break_total.oldest_days; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.open_break_total.oldest_days IS 'Age of the oldest.';


--
-- Name: sign_off_sign_off_no_seq; Type: SEQUENCE; Schema: recon; Owner: qbank_owner
--

ALTER TABLE recon.sign_off ALTER COLUMN sign_off_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME recon.sign_off_sign_off_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: sign_off_state; Type: VIEW; Schema: recon; Owner: qbank_owner
--

CREATE VIEW recon.sign_off_state AS
 SELECT r.account_id,
    r.as_of_date,
    r.version,
    r.entity,
    r.gl_account,
    r.currency,
    r.bank_balance,
    r.gl_balance,
    r.difference,
    r.unexplained,
    r.status,
    r.cause,
    r.age_days,
    r.provisional,
    COALESCE(a.state, 'open'::text) AS state,
        CASE
            WHEN (a.state = ANY (ARRAY['prepared'::text, 'approved'::text])) THEN a.version
            ELSE NULL::integer
        END AS signed_version,
    p.actor AS prepared_by,
    p.at AS prepared_at,
        CASE
            WHEN (a.state = 'approved'::text) THEN a.actor
            ELSE NULL::text
        END AS approved_by,
        CASE
            WHEN (a.state = 'approved'::text) THEN a.at
            ELSE NULL::timestamp with time zone
        END AS approved_at,
    a.actor AS acted_by,
    a.at AS acted_at,
    a.comment
   FROM ((( SELECT DISTINCT ON (reconciliation.account_id, reconciliation.as_of_date) reconciliation.account_id,
            reconciliation.as_of_date,
            reconciliation.version,
            reconciliation.entity,
            reconciliation.gl_account,
            reconciliation.currency,
            reconciliation.bank_balance,
            reconciliation.gl_balance,
            reconciliation.difference,
            reconciliation.unexplained,
            reconciliation.status,
            reconciliation.cause,
            reconciliation.age_days,
            reconciliation.provisional
           FROM recon.reconciliation
          ORDER BY reconciliation.account_id, reconciliation.as_of_date, reconciliation.version DESC) r
     LEFT JOIN LATERAL ( SELECT s.version,
            s.state,
            s.actor,
            s.at,
            s.comment
           FROM recon.sign_off s
          WHERE (((s.account_id)::text = (r.account_id)::text) AND (s.as_of_date = r.as_of_date))
          ORDER BY s.sign_off_no DESC
         LIMIT 1) a ON (true))
     LEFT JOIN LATERAL ( SELECT s.actor,
            s.at
           FROM recon.sign_off s
          WHERE (((s.account_id)::text = (r.account_id)::text) AND (s.as_of_date = r.as_of_date) AND (s.state = 'prepared'::text) AND (a.state <> 'decertified'::text))
          ORDER BY s.sign_off_no DESC
         LIMIT 1) p ON (true));


ALTER VIEW recon.sign_off_state OWNER TO qbank_owner;

--
-- Name: VIEW sign_off_state; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON VIEW recon.sign_off_state IS 'Each reconciliation as it stands, and how far it is signed off; filter it by as_of_date or account_id. Grain: account × date that was compared, its newest version.';


--
-- Name: COLUMN sign_off_state.account_id; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.account_id IS 'The account.';


--
-- Name: COLUMN sign_off_state.as_of_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.as_of_date IS 'The closing''s date.';


--
-- Name: COLUMN sign_off_state.version; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.version IS 'The newest version: what the columns up to provisional are of.';


--
-- Name: COLUMN sign_off_state.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN sign_off_state.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.gl_account IS 'The general-ledger account.';


--
-- Name: COLUMN sign_off_state.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.currency IS 'ISO 4217 code of the amounts.';


--
-- Name: COLUMN sign_off_state.bank_balance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.bank_balance IS 'Closing ledger balance at the bank, exact; null: none.';


--
-- Name: COLUMN sign_off_state.gl_balance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.gl_balance IS 'Closing balance in the general ledger, exact; null: none.';


--
-- Name: COLUMN sign_off_state.difference; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.difference IS 'Bank − GL, exact; null: a side is missing.';


--
-- Name: COLUMN sign_off_state.unexplained; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.unexplained IS 'What the items leave of it.';


--
-- Name: COLUMN sign_off_state.status; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.status IS 'matched, within_tolerance, break, missing_bank, missing_gl or stale_bank.';


--
-- Name: COLUMN sign_off_state.cause; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.cause IS 'What the numbers say of it; null: it matched or is within tolerance.';


--
-- Name: COLUMN sign_off_state.age_days; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.age_days IS 'Calendar days open; null: it matches.';


--
-- Name: COLUMN sign_off_state.provisional; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.provisional IS 'Whether it was compared before its cut-off: it can''t be signed.';


--
-- Name: COLUMN sign_off_state.state; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.state IS 'open: nobody acted; prepared, approved, rejected; decertified: taken back, as numbers or status changed after it was prepared or approved.';


--
-- Name: COLUMN sign_off_state.signed_version; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.signed_version IS 'The version that was prepared or approved, with the same numbers and status as the newest; null: nothing stands.';


--
-- Name: COLUMN sign_off_state.prepared_by; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.prepared_by IS 'Who prepared what is prepared, approved or rejected.';


--
-- Name: COLUMN sign_off_state.prepared_at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.prepared_at IS 'When (UTC).';


--
-- Name: COLUMN sign_off_state.approved_by; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.approved_by IS 'Who approved it; null: it is not approved.';


--
-- Name: COLUMN sign_off_state.approved_at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.approved_at IS 'When (UTC).';


--
-- Name: COLUMN sign_off_state.acted_by; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.acted_by IS 'Who took the newest action; null: nobody acted.';


--
-- Name: COLUMN sign_off_state.acted_at; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.acted_at IS 'When (UTC).';


--
-- Name: COLUMN sign_off_state.comment; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.sign_off_state.comment IS 'What the newest action said; of decertified, what changed.';


--
-- Name: unmapped_gl; Type: VIEW; Schema: recon; Owner: qbank_owner
--

CREATE VIEW recon.unmapped_gl AS
 SELECT DISTINCT ON (as_of_date, entity, gl_account, currency) entity,
    gl_account,
    currency,
    as_of_date,
    balance,
    load_no
   FROM recon.gl_balance g
  WHERE (NOT (EXISTS ( SELECT
           FROM ledger.account a
          WHERE (((a.entity = g.entity) AND (a.gl_account = g.gl_account) AND ((a.currency)::text = (g.currency)::text)) AND a.active))))
  ORDER BY as_of_date, entity, gl_account, currency, load_no DESC;


ALTER VIEW recon.unmapped_gl OWNER TO qbank_owner;

--
-- Name: VIEW unmapped_gl; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON VIEW recon.unmapped_gl IS 'GL balances that nothing is compared with: no active account has that entity, GL account and currency. Grain: GL account × date.';


--
-- Name: COLUMN unmapped_gl.entity; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.unmapped_gl.entity IS 'Legal entity or company code in the ERP.';


--
-- Name: COLUMN unmapped_gl.gl_account; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.unmapped_gl.gl_account IS 'The general-ledger account.';


--
-- Name: COLUMN unmapped_gl.currency; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.unmapped_gl.currency IS 'ISO 4217 code of the balance.';


--
-- Name: COLUMN unmapped_gl.as_of_date; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.unmapped_gl.as_of_date IS 'The posting date.';


--
-- Name: COLUMN unmapped_gl.balance; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.unmapped_gl.balance IS 'Closing balance as the newest load gave it.';


--
-- Name: COLUMN unmapped_gl.load_no; Type: COMMENT; Schema: recon; Owner: qbank_owner
--

COMMENT ON COLUMN recon.unmapped_gl.load_no IS 'That load.';


--
-- Name: observation; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.observation (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    state text NOT NULL,
    reason text,
    available_balance numeric,
    ledger_balance numeric,
    echoed_account_id text,
    echoed_currency text,
    echoed_as_of text,
    bank_as_of timestamp with time zone,
    http_status smallint,
    attempts integer NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    retry_after_s bigint,
    CONSTRAINT a_reason_unless_answered CHECK (((state = 'answered'::text) = (reason IS NULL))),
    CONSTRAINT observation_retry_after_s_check CHECK ((retry_after_s > 0)),
    CONSTRAINT observation_state_check CHECK ((state = ANY (ARRAY['answered'::text, 'unfit'::text, 'failed'::text])))
)
PARTITION BY RANGE (run_no);


ALTER TABLE sync.observation OWNER TO qbank_owner;

--
-- Name: TABLE observation; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.observation IS 'What came of asking for an account: the first answer stands, a failed one may be replaced by a retry. Grain: run × account.';


--
-- Name: COLUMN observation.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.run_no IS 'The run.';


--
-- Name: COLUMN observation.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.account_id IS 'The account that was asked for.';


--
-- Name: COLUMN observation.state; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.state IS 'answered: balances came; unfit: an answer came that can''t be read as balances; failed: no usable answer came.';


--
-- Name: COLUMN observation.reason; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.reason IS 'Why it is unfit or failed; null when answered.';


--
-- Name: COLUMN observation.available_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.available_balance IS 'available_balance of the bank''s answer: exact.';


--
-- Name: COLUMN observation.ledger_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.ledger_balance IS 'ledger_balance of the bank''s answer: exact.';


--
-- Name: COLUMN observation.echoed_account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.echoed_account_id IS 'The account id that the answer names; null: it names none.';


--
-- Name: COLUMN observation.echoed_currency; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.echoed_currency IS 'The currency that the answer names; null: it names none.';


--
-- Name: COLUMN observation.echoed_as_of; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.echoed_as_of IS 'The bank''s own timestamp, as written in the answer; null: it has none.';


--
-- Name: COLUMN observation.bank_as_of; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.bank_as_of IS 'That timestamp (UTC); null: none, or not a time with an offset.';


--
-- Name: COLUMN observation.http_status; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.http_status IS 'HTTP status of the last answer; null: none came.';


--
-- Name: COLUMN observation.attempts; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.attempts IS 'Requests made for this account in this run, over all tries.';


--
-- Name: COLUMN observation.observed_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.observed_at IS 'When the answer, or the final failure, arrived, by this database''s clock (UTC).';


--
-- Name: COLUMN observation.retry_after_s; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.observation.retry_after_s IS 'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; null: none.';


--
-- Name: run; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.run (
    run_no bigint NOT NULL,
    dag_run_id text NOT NULL,
    api_host text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    deadline_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    state text DEFAULT 'running'::text NOT NULL,
    dry_run boolean NOT NULL,
    subset boolean NOT NULL,
    expected integer NOT NULL,
    published integer,
    quarantined integer,
    failed integer,
    payloads_dropped_at timestamp with time zone,
    accounts_dropped_at timestamp with time zone,
    package_version text,
    CONSTRAINT closed_runs_are_counted CHECK (((state = 'running'::text) OR ((finished_at IS NOT NULL) AND (published IS NOT NULL) AND (quarantined IS NOT NULL) AND (failed IS NOT NULL)))),
    CONSTRAINT every_account_ends_once CHECK ((((published + quarantined) + failed) = expected)),
    CONSTRAINT run_expected_check CHECK ((expected > 0)),
    CONSTRAINT run_state_check CHECK ((state = ANY (ARRAY['running'::text, 'complete'::text, 'partial'::text, 'failed'::text, 'dry_run'::text])))
);


ALTER TABLE sync.run OWNER TO qbank_owner;

--
-- Name: TABLE run; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.run IS 'One execution of the plan; kept for ever. Grain: run.';


--
-- Name: COLUMN run.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.run_no IS 'Number of the run, rising.';


--
-- Name: COLUMN run.dag_run_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.dag_run_id IS 'Airflow''s id of the DAG run; not unique: two stacks may share a ledger.';


--
-- Name: COLUMN run.api_host; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.api_host IS 'Host name of the QBank connection that the run used.';


--
-- Name: COLUMN run.started_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.started_at IS 'When the plan began (UTC).';


--
-- Name: COLUMN run.deadline_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.deadline_at IS 'When a run that is still open counts as lost: the next plan closes it by what it published (UTC).';


--
-- Name: COLUMN run.finished_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.finished_at IS 'When it was closed (UTC); null while it runs.';


--
-- Name: COLUMN run.state; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.state IS 'running; complete: every account published; partial: some; failed: none; dry_run: nothing was to be published.';


--
-- Name: COLUMN run.dry_run; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.dry_run IS 'Whether the run was asked to publish nothing.';


--
-- Name: COLUMN run.subset; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.subset IS 'Whether the run was asked for some of the configured accounts only.';


--
-- Name: COLUMN run.expected; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.expected IS 'Accounts of the run.';


--
-- Name: COLUMN run.published; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.published IS 'Accounts published; in a dry run those that would have been. Null while it runs.';


--
-- Name: COLUMN run.quarantined; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.quarantined IS 'Accounts whose answer was not fit to publish. Null while it runs.';


--
-- Name: COLUMN run.failed; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.failed IS 'Accounts without a usable answer, or whose fit answer could not be published. Null while it runs.';


--
-- Name: COLUMN run.payloads_dropped_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.payloads_dropped_at IS 'When the bodies of its answers were dropped (UTC); null: they are still there.';


--
-- Name: COLUMN run.accounts_dropped_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.accounts_dropped_at IS 'When its accounts, answers, findings and verdicts were dropped (UTC): only its counts are left; null: they are still there.';


--
-- Name: COLUMN run.package_version; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run.package_version IS 'The version of airflow-provider-qbank-ledger that planned it; null: one from before this was kept.';


--
-- Name: run_account; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.run_account (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    batch_no integer NOT NULL,
    currency ledger.currency_code NOT NULL,
    minor_units smallint NOT NULL,
    max_age_minutes integer NOT NULL,
    minimum_balance ledger.amount
)
PARTITION BY RANGE (run_no);


ALTER TABLE sync.run_account OWNER TO qbank_owner;

--
-- Name: TABLE run_account; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.run_account IS 'The run''s own copy of the accounts it asks for: a file edited in mid-run changes nothing. Grain: run × account.';


--
-- Name: COLUMN run_account.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run_account.run_no IS 'The run.';


--
-- Name: COLUMN run_account.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run_account.account_id IS 'The account.';


--
-- Name: COLUMN run_account.batch_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run_account.batch_no IS 'The fetch task that asks for it: 0, 1, ….';


--
-- Name: COLUMN run_account.currency; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run_account.currency IS 'ISO 4217 code that the accounts file gave.';


--
-- Name: COLUMN run_account.minor_units; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run_account.minor_units IS 'Decimals of that currency.';


--
-- Name: COLUMN run_account.max_age_minutes; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run_account.max_age_minutes IS 'Oldest bank timestamp that is accepted, in minutes before the observation.';


--
-- Name: COLUMN run_account.minimum_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.run_account.minimum_balance IS 'Ledger balance below which the audit warns; null: none.';


--
-- Name: audit_subject; Type: VIEW; Schema: sync; Owner: qbank_owner
--

CREATE VIEW sync.audit_subject AS
 SELECT o.run_no,
    o.account_id,
    o.state,
    o.reason,
    o.available_balance,
    o.ledger_balance,
    o.echoed_account_id,
    o.echoed_currency,
    o.echoed_as_of,
    o.bank_as_of,
    o.observed_at,
    a.currency,
    a.minor_units,
    a.max_age_minutes,
    a.minimum_balance,
    r.started_at
   FROM ((sync.run r
     JOIN sync.observation o ON ((o.run_no = r.run_no)))
     JOIN sync.run_account a ON (((a.run_no = o.run_no) AND ((a.account_id)::text = (o.account_id)::text))))
  WHERE (o.state <> 'failed'::text);


ALTER VIEW sync.audit_subject OWNER TO qbank_owner;

--
-- Name: VIEW audit_subject; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON VIEW sync.audit_subject IS 'The answers of a run beside what its accounts file said: what each rule of the audit looks at. Grain: run × answer.';


--
-- Name: COLUMN audit_subject.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.run_no IS 'The run.';


--
-- Name: COLUMN audit_subject.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.account_id IS 'The account.';


--
-- Name: COLUMN audit_subject.state; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.state IS 'answered or unfit.';


--
-- Name: COLUMN audit_subject.reason; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.reason IS 'Why an unfit answer can''t be read.';


--
-- Name: COLUMN audit_subject.available_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.available_balance IS 'As the bank gave it.';


--
-- Name: COLUMN audit_subject.ledger_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.ledger_balance IS 'As the bank gave it.';


--
-- Name: COLUMN audit_subject.echoed_account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.echoed_account_id IS 'The account id that the answer names.';


--
-- Name: COLUMN audit_subject.echoed_currency; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.echoed_currency IS 'The currency that the answer names.';


--
-- Name: COLUMN audit_subject.echoed_as_of; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.echoed_as_of IS 'The bank''s own timestamp, as written.';


--
-- Name: COLUMN audit_subject.bank_as_of; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.bank_as_of IS 'That timestamp (UTC), where it can be read.';


--
-- Name: COLUMN audit_subject.observed_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.observed_at IS 'When the answer arrived (UTC).';


--
-- Name: COLUMN audit_subject.currency; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.currency IS 'The account''s currency.';


--
-- Name: COLUMN audit_subject.minor_units; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.minor_units IS 'Decimals of that currency.';


--
-- Name: COLUMN audit_subject.max_age_minutes; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.max_age_minutes IS 'Oldest bank timestamp that is accepted, in minutes.';


--
-- Name: COLUMN audit_subject.minimum_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.minimum_balance IS 'Ledger balance below which the audit warns.';


--
-- Name: COLUMN audit_subject.started_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.audit_subject.started_at IS 'When the run began (UTC).';


--
-- Name: batch; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.batch (
    run_no bigint NOT NULL,
    batch_no integer NOT NULL,
    fetch_started_at timestamp with time zone NOT NULL
);


ALTER TABLE sync.batch OWNER TO qbank_owner;

--
-- Name: TABLE batch; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.batch IS 'When a fetch task first began: its retries share one budget. Grain: run × batch.';


--
-- Name: COLUMN batch.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.batch.run_no IS 'The run.';


--
-- Name: COLUMN batch.batch_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.batch.batch_no IS 'The fetch task.';


--
-- Name: COLUMN batch.fetch_started_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.batch.fetch_started_at IS 'Start of its first try since the run was last opened (UTC).';


--
-- Name: finding; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.finding (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    rule text NOT NULL,
    severity text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT finding_severity_check CHECK ((severity = ANY (ARRAY['critical'::text, 'warning'::text])))
)
PARTITION BY RANGE (run_no);


ALTER TABLE sync.finding OWNER TO qbank_owner;

--
-- Name: TABLE finding; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.finding IS 'A row that broke a rule of the audit. Grain: run × account × rule.';


--
-- Name: COLUMN finding.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.finding.run_no IS 'The run.';


--
-- Name: COLUMN finding.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.finding.account_id IS 'The account.';


--
-- Name: COLUMN finding.rule; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.finding.rule IS 'Name of the rule.';


--
-- Name: COLUMN finding.severity; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.finding.severity IS 'critical holds the row back; warning lets it through.';


--
-- Name: COLUMN finding.reason; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.finding.reason IS 'Reason code of the rule, or of the answer itself.';


--
-- Name: publication; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.publication (
    run_no bigint NOT NULL,
    published_at timestamp with time zone NOT NULL
);


ALTER TABLE sync.publication OWNER TO qbank_owner;

--
-- Name: TABLE publication; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.publication IS 'The run''s newest publish: every fit verdict before it is in the ledger, or lost to a later observation. Grain: run.';


--
-- Name: COLUMN publication.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.publication.run_no IS 'The run.';


--
-- Name: COLUMN publication.published_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.publication.published_at IS 'recorded_at of the rows it wrote (UTC).';


--
-- Name: verdict; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.verdict (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    fit boolean NOT NULL,
    audited_at timestamp with time zone NOT NULL
)
PARTITION BY RANGE (run_no);


ALTER TABLE sync.verdict OWNER TO qbank_owner;

--
-- Name: TABLE verdict; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.verdict IS 'What the audit decided on a row it looked at: nothing is published without one. Grain: run × account.';


--
-- Name: COLUMN verdict.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.verdict.run_no IS 'The run.';


--
-- Name: COLUMN verdict.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.verdict.account_id IS 'The account.';


--
-- Name: COLUMN verdict.fit; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.verdict.fit IS 'True: fit to publish. False: held back, see sync.finding.';


--
-- Name: COLUMN verdict.audited_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.verdict.audited_at IS 'When it was decided (UTC).';


--
-- Name: current_outcome; Type: VIEW; Schema: sync; Owner: qbank_owner
--

CREATE VIEW sync.current_outcome AS
 SELECT a.run_no,
    a.account_id,
        CASE
            WHEN ((o.state = 'unfit'::text) OR (NOT v.fit)) THEN 'quarantined'::text
            WHEN ((o.state IS NULL) OR (o.state = 'failed'::text) OR (v.fit IS NULL)) THEN 'failed'::text
            WHEN r.dry_run THEN 'would_publish'::text
            WHEN (p.published_at >= v.audited_at) THEN 'published'::text
            ELSE 'failed'::text
        END AS outcome,
        CASE
            WHEN (o.state IS NULL) THEN ARRAY['not_attempted'::text]
            WHEN (o.state = 'failed'::text) THEN ARRAY[o.reason]
            WHEN (NOT v.fit) THEN ( SELECT array_agg(DISTINCT f.reason ORDER BY f.reason) AS array_agg
               FROM sync.finding f
              WHERE ((f.run_no = a.run_no) AND ((f.account_id)::text = (a.account_id)::text) AND (f.severity = 'critical'::text)))
            WHEN (o.state = 'unfit'::text) THEN ARRAY[o.reason]
            WHEN (v.fit IS NULL) THEN ARRAY['audit_error'::text]
            WHEN (r.dry_run OR (p.published_at >= v.audited_at)) THEN ARRAY[]::text[]
            ELSE ARRAY['publish_error'::text]
        END AS reasons,
    o.http_status,
    COALESCE(o.attempts, 0) AS attempts,
    o.observed_at,
    o.retry_after_s
   FROM ((((sync.run r
     JOIN sync.run_account a USING (run_no))
     LEFT JOIN sync.observation o ON (((o.run_no = a.run_no) AND ((o.account_id)::text = (a.account_id)::text))))
     LEFT JOIN sync.verdict v ON (((v.run_no = a.run_no) AND ((v.account_id)::text = (a.account_id)::text))))
     LEFT JOIN sync.publication p ON ((p.run_no = a.run_no)));


ALTER VIEW sync.current_outcome OWNER TO qbank_owner;

--
-- Name: VIEW current_outcome; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON VIEW sync.current_outcome IS 'What has become of each account so far, also while the run is open; sync.outcome is what others read. Grain: run × account.';


--
-- Name: COLUMN current_outcome.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.run_no IS 'The run.';


--
-- Name: COLUMN current_outcome.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.account_id IS 'The account.';


--
-- Name: COLUMN current_outcome.outcome; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.outcome IS 'published, would_publish, quarantined or failed, as things stand.';


--
-- Name: COLUMN current_outcome.reasons; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.reasons IS 'Reason codes; empty when published.';


--
-- Name: COLUMN current_outcome.http_status; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.http_status IS 'HTTP status of the last answer.';


--
-- Name: COLUMN current_outcome.attempts; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.attempts IS 'Requests made.';


--
-- Name: COLUMN current_outcome.observed_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.observed_at IS 'When the answer or the final failure arrived (UTC).';


--
-- Name: COLUMN current_outcome.retry_after_s; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.current_outcome.retry_after_s IS 'The wait in seconds that the bank asked for, where it was too long.';


--
-- Name: finding_1_24; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.finding_1_24 (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    rule text NOT NULL,
    severity text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT finding_severity_check CHECK ((severity = ANY (ARRAY['critical'::text, 'warning'::text])))
);


ALTER TABLE sync.finding_1_24 OWNER TO qbank_owner;

--
-- Name: lookalike; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.lookalike (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    other_account_id ledger.account_id NOT NULL,
    CONSTRAINT looks_like_another CHECK (((other_account_id)::text <> (account_id)::text))
)
PARTITION BY RANGE (run_no);


ALTER TABLE sync.lookalike OWNER TO qbank_owner;

--
-- Name: TABLE lookalike; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.lookalike IS 'Answers whose two balances are exactly another account''s, its newest or its answer in the same run, and not the account''s own newest: a gateway may have mixed answers up. Grain: run × account.';


--
-- Name: COLUMN lookalike.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.lookalike.run_no IS 'The run.';


--
-- Name: COLUMN lookalike.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.lookalike.account_id IS 'The account that was asked for.';


--
-- Name: COLUMN lookalike.other_account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.lookalike.other_account_id IS 'An account that has these balances.';


--
-- Name: lookalike_1_24; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.lookalike_1_24 (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    other_account_id ledger.account_id NOT NULL,
    CONSTRAINT looks_like_another CHECK (((other_account_id)::text <> (account_id)::text))
);


ALTER TABLE sync.lookalike_1_24 OWNER TO qbank_owner;

--
-- Name: observation_1_24; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.observation_1_24 (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    state text NOT NULL,
    reason text,
    available_balance numeric,
    ledger_balance numeric,
    echoed_account_id text,
    echoed_currency text,
    echoed_as_of text,
    bank_as_of timestamp with time zone,
    http_status smallint,
    attempts integer NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    retry_after_s bigint,
    CONSTRAINT a_reason_unless_answered CHECK (((state = 'answered'::text) = (reason IS NULL))),
    CONSTRAINT observation_retry_after_s_check CHECK ((retry_after_s > 0)),
    CONSTRAINT observation_state_check CHECK ((state = ANY (ARRAY['answered'::text, 'unfit'::text, 'failed'::text])))
);


ALTER TABLE sync.observation_1_24 OWNER TO qbank_owner;

--
-- Name: outcome; Type: VIEW; Schema: sync; Owner: qbank_owner
--

CREATE VIEW sync.outcome AS
 SELECT f.run_no,
    f.account_id,
        CASE
            WHEN (r.state <> 'running'::text) THEN f.outcome
            ELSE NULL::text
        END AS outcome,
        CASE
            WHEN (r.state <> 'running'::text) THEN f.reasons
            ELSE NULL::text[]
        END AS reasons,
    f.http_status,
    f.attempts,
    f.observed_at,
    f.retry_after_s
   FROM (sync.current_outcome f
     JOIN sync.run r USING (run_no));


ALTER VIEW sync.outcome OWNER TO qbank_owner;

--
-- Name: VIEW outcome; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON VIEW sync.outcome IS 'The one outcome of every account of every run. Grain: run × account.';


--
-- Name: COLUMN outcome.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.run_no IS 'The run.';


--
-- Name: COLUMN outcome.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.account_id IS 'The account.';


--
-- Name: COLUMN outcome.outcome; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.outcome IS 'published (also when a later observation was already there), quarantined, failed; in a dry run would_publish for published. Null while the run is open. As it was at the run''s end: a later release from quarantine does not change it, see sync.release.';


--
-- Name: COLUMN outcome.reasons; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.reasons IS 'Reason codes; empty when published, null while the run is open.';


--
-- Name: COLUMN outcome.http_status; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.http_status IS 'HTTP status of the last answer; null: none came.';


--
-- Name: COLUMN outcome.attempts; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.attempts IS 'Requests made for the account.';


--
-- Name: COLUMN outcome.observed_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.observed_at IS 'When the answer or the final failure arrived (UTC).';


--
-- Name: COLUMN outcome.retry_after_s; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.outcome.retry_after_s IS 'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; null: none.';


--
-- Name: payload; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.payload (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    payload text
)
PARTITION BY RANGE (run_no);


ALTER TABLE sync.payload OWNER TO qbank_owner;

--
-- Name: TABLE payload; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.payload IS 'The bank''s answer as received, of each observation that a request made; dropped once it is past its retention. Grain: run × account.';


--
-- Name: COLUMN payload.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.payload.run_no IS 'The run.';


--
-- Name: COLUMN payload.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.payload.account_id IS 'The account that was asked for.';


--
-- Name: COLUMN payload.payload; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.payload.payload IS 'The body; bytes that are not UTF-8 appear as \xNN. Null: no body came.';


--
-- Name: payload_1_24; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.payload_1_24 (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    payload text
);


ALTER TABLE sync.payload_1_24 OWNER TO qbank_owner;

--
-- Name: release; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.release (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    released_at timestamp with time zone NOT NULL,
    released_by text NOT NULL,
    reason text NOT NULL,
    held_for text[] NOT NULL,
    available_balance ledger.amount NOT NULL,
    ledger_balance ledger.amount NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    seal_no bigint,
    CONSTRAINT release_reason_check CHECK ((reason ~ '\S'::text))
);


ALTER TABLE sync.release OWNER TO qbank_owner;

--
-- Name: TABLE release; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.release IS 'What operators released from quarantine, who and why; append-only, kept for ever. Grain: run × account released.';


--
-- Name: COLUMN release.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.run_no IS 'The run that held the answer back.';


--
-- Name: COLUMN release.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.account_id IS 'The account.';


--
-- Name: COLUMN release.released_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.released_at IS 'When it was released (UTC).';


--
-- Name: COLUMN release.released_by; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.released_by IS 'The login that released it.';


--
-- Name: COLUMN release.reason; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.reason IS 'Why, in the operator''s words.';


--
-- Name: COLUMN release.held_for; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.held_for IS 'The reasons for which it was held back.';


--
-- Name: COLUMN release.available_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.available_balance IS 'Available balance that was released, exact.';


--
-- Name: COLUMN release.ledger_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.ledger_balance IS 'Ledger balance that was released, exact.';


--
-- Name: COLUMN release.observed_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.observed_at IS 'When the answer arrived: it is published under this hour (UTC).';


--
-- Name: COLUMN release.seal_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.release.seal_no IS 'The seal of its publish; null: a later observation of the hour was already there and stays.';


--
-- Name: quarantine; Type: VIEW; Schema: sync; Owner: qbank_owner
--

CREATE VIEW sync.quarantine AS
 SELECT o.run_no,
    o.account_id,
    b.payload,
    f.reasons,
    o.available_balance,
    o.ledger_balance,
    o.echoed_account_id,
    o.echoed_currency,
    o.echoed_as_of,
    o.http_status,
    o.observed_at,
    x.released_at
   FROM (((sync.observation o
     JOIN sync.current_outcome f USING (run_no, account_id))
     LEFT JOIN sync.payload b USING (run_no, account_id))
     LEFT JOIN sync.release x USING (run_no, account_id))
  WHERE (f.outcome = 'quarantined'::text);


ALTER VIEW sync.quarantine OWNER TO qbank_owner;

--
-- Name: VIEW quarantine; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON VIEW sync.quarantine IS 'Answers that came and are not fit to publish. Grain: run × account held back.';


--
-- Name: COLUMN quarantine.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.run_no IS 'The run.';


--
-- Name: COLUMN quarantine.account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.account_id IS 'The account.';


--
-- Name: COLUMN quarantine.payload; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.payload IS 'The body as received; bytes that are not UTF-8 appear as \xNN. Null once it is past its retention.';


--
-- Name: COLUMN quarantine.reasons; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.reasons IS 'Why it is held back.';


--
-- Name: COLUMN quarantine.available_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.available_balance IS 'What could be read of it.';


--
-- Name: COLUMN quarantine.ledger_balance; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.ledger_balance IS 'What could be read of it.';


--
-- Name: COLUMN quarantine.echoed_account_id; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.echoed_account_id IS 'The account id that the answer names.';


--
-- Name: COLUMN quarantine.echoed_currency; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.echoed_currency IS 'The currency that the answer names.';


--
-- Name: COLUMN quarantine.echoed_as_of; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.echoed_as_of IS 'The bank''s own timestamp, as written.';


--
-- Name: COLUMN quarantine.http_status; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.http_status IS 'HTTP status of the answer.';


--
-- Name: COLUMN quarantine.observed_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.observed_at IS 'When it arrived (UTC).';


--
-- Name: COLUMN quarantine.released_at; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.quarantine.released_at IS 'When an operator released it (UTC), see sync.release; null: still held.';


--
-- Name: run_account_1_24; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.run_account_1_24 (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    batch_no integer NOT NULL,
    currency ledger.currency_code NOT NULL,
    minor_units smallint NOT NULL,
    max_age_minutes integer NOT NULL,
    minimum_balance ledger.amount
);


ALTER TABLE sync.run_account_1_24 OWNER TO qbank_owner;

--
-- Name: run_run_no_seq; Type: SEQUENCE; Schema: sync; Owner: qbank_owner
--

ALTER TABLE sync.run ALTER COLUMN run_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sync.run_run_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: validation_result; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.validation_result (
    run_no bigint NOT NULL,
    expectation text NOT NULL,
    severity text NOT NULL,
    success boolean NOT NULL,
    evaluated bigint NOT NULL,
    unexpected bigint NOT NULL
);


ALTER TABLE sync.validation_result OWNER TO qbank_owner;

--
-- Name: TABLE validation_result; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON TABLE sync.validation_result IS 'Great Expectations'' verdict on each expectation. Grain: run × expectation.';


--
-- Name: COLUMN validation_result.run_no; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.validation_result.run_no IS 'The run.';


--
-- Name: COLUMN validation_result.expectation; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.validation_result.expectation IS 'Name of the rule, or of the gate that proves that the audit looked.';


--
-- Name: COLUMN validation_result.severity; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.validation_result.severity IS 'critical or warning.';


--
-- Name: COLUMN validation_result.success; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.validation_result.success IS 'Whether no row broke it.';


--
-- Name: COLUMN validation_result.evaluated; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.validation_result.evaluated IS 'Rows that it looked at.';


--
-- Name: COLUMN validation_result.unexpected; Type: COMMENT; Schema: sync; Owner: qbank_owner
--

COMMENT ON COLUMN sync.validation_result.unexpected IS 'Rows that broke it.';


--
-- Name: verdict_1_24; Type: TABLE; Schema: sync; Owner: qbank_owner
--

CREATE TABLE sync.verdict_1_24 (
    run_no bigint NOT NULL,
    account_id ledger.account_id NOT NULL,
    fit boolean NOT NULL,
    audited_at timestamp with time zone NOT NULL
);


ALTER TABLE sync.verdict_1_24 OWNER TO qbank_owner;

--
-- Name: balance_2026_10; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance ATTACH PARTITION ledger.balance_2026_10 FOR VALUES FROM ('2026-10-01 00:00:00+00') TO ('2026-11-01 00:00:00+00');


--
-- Name: balance_2026_11; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance ATTACH PARTITION ledger.balance_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');


--
-- Name: balance_2026_12; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance ATTACH PARTITION ledger.balance_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');


--
-- Name: balance_2027_01; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance ATTACH PARTITION ledger.balance_2027_01 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');


--
-- Name: balance_history_2026_10; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history ATTACH PARTITION ledger.balance_history_2026_10 FOR VALUES FROM ('2026-10-01 00:00:00+00') TO ('2026-11-01 00:00:00+00');


--
-- Name: balance_history_2026_11; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history ATTACH PARTITION ledger.balance_history_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');


--
-- Name: balance_history_2026_12; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history ATTACH PARTITION ledger.balance_history_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');


--
-- Name: balance_history_2027_01; Type: TABLE ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history ATTACH PARTITION ledger.balance_history_2027_01 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');


--
-- Name: finding_1_24; Type: TABLE ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.finding ATTACH PARTITION sync.finding_1_24 FOR VALUES FROM ('1') TO ('25');


--
-- Name: lookalike_1_24; Type: TABLE ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.lookalike ATTACH PARTITION sync.lookalike_1_24 FOR VALUES FROM ('1') TO ('25');


--
-- Name: observation_1_24; Type: TABLE ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.observation ATTACH PARTITION sync.observation_1_24 FOR VALUES FROM ('1') TO ('25');


--
-- Name: payload_1_24; Type: TABLE ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.payload ATTACH PARTITION sync.payload_1_24 FOR VALUES FROM ('1') TO ('25');


--
-- Name: run_account_1_24; Type: TABLE ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.run_account ATTACH PARTITION sync.run_account_1_24 FOR VALUES FROM ('1') TO ('25');


--
-- Name: verdict_1_24; Type: TABLE ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.verdict ATTACH PARTITION sync.verdict_1_24 FOR VALUES FROM ('1') TO ('25');


--
-- Data for Name: accepted_accounts; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.accepted_accounts (fingerprint, accepted_at, accepted_by) FROM stdin;
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa	2026-11-26 21:23:34.901291+00	postgres
\.


--
-- Data for Name: accepted_host; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.accepted_host (api_host, accepted_at, accepted_by) FROM stdin;
bank	2026-11-26 21:23:33.917108+00	postgres
\.


--
-- Data for Name: account; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.account (account_id, name, currency, minor_units, entity, gl_account, time_zone, cut_off, max_age_minutes, minimum_balance, tolerance, bank_account, bank_id, active, updated_at) FROM stdin;
a	a	EUR	2	QB01	1100	UTC	\N	90	\N	0	\N	\N	t	2026-11-26 21:23:33.917108+00
b	b	EUR	2	QB01	1100	UTC	\N	90	\N	0	\N	\N	t	2026-11-26 21:23:33.917108+00
c	c	EUR	2	QB01	1100	UTC	\N	90	\N	0	\N	\N	t	2026-11-26 21:23:33.917108+00
\.


--
-- Data for Name: account_period; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.account_period (account_id, opened_at, closed_at) FROM stdin;
a	2026-11-26 21:23:33.917108+00	\N
c	2026-11-26 21:23:33.917108+00	\N
b	2026-11-26 21:23:33.917108+00	\N
\.


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.alembic_version (version_num) FROM stdin;
0001_baseline_2
\.


--
-- Data for Name: balance_2026_10; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_2026_10 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at) FROM stdin;
\.


--
-- Data for Name: balance_2026_11; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_2026_11 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at) FROM stdin;
b	2026-11-26 21:00:00+00	100.00	12345678901234567890.12	EUR	2026-11-26 21:23:34.307159+00	2	2	1	2026-11-26 21:23:34.422094+00
c	2026-11-26 21:00:00+00	100.00	12345678901234567890.12	EUR	2026-11-26 21:23:34.307162+00	2	2	1	2026-11-26 21:23:34.422094+00
a	2026-11-26 21:00:00+00	100.00	120.50	EUR	2026-11-26 21:23:34.521166+00	3	4	2	2026-11-26 21:23:34.66786+00
a	2026-11-25 12:00:00+00	7	7	EUR	2026-11-25 12:05:00+00	1	99	1	2026-11-25 12:05:00+00
b	2026-11-25 12:00:00+00	7	7	EUR	2026-11-25 12:05:00+00	1	99	1	2026-11-25 12:05:00+00
c	2026-11-25 12:00:00+00	7	7	EUR	2026-11-25 12:05:00+00	1	99	1	2026-11-25 12:05:00+00
\.


--
-- Data for Name: balance_2026_12; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_2026_12 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at) FROM stdin;
\.


--
-- Data for Name: balance_2027_01; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_2027_01 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at) FROM stdin;
\.


--
-- Data for Name: balance_history_2026_10; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_history_2026_10 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at, superseded_at) FROM stdin;
\.


--
-- Data for Name: balance_history_2026_11; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_history_2026_11 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at, superseded_at) FROM stdin;
a	2026-11-26 21:00:00+00	100.00	12345678901234567890.12	EUR	2026-11-26 21:23:34.307155+00	2	2	1	2026-11-26 21:23:34.422094+00	2026-11-26 21:23:34.66786+00
\.


--
-- Data for Name: balance_history_2026_12; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_history_2026_12 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at, superseded_at) FROM stdin;
\.


--
-- Data for Name: balance_history_2027_01; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_history_2027_01 (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at, superseded_at) FROM stdin;
\.


--
-- Data for Name: balance_set_aside; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.balance_set_aside (account_id, as_of_hour, seal_no, run_no, observed_at, set_aside_at, set_aside_by, reason) FROM stdin;
a	2026-11-26 21:00:00+00	2	2	2026-11-26 21:23:34.307155+00	2026-11-26 21:23:34.902857+00	otto	why
\.


--
-- Data for Name: lock_plan; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.lock_plan  FROM stdin;
\.


--
-- Data for Name: lock_publish; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.lock_publish  FROM stdin;
\.


--
-- Data for Name: lock_reconcile; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.lock_reconcile  FROM stdin;
\.


--
-- Data for Name: missing_hour_reason; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.missing_hour_reason (account_id, as_of_hour, reason, run_no, recorded_at) FROM stdin;
a	2026-11-26 21:00:00+00	quarantined: stale	3	2026-11-26 21:23:34.652971+00
b	2026-11-26 21:00:00+00	quarantined: stale	3	2026-11-26 21:23:34.652971+00
c	2026-11-26 21:00:00+00	quarantined: stale	3	2026-11-26 21:23:34.652971+00
\.


--
-- Data for Name: seal; Type: TABLE DATA; Schema: ledger; Owner: qbank_owner
--

COPY ledger.seal (seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sha256, sealed_at, row_hashes, form) FROM stdin;
2	2	3	{"EUR": {"ledger": "37037036703703703670.36", "available": "300"}}	b6c7136f2a475830c768d72ee8303b079aece647b57b8a167a52b5cb7274461b	\N	60bbf2c4de2cc8240524b70aa68890b669208557561605f543808be79a81ef7c	2026-11-26 21:23:34.422094+00	\\x41ce0c76d676ca881a196ca641f3365700e30daa6400e89cbee92fe0e15a7485fbe2535719254d855f4c6ca75788c6c654ec0d919ef58d3448502d53735a585eab5779e97ca1034fa990574c2009547abf21c172c837be24d9abba7800de2d57	2
4	3	1	{"EUR": {"ledger": "120.5", "available": "100"}}	0f2df400b07ae2d93eb2738aac5b4d342145cf1b8c0bc99f461303fcaabcb82a	60bbf2c4de2cc8240524b70aa68890b669208557561605f543808be79a81ef7c	a971e6ff0af42ebf0e02cd387109130fb97cbdffec0c271702164f06eee355d1	2026-11-26 21:23:34.66786+00	\\x93131719d08a814696acac1d7b83f65c6528d31a69efb9ea9f956688698602fa	2
99	1	3	{"EUR": {"ledger": "21", "available": "21"}}	eeb6fcd1c55719362334f5c4a8213b24ebd4e214674085b4b1575211ba28191e	a971e6ff0af42ebf0e02cd387109130fb97cbdffec0c271702164f06eee355d1	13a175a578477d4d678453ca971636b2c94cc31ecd96b51f1badd66e196a920e	2026-11-25 12:05:00+00	\\xdd510729ed95e2e131f4cba5ed39a2ae5a5ba51367700f585e425a984838d12634e8aa9e6f54121204009254cbbe17e7eea527bd1ade7cc667018854a2542daf262f7f07b5770261ef8ffab04ada58c1acbd76ba329a614c5b07d4966341420a	2
\.


--
-- Data for Name: changed; Type: TABLE DATA; Schema: recon; Owner: qbank_owner
--

COPY recon.changed (changed_no, entity, gl_account, currency, first_date, last_date, changed_at) FROM stdin;
5	\N	\N	\N	2026-11-26	2026-11-27	2026-11-26 21:23:34.415596+00
9	\N	\N	\N	2026-11-26	2026-11-27	2026-11-26 21:23:34.666554+00
11	\N	\N	\N	2026-11-25	2026-11-26	2026-11-26 21:23:34.904458+00
14	QB01	\N	\N	2026-11-25	2026-11-25	2026-11-26 21:23:34.919244+00
15	QB01	\N	\N	2026-11-25	2026-11-25	2026-11-26 21:23:35.091813+00
16	QB01	1100	EUR	-infinity	infinity	2026-11-26 21:23:35.189956+00
\.


--
-- Data for Name: gl_balance; Type: TABLE DATA; Schema: recon; Owner: qbank_owner
--

COPY recon.gl_balance (load_no, entity, gl_account, currency, as_of_date, balance, line_no) FROM stdin;
1	QB01	1100	EUR	2026-11-25	21.00	2
2	QB01	1100	EUR	2026-11-25	22.00	2
\.


--
-- Data for Name: gl_load; Type: TABLE DATA; Schema: recon; Owner: qbank_owner
--

COPY recon.gl_load (load_no, kind, sha256, rows, loaded_by, loaded_at) FROM stdin;
1	gl	e7e17ca14994efe69960feae84202068abe11e84da7b283a9558880667d08d29	1	postgres	2026-11-26 21:23:34.919244+00
2	gl	4964432104c6c7281be0fedf14934ca2bb03c6d9e84abf3e85c35381bae31f95	1	postgres	2026-11-26 21:23:35.091813+00
3	items	be6b79d3f8f6b24820f41b829d7de02879ab4b96c6639d0916c1ec5491345fe7	1	postgres	2026-11-26 21:23:35.189956+00
\.


--
-- Data for Name: item; Type: TABLE DATA; Schema: recon; Owner: qbank_owner
--

COPY recon.item (load_no, entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference, line_no) FROM stdin;
3	QB01	1100	EUR	2026-11-25	\N	book	charge	-1.00		2
\.


--
-- Data for Name: reconciliation; Type: TABLE DATA; Schema: recon; Owner: qbank_owner
--

COPY recon.reconciliation (account_id, as_of_date, version, entity, gl_account, currency, bank_balance, bank_observed_at, gl_balance, gl_load_no, difference, bank_items, book_items, unexplained, tolerance, status, cause, opened_on, age_days, members, provisional, compared_at) FROM stdin;
a	2026-11-25	1	QB01	1100	EUR	21	2026-11-25 12:05:00+00	21.00	1	0.00	0	0	0.00	0	stale_bank	stale	2026-11-25	0	{a,b,c}	f	2026-11-26 21:23:34.972994+00
b	2026-11-25	1	QB01	1100	EUR	21	2026-11-25 12:05:00+00	21.00	1	0.00	0	0	0.00	0	stale_bank	stale	2026-11-25	0	{a,b,c}	f	2026-11-26 21:23:34.972994+00
c	2026-11-25	1	QB01	1100	EUR	21	2026-11-25 12:05:00+00	21.00	1	0.00	0	0	0.00	0	stale_bank	stale	2026-11-25	0	{a,b,c}	f	2026-11-26 21:23:34.972994+00
a	2026-11-25	2	QB01	1100	EUR	21	2026-11-25 12:05:00+00	22.00	2	-1.00	0	0	-1.00	0	stale_bank	stale	2026-11-25	0	{a,b,c}	f	2026-11-26 21:23:35.138585+00
b	2026-11-25	2	QB01	1100	EUR	21	2026-11-25 12:05:00+00	22.00	2	-1.00	0	0	-1.00	0	stale_bank	stale	2026-11-25	0	{a,b,c}	f	2026-11-26 21:23:35.138585+00
c	2026-11-25	2	QB01	1100	EUR	21	2026-11-25 12:05:00+00	22.00	2	-1.00	0	0	-1.00	0	stale_bank	stale	2026-11-25	0	{a,b,c}	f	2026-11-26 21:23:35.138585+00
\.


--
-- Data for Name: sign_off; Type: TABLE DATA; Schema: recon; Owner: qbank_owner
--

COPY recon.sign_off (sign_off_no, account_id, as_of_date, version, state, actor, at, comment) FROM stdin;
1	a	2026-11-25	1	prepared	jane_lived_in	2026-11-26 21:23:35.063353+00	as it is
2	b	2026-11-25	1	prepared	jane_lived_in	2026-11-26 21:23:35.064197+00	as it is
3	c	2026-11-25	1	prepared	jane_lived_in	2026-11-26 21:23:35.064586+00	as it is
4	a	2026-11-25	1	approved	joe_lived_in	2026-11-26 21:23:35.085002+00	as it is
5	b	2026-11-25	1	approved	joe_lived_in	2026-11-26 21:23:35.085595+00	as it is
6	c	2026-11-25	1	approved	joe_lived_in	2026-11-26 21:23:35.085896+00	as it is
7	a	2026-11-25	2	decertified	postgres	2026-11-26 21:23:35.178692+00	Approval by joe_lived_in taken back: GL balance restated from 21.00 to 22.00
8	b	2026-11-25	2	decertified	postgres	2026-11-26 21:23:35.178763+00	Approval by joe_lived_in taken back: GL balance restated from 21.00 to 22.00
9	c	2026-11-25	2	decertified	postgres	2026-11-26 21:23:35.178768+00	Approval by joe_lived_in taken back: GL balance restated from 21.00 to 22.00
\.


--
-- Data for Name: batch; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.batch (run_no, batch_no, fetch_started_at) FROM stdin;
1	0	2026-11-26 21:23:33.974244+00
2	0	2026-11-26 21:23:34.305008+00
3	0	2026-11-26 21:23:34.51925+00
4	0	2026-11-26 21:23:34.757029+00
\.


--
-- Data for Name: finding_1_24; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.finding_1_24 (run_no, account_id, rule, severity, reason) FROM stdin;
1	c	too_precise	critical	too_precise
1	a	observed_outside_run	critical	observed_outside_run
1	c	observed_outside_run	critical	observed_outside_run
1	c	available_above_ledger	warning	available_above_ledger
3	a	stale	critical	stale
3	b	stale	critical	stale
3	c	stale	critical	stale
\.


--
-- Data for Name: lookalike_1_24; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.lookalike_1_24 (run_no, account_id, other_account_id) FROM stdin;
1	a	b
\.


--
-- Data for Name: observation_1_24; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.observation_1_24 (run_no, account_id, state, reason, available_balance, ledger_balance, echoed_account_id, echoed_currency, echoed_as_of, bank_as_of, http_status, attempts, observed_at, retry_after_s) FROM stdin;
1	a	answered	\N	100.00	120.50	\N	\N	\N	\N	200	1	2026-11-26 21:23:33.902207+00	\N
1	b	failed	http_404	\N	\N	\N	\N	\N	\N	200	1	2026-11-26 21:23:33.902213+00	\N
1	c	answered	\N	100.00	1.234	\N	\N	\N	\N	200	1	2026-11-26 21:23:33.902217+00	\N
2	a	answered	\N	100.00	12345678901234567890.12	\N	\N	\N	\N	200	1	2026-11-26 21:23:34.307155+00	\N
2	b	answered	\N	100.00	12345678901234567890.12	\N	\N	\N	\N	200	1	2026-11-26 21:23:34.307159+00	\N
2	c	answered	\N	100.00	12345678901234567890.12	\N	\N	\N	\N	200	1	2026-11-26 21:23:34.307162+00	\N
3	a	answered	\N	100.00	120.50	\N	\N	long ago	2020-02-02 00:00:00+00	200	1	2026-11-26 21:23:34.521166+00	\N
3	b	answered	\N	100.00	120.50	\N	\N	long ago	2020-02-02 00:00:00+00	200	1	2026-11-26 21:23:34.521172+00	\N
3	c	answered	\N	100.00	120.50	\N	\N	long ago	2020-02-02 00:00:00+00	200	1	2026-11-26 21:23:34.521175+00	\N
4	a	answered	\N	100.00	120.50	\N	\N	\N	\N	200	1	2026-11-26 21:23:34.761107+00	\N
4	b	answered	\N	100.00	120.50	\N	\N	\N	\N	200	1	2026-11-26 21:23:34.761111+00	\N
4	c	answered	\N	100.00	120.50	\N	\N	\N	\N	200	1	2026-11-26 21:23:34.761114+00	\N
\.


--
-- Data for Name: payload_1_24; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.payload_1_24 (run_no, account_id, payload) FROM stdin;
1	a	{}
1	b	\N
1	c	{}
2	a	{}
2	b	{}
2	c	{}
3	a	{}
3	b	{}
3	c	{}
4	a	{}
4	b	{}
4	c	{}
\.


--
-- Data for Name: publication; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.publication (run_no, published_at) FROM stdin;
1	2026-11-26 21:23:34.17604+00
2	2026-11-26 21:23:34.422094+00
3	2026-11-26 21:23:34.639558+00
\.


--
-- Data for Name: release; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.release (run_no, account_id, released_at, released_by, reason, held_for, available_balance, ledger_balance, observed_at, seal_no) FROM stdin;
3	a	2026-11-26 21:23:34.66786+00	postgres	by phone	{stale}	100.00	120.50	2026-11-26 21:23:34.521166+00	4
\.


--
-- Data for Name: run; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.run (run_no, dag_run_id, api_host, started_at, deadline_at, finished_at, state, dry_run, subset, expected, published, quarantined, failed, payloads_dropped_at, accounts_dropped_at, package_version) FROM stdin;
1	test	bank	2026-11-26 21:23:33.942053+00	2026-11-26 22:23:33.942053+00	2026-11-26 21:23:34.200019+00	failed	f	f	3	0	2	1	\N	\N	0.1.0
2	test	bank	2026-11-26 21:23:34.235987+00	2026-11-26 22:23:34.235987+00	2026-11-26 21:23:34.453152+00	complete	f	f	3	3	0	0	\N	\N	0.1.0
3	test	bank	2026-11-26 21:23:34.48146+00	2026-11-26 22:23:34.48146+00	2026-11-26 21:23:34.658727+00	failed	f	f	3	0	3	0	\N	\N	0.1.0
4	test	bank	2026-11-26 21:23:34.713001+00	2026-11-26 22:23:34.713001+00	2026-11-26 21:23:34.892158+00	dry_run	t	f	3	3	0	0	\N	\N	0.1.0
\.


--
-- Data for Name: run_account_1_24; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.run_account_1_24 (run_no, account_id, batch_no, currency, minor_units, max_age_minutes, minimum_balance) FROM stdin;
1	a	0	EUR	2	90	\N
1	b	0	EUR	2	90	\N
1	c	0	EUR	2	90	\N
2	a	0	EUR	2	90	\N
2	b	0	EUR	2	90	\N
2	c	0	EUR	2	90	\N
3	a	0	EUR	2	90	\N
3	b	0	EUR	2	90	\N
3	c	0	EUR	2	90	\N
4	a	0	EUR	2	90	\N
4	b	0	EUR	2	90	\N
4	c	0	EUR	2	90	\N
\.


--
-- Data for Name: validation_result; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.validation_result (run_no, expectation, severity, success, evaluated, unexpected) FROM stdin;
1	every_answer_is_looked_at	critical	t	2	0
1	unreadable	critical	t	2	0
1	missing_field	critical	t	2	0
1	not_finite	critical	t	2	0
1	too_precise	critical	f	2	1
1	too_large	critical	t	2	0
1	account_mismatch	critical	t	2	0
1	currency_mismatch	critical	t	2	0
1	bank_time_unreadable	critical	t	2	0
1	stale	critical	t	2	0
1	future_dated	critical	t	2	0
1	observed_outside_run	critical	f	2	2
1	answers_mixed_up	critical	t	2	0
1	another_accounts_balance	warning	t	2	0
1	below_minimum	warning	t	2	0
1	available_above_ledger	warning	f	2	1
1	unchanged_for_a_day	warning	t	2	0
1	jump	warning	t	2	0
2	every_answer_is_looked_at	critical	t	3	0
2	unreadable	critical	t	3	0
2	missing_field	critical	t	3	0
2	not_finite	critical	t	3	0
2	too_precise	critical	t	3	0
2	too_large	critical	t	3	0
2	account_mismatch	critical	t	3	0
2	currency_mismatch	critical	t	3	0
2	bank_time_unreadable	critical	t	3	0
2	stale	critical	t	3	0
2	future_dated	critical	t	3	0
2	observed_outside_run	critical	t	3	0
2	answers_mixed_up	critical	t	3	0
2	another_accounts_balance	warning	t	3	0
2	below_minimum	warning	t	3	0
2	available_above_ledger	warning	t	3	0
2	unchanged_for_a_day	warning	t	3	0
2	jump	warning	t	3	0
3	every_answer_is_looked_at	critical	t	3	0
3	unreadable	critical	t	3	0
3	missing_field	critical	t	3	0
3	not_finite	critical	t	3	0
3	too_precise	critical	t	3	0
3	too_large	critical	t	3	0
3	account_mismatch	critical	t	3	0
3	currency_mismatch	critical	t	3	0
3	bank_time_unreadable	critical	t	3	0
3	stale	critical	f	3	3
3	future_dated	critical	t	3	0
3	observed_outside_run	critical	t	3	0
3	answers_mixed_up	critical	t	3	0
3	another_accounts_balance	warning	t	3	0
3	below_minimum	warning	t	3	0
3	available_above_ledger	warning	t	3	0
3	unchanged_for_a_day	warning	t	3	0
3	jump	warning	t	3	0
4	every_answer_is_looked_at	critical	t	3	0
4	unreadable	critical	t	3	0
4	missing_field	critical	t	3	0
4	not_finite	critical	t	3	0
4	too_precise	critical	t	3	0
4	too_large	critical	t	3	0
4	account_mismatch	critical	t	3	0
4	currency_mismatch	critical	t	3	0
4	bank_time_unreadable	critical	t	3	0
4	stale	critical	t	3	0
4	future_dated	critical	t	3	0
4	observed_outside_run	critical	t	3	0
4	answers_mixed_up	critical	t	3	0
4	another_accounts_balance	warning	t	3	0
4	below_minimum	warning	t	3	0
4	available_above_ledger	warning	t	3	0
4	unchanged_for_a_day	warning	t	3	0
4	jump	warning	t	3	0
\.


--
-- Data for Name: verdict_1_24; Type: TABLE DATA; Schema: sync; Owner: qbank_owner
--

COPY sync.verdict_1_24 (run_no, account_id, fit, audited_at) FROM stdin;
1	a	f	2026-11-26 21:23:34.159095+00
1	c	f	2026-11-26 21:23:34.159254+00
2	a	t	2026-11-26 21:23:34.407305+00
2	b	t	2026-11-26 21:23:34.407413+00
2	c	t	2026-11-26 21:23:34.407421+00
3	a	f	2026-11-26 21:23:34.626957+00
3	b	f	2026-11-26 21:23:34.627057+00
3	c	f	2026-11-26 21:23:34.627065+00
4	a	t	2026-11-26 21:23:34.865661+00
4	b	t	2026-11-26 21:23:34.865806+00
4	c	t	2026-11-26 21:23:34.865815+00
\.


--
-- Name: seal_no; Type: SEQUENCE SET; Schema: ledger; Owner: qbank_owner
--

SELECT pg_catalog.setval('ledger.seal_no', 99, true);


--
-- Name: changed_changed_no_seq; Type: SEQUENCE SET; Schema: recon; Owner: qbank_owner
--

SELECT pg_catalog.setval('recon.changed_changed_no_seq', 16, true);


--
-- Name: gl_load_load_no_seq; Type: SEQUENCE SET; Schema: recon; Owner: qbank_owner
--

SELECT pg_catalog.setval('recon.gl_load_load_no_seq', 3, true);


--
-- Name: sign_off_sign_off_no_seq; Type: SEQUENCE SET; Schema: recon; Owner: qbank_owner
--

SELECT pg_catalog.setval('recon.sign_off_sign_off_no_seq', 9, true);


--
-- Name: run_run_no_seq; Type: SEQUENCE SET; Schema: sync; Owner: qbank_owner
--

SELECT pg_catalog.setval('sync.run_run_no_seq', 4, true);


--
-- Name: accepted_accounts accepted_accounts_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.accepted_accounts
    ADD CONSTRAINT accepted_accounts_pkey PRIMARY KEY (fingerprint);


--
-- Name: accepted_host accepted_host_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.accepted_host
    ADD CONSTRAINT accepted_host_pkey PRIMARY KEY (api_host);


--
-- Name: account_period account_period_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.account_period
    ADD CONSTRAINT account_period_pkey PRIMARY KEY (account_id, opened_at);


--
-- Name: account account_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (account_id);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: balance balance_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance
    ADD CONSTRAINT balance_pkey PRIMARY KEY (account_id, as_of_hour);


--
-- Name: balance_2026_10 balance_2026_10_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_2026_10
    ADD CONSTRAINT balance_2026_10_pkey PRIMARY KEY (account_id, as_of_hour);


--
-- Name: balance_2026_11 balance_2026_11_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_2026_11
    ADD CONSTRAINT balance_2026_11_pkey PRIMARY KEY (account_id, as_of_hour);


--
-- Name: balance_2026_12 balance_2026_12_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_2026_12
    ADD CONSTRAINT balance_2026_12_pkey PRIMARY KEY (account_id, as_of_hour);


--
-- Name: balance_2027_01 balance_2027_01_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_2027_01
    ADD CONSTRAINT balance_2027_01_pkey PRIMARY KEY (account_id, as_of_hour);


--
-- Name: balance_history balance_history_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history
    ADD CONSTRAINT balance_history_pkey PRIMARY KEY (account_id, as_of_hour, superseded_at);


--
-- Name: balance_history_2026_10 balance_history_2026_10_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history_2026_10
    ADD CONSTRAINT balance_history_2026_10_pkey PRIMARY KEY (account_id, as_of_hour, superseded_at);


--
-- Name: balance_history_2026_11 balance_history_2026_11_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history_2026_11
    ADD CONSTRAINT balance_history_2026_11_pkey PRIMARY KEY (account_id, as_of_hour, superseded_at);


--
-- Name: balance_history_2026_12 balance_history_2026_12_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history_2026_12
    ADD CONSTRAINT balance_history_2026_12_pkey PRIMARY KEY (account_id, as_of_hour, superseded_at);


--
-- Name: balance_history_2027_01 balance_history_2027_01_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_history_2027_01
    ADD CONSTRAINT balance_history_2027_01_pkey PRIMARY KEY (account_id, as_of_hour, superseded_at);


--
-- Name: balance_set_aside balance_set_aside_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.balance_set_aside
    ADD CONSTRAINT balance_set_aside_pkey PRIMARY KEY (account_id, as_of_hour, seal_no);


--
-- Name: missing_hour_reason missing_hour_reason_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.missing_hour_reason
    ADD CONSTRAINT missing_hour_reason_pkey PRIMARY KEY (account_id, as_of_hour);


--
-- Name: seal seal_pkey; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.seal
    ADD CONSTRAINT seal_pkey PRIMARY KEY (seal_no);


--
-- Name: seal seal_sha256_key; Type: CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.seal
    ADD CONSTRAINT seal_sha256_key UNIQUE (sha256);


--
-- Name: gl_load a_file_is_loaded_once; Type: CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.gl_load
    ADD CONSTRAINT a_file_is_loaded_once UNIQUE (kind, sha256);


--
-- Name: changed changed_pkey; Type: CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.changed
    ADD CONSTRAINT changed_pkey PRIMARY KEY (changed_no);


--
-- Name: gl_balance gl_balance_pkey; Type: CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.gl_balance
    ADD CONSTRAINT gl_balance_pkey PRIMARY KEY (as_of_date, entity, gl_account, currency, load_no);


--
-- Name: gl_load gl_load_pkey; Type: CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.gl_load
    ADD CONSTRAINT gl_load_pkey PRIMARY KEY (load_no);


--
-- Name: item item_pkey; Type: CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.item
    ADD CONSTRAINT item_pkey PRIMARY KEY (entity, gl_account, currency, side, kind, item_date, reference, load_no);


--
-- Name: reconciliation reconciliation_pkey; Type: CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.reconciliation
    ADD CONSTRAINT reconciliation_pkey PRIMARY KEY (account_id, as_of_date, version);


--
-- Name: sign_off sign_off_pkey; Type: CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.sign_off
    ADD CONSTRAINT sign_off_pkey PRIMARY KEY (sign_off_no);


--
-- Name: batch batch_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (run_no, batch_no);


--
-- Name: finding finding_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.finding
    ADD CONSTRAINT finding_pkey PRIMARY KEY (run_no, account_id, rule);


--
-- Name: finding_1_24 finding_1_24_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.finding_1_24
    ADD CONSTRAINT finding_1_24_pkey PRIMARY KEY (run_no, account_id, rule);


--
-- Name: lookalike lookalike_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.lookalike
    ADD CONSTRAINT lookalike_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: lookalike_1_24 lookalike_1_24_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.lookalike_1_24
    ADD CONSTRAINT lookalike_1_24_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: observation observation_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.observation
    ADD CONSTRAINT observation_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: observation_1_24 observation_1_24_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.observation_1_24
    ADD CONSTRAINT observation_1_24_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: payload payload_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.payload
    ADD CONSTRAINT payload_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: payload_1_24 payload_1_24_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.payload_1_24
    ADD CONSTRAINT payload_1_24_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: publication publication_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.publication
    ADD CONSTRAINT publication_pkey PRIMARY KEY (run_no);


--
-- Name: release release_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.release
    ADD CONSTRAINT release_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: run_account run_account_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.run_account
    ADD CONSTRAINT run_account_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: run_account_1_24 run_account_1_24_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.run_account_1_24
    ADD CONSTRAINT run_account_1_24_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: run run_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (run_no);


--
-- Name: validation_result validation_result_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.validation_result
    ADD CONSTRAINT validation_result_pkey PRIMARY KEY (run_no, expectation);


--
-- Name: verdict verdict_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.verdict
    ADD CONSTRAINT verdict_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: verdict_1_24 verdict_1_24_pkey; Type: CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.verdict_1_24
    ADD CONSTRAINT verdict_1_24_pkey PRIMARY KEY (run_no, account_id);


--
-- Name: account_period_open; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE UNIQUE INDEX account_period_open ON ledger.account_period USING btree (account_id) WHERE (closed_at IS NULL);


--
-- Name: balance_hour; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_hour ON ONLY ledger.balance USING brin (as_of_hour timestamptz_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2026_10_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2026_10_as_of_hour_idx ON ledger.balance_2026_10 USING brin (as_of_hour timestamptz_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_seal; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_seal ON ONLY ledger.balance USING brin (seal_no int8_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2026_10_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2026_10_seal_no_idx ON ledger.balance_2026_10 USING brin (seal_no int8_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2026_11_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2026_11_as_of_hour_idx ON ledger.balance_2026_11 USING brin (as_of_hour timestamptz_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2026_11_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2026_11_seal_no_idx ON ledger.balance_2026_11 USING brin (seal_no int8_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2026_12_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2026_12_as_of_hour_idx ON ledger.balance_2026_12 USING brin (as_of_hour timestamptz_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2026_12_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2026_12_seal_no_idx ON ledger.balance_2026_12 USING brin (seal_no int8_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2027_01_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2027_01_as_of_hour_idx ON ledger.balance_2027_01 USING brin (as_of_hour timestamptz_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_2027_01_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_2027_01_seal_no_idx ON ledger.balance_2027_01 USING brin (seal_no int8_minmax_multi_ops) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_hour; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_hour ON ONLY ledger.balance_history USING brin (as_of_hour) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2026_10_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2026_10_as_of_hour_idx ON ledger.balance_history_2026_10 USING brin (as_of_hour) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_seal; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_seal ON ONLY ledger.balance_history USING brin (seal_no) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2026_10_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2026_10_seal_no_idx ON ledger.balance_history_2026_10 USING brin (seal_no) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2026_11_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2026_11_as_of_hour_idx ON ledger.balance_history_2026_11 USING brin (as_of_hour) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2026_11_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2026_11_seal_no_idx ON ledger.balance_history_2026_11 USING brin (seal_no) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2026_12_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2026_12_as_of_hour_idx ON ledger.balance_history_2026_12 USING brin (as_of_hour) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2026_12_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2026_12_seal_no_idx ON ledger.balance_history_2026_12 USING brin (seal_no) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2027_01_as_of_hour_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2027_01_as_of_hour_idx ON ledger.balance_history_2027_01 USING brin (as_of_hour) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: balance_history_2027_01_seal_no_idx; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE INDEX balance_history_2027_01_seal_no_idx ON ledger.balance_history_2027_01 USING brin (seal_no) WITH (pages_per_range='16', autosummarize='on');


--
-- Name: seal_follows_once; Type: INDEX; Schema: ledger; Owner: qbank_owner
--

CREATE UNIQUE INDEX seal_follows_once ON ledger.seal USING btree (COALESCE((previous_sha256)::text, ''::text));


--
-- Name: gl_balance_load; Type: INDEX; Schema: recon; Owner: qbank_owner
--

CREATE INDEX gl_balance_load ON recon.gl_balance USING brin (load_no) WITH (pages_per_range='16');


--
-- Name: item_load; Type: INDEX; Schema: recon; Owner: qbank_owner
--

CREATE INDEX item_load ON recon.item USING brin (load_no) WITH (pages_per_range='16');


--
-- Name: reconciliation_date; Type: INDEX; Schema: recon; Owner: qbank_owner
--

CREATE INDEX reconciliation_date ON recon.reconciliation USING btree (as_of_date);


--
-- Name: sign_off_newest; Type: INDEX; Schema: recon; Owner: qbank_owner
--

CREATE INDEX sign_off_newest ON recon.sign_off USING btree (account_id, as_of_date, sign_off_no DESC);


--
-- Name: run_open; Type: INDEX; Schema: sync; Owner: qbank_owner
--

CREATE INDEX run_open ON sync.run USING btree (deadline_at) WHERE (state = 'running'::text);


--
-- Name: balance_2026_10_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_hour ATTACH PARTITION ledger.balance_2026_10_as_of_hour_idx;


--
-- Name: balance_2026_10_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_pkey ATTACH PARTITION ledger.balance_2026_10_pkey;


--
-- Name: balance_2026_10_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_seal ATTACH PARTITION ledger.balance_2026_10_seal_no_idx;


--
-- Name: balance_2026_11_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_hour ATTACH PARTITION ledger.balance_2026_11_as_of_hour_idx;


--
-- Name: balance_2026_11_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_pkey ATTACH PARTITION ledger.balance_2026_11_pkey;


--
-- Name: balance_2026_11_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_seal ATTACH PARTITION ledger.balance_2026_11_seal_no_idx;


--
-- Name: balance_2026_12_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_hour ATTACH PARTITION ledger.balance_2026_12_as_of_hour_idx;


--
-- Name: balance_2026_12_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_pkey ATTACH PARTITION ledger.balance_2026_12_pkey;


--
-- Name: balance_2026_12_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_seal ATTACH PARTITION ledger.balance_2026_12_seal_no_idx;


--
-- Name: balance_2027_01_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_hour ATTACH PARTITION ledger.balance_2027_01_as_of_hour_idx;


--
-- Name: balance_2027_01_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_pkey ATTACH PARTITION ledger.balance_2027_01_pkey;


--
-- Name: balance_2027_01_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_seal ATTACH PARTITION ledger.balance_2027_01_seal_no_idx;


--
-- Name: balance_history_2026_10_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_hour ATTACH PARTITION ledger.balance_history_2026_10_as_of_hour_idx;


--
-- Name: balance_history_2026_10_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_pkey ATTACH PARTITION ledger.balance_history_2026_10_pkey;


--
-- Name: balance_history_2026_10_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_seal ATTACH PARTITION ledger.balance_history_2026_10_seal_no_idx;


--
-- Name: balance_history_2026_11_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_hour ATTACH PARTITION ledger.balance_history_2026_11_as_of_hour_idx;


--
-- Name: balance_history_2026_11_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_pkey ATTACH PARTITION ledger.balance_history_2026_11_pkey;


--
-- Name: balance_history_2026_11_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_seal ATTACH PARTITION ledger.balance_history_2026_11_seal_no_idx;


--
-- Name: balance_history_2026_12_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_hour ATTACH PARTITION ledger.balance_history_2026_12_as_of_hour_idx;


--
-- Name: balance_history_2026_12_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_pkey ATTACH PARTITION ledger.balance_history_2026_12_pkey;


--
-- Name: balance_history_2026_12_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_seal ATTACH PARTITION ledger.balance_history_2026_12_seal_no_idx;


--
-- Name: balance_history_2027_01_as_of_hour_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_hour ATTACH PARTITION ledger.balance_history_2027_01_as_of_hour_idx;


--
-- Name: balance_history_2027_01_pkey; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_pkey ATTACH PARTITION ledger.balance_history_2027_01_pkey;


--
-- Name: balance_history_2027_01_seal_no_idx; Type: INDEX ATTACH; Schema: ledger; Owner: qbank_owner
--

ALTER INDEX ledger.balance_history_seal ATTACH PARTITION ledger.balance_history_2027_01_seal_no_idx;


--
-- Name: finding_1_24_pkey; Type: INDEX ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER INDEX sync.finding_pkey ATTACH PARTITION sync.finding_1_24_pkey;


--
-- Name: lookalike_1_24_pkey; Type: INDEX ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER INDEX sync.lookalike_pkey ATTACH PARTITION sync.lookalike_1_24_pkey;


--
-- Name: observation_1_24_pkey; Type: INDEX ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER INDEX sync.observation_pkey ATTACH PARTITION sync.observation_1_24_pkey;


--
-- Name: payload_1_24_pkey; Type: INDEX ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER INDEX sync.payload_pkey ATTACH PARTITION sync.payload_1_24_pkey;


--
-- Name: run_account_1_24_pkey; Type: INDEX ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER INDEX sync.run_account_pkey ATTACH PARTITION sync.run_account_1_24_pkey;


--
-- Name: verdict_1_24_pkey; Type: INDEX ATTACH; Schema: sync; Owner: qbank_owner
--

ALTER INDEX sync.verdict_pkey ATTACH PARTITION sync.verdict_1_24_pkey;


--
-- Name: balance_history append_only; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.balance_history FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_history_2026_10 append_only; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.balance_history_2026_10 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_history_2026_11 append_only; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.balance_history_2026_11 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_history_2026_12 append_only; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.balance_history_2026_12 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_history_2027_01 append_only; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.balance_history_2027_01 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_set_aside append_only; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.balance_set_aside FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: seal append_only; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.seal FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance archive_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_deleted AFTER DELETE ON ledger.balance REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_deleted();


--
-- Name: balance_2026_10 archive_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_deleted AFTER DELETE ON ledger.balance_2026_10 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_deleted();


--
-- Name: balance_2026_11 archive_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_deleted AFTER DELETE ON ledger.balance_2026_11 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_deleted();


--
-- Name: balance_2026_12 archive_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_deleted AFTER DELETE ON ledger.balance_2026_12 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_deleted();


--
-- Name: balance_2027_01 archive_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_deleted AFTER DELETE ON ledger.balance_2027_01 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_deleted();


--
-- Name: balance archive_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_updated AFTER UPDATE ON ledger.balance REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_updated();


--
-- Name: balance_2026_10 archive_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_updated AFTER UPDATE ON ledger.balance_2026_10 REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_updated();


--
-- Name: balance_2026_11 archive_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_updated AFTER UPDATE ON ledger.balance_2026_11 REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_updated();


--
-- Name: balance_2026_12 archive_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_updated AFTER UPDATE ON ledger.balance_2026_12 REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_updated();


--
-- Name: balance_2027_01 archive_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER archive_updated AFTER UPDATE ON ledger.balance_2027_01 REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.archive_updated();


--
-- Name: balance guard_balance; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER guard_balance BEFORE UPDATE ON ledger.balance FOR EACH ROW WHEN (((((new.account_id)::text IS DISTINCT FROM (old.account_id)::text) OR (new.as_of_hour IS DISTINCT FROM old.as_of_hour)) OR (new.observed_at < old.observed_at) OR (new.recorded_at <= old.recorded_at) OR (new.revision <> (old.revision + 1)))) EXECUTE FUNCTION ledger.guard_balance();


--
-- Name: balance refuse_truncate; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.balance FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_2026_10 refuse_truncate; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.balance_2026_10 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_2026_11 refuse_truncate; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.balance_2026_11 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_2026_12 refuse_truncate; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.balance_2026_12 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: balance_2027_01 refuse_truncate; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.balance_2027_01 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: account track_changed; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_changed AFTER UPDATE ON ledger.account FOR EACH ROW WHEN ((((((((((new.entity IS DISTINCT FROM old.entity) OR (new.gl_account IS DISTINCT FROM old.gl_account)) OR ((new.currency)::text IS DISTINCT FROM (old.currency)::text)) OR (new.minor_units IS DISTINCT FROM old.minor_units)) OR ((new.tolerance)::numeric IS DISTINCT FROM (old.tolerance)::numeric)) OR (new.time_zone IS DISTINCT FROM old.time_zone)) OR (new.cut_off IS DISTINCT FROM old.cut_off)) OR (new.max_age_minutes IS DISTINCT FROM old.max_age_minutes)) OR (new.active IS DISTINCT FROM old.active))) EXECUTE FUNCTION recon.track_account();


--
-- Name: balance track_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_deleted AFTER DELETE ON ledger.balance REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_10 track_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_deleted AFTER DELETE ON ledger.balance_2026_10 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_11 track_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_deleted AFTER DELETE ON ledger.balance_2026_11 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_12 track_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_deleted AFTER DELETE ON ledger.balance_2026_12 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2027_01 track_deleted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_deleted AFTER DELETE ON ledger.balance_2027_01 REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance track_inserted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_inserted AFTER INSERT ON ledger.balance REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_10 track_inserted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_inserted AFTER INSERT ON ledger.balance_2026_10 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_11 track_inserted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_inserted AFTER INSERT ON ledger.balance_2026_11 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_12 track_inserted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_inserted AFTER INSERT ON ledger.balance_2026_12 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2027_01 track_inserted; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_inserted AFTER INSERT ON ledger.balance_2027_01 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: account track_new; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_new AFTER INSERT ON ledger.account FOR EACH ROW EXECUTE FUNCTION recon.track_account();


--
-- Name: balance track_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_updated AFTER UPDATE ON ledger.balance REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_10 track_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_updated AFTER UPDATE ON ledger.balance_2026_10 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_11 track_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_updated AFTER UPDATE ON ledger.balance_2026_11 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2026_12 track_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_updated AFTER UPDATE ON ledger.balance_2026_12 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: balance_2027_01 track_updated; Type: TRIGGER; Schema: ledger; Owner: qbank_owner
--

CREATE TRIGGER track_updated AFTER UPDATE ON ledger.balance_2027_01 REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_balance();


--
-- Name: gl_balance append_only; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON recon.gl_balance FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: gl_load append_only; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON recon.gl_load FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: item append_only; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON recon.item FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: reconciliation append_only; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON recon.reconciliation FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: sign_off append_only; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON recon.sign_off FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: reconciliation revoke_sign_off; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER revoke_sign_off AFTER INSERT ON recon.reconciliation REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION recon.revoke_sign_off();


--
-- Name: gl_balance track_loaded; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER track_loaded AFTER INSERT ON recon.gl_balance REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_gl_balance();


--
-- Name: item track_loaded; Type: TRIGGER; Schema: recon; Owner: qbank_owner
--

CREATE TRIGGER track_loaded AFTER INSERT ON recon.item REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION recon.track_item();


--
-- Name: release append_only; Type: TRIGGER; Schema: sync; Owner: qbank_owner
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON sync.release FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();


--
-- Name: missing_hour_reason a_run_tried; Type: FK CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.missing_hour_reason
    ADD CONSTRAINT a_run_tried FOREIGN KEY (run_no) REFERENCES sync.run(run_no);


--
-- Name: seal a_seal_is_of_a_run; Type: FK CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.seal
    ADD CONSTRAINT a_seal_is_of_a_run FOREIGN KEY (run_no) REFERENCES sync.run(run_no);


--
-- Name: account_period account_period_account_id_fkey; Type: FK CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.account_period
    ADD CONSTRAINT account_period_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.account(account_id);


--
-- Name: missing_hour_reason missing_hour_reason_account_id_fkey; Type: FK CONSTRAINT; Schema: ledger; Owner: qbank_owner
--

ALTER TABLE ONLY ledger.missing_hour_reason
    ADD CONSTRAINT missing_hour_reason_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.account(account_id);


--
-- Name: sign_off a_compared_version_is_signed; Type: FK CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.sign_off
    ADD CONSTRAINT a_compared_version_is_signed FOREIGN KEY (account_id, as_of_date, version) REFERENCES recon.reconciliation(account_id, as_of_date, version);


--
-- Name: gl_balance gl_balance_load_no_fkey; Type: FK CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.gl_balance
    ADD CONSTRAINT gl_balance_load_no_fkey FOREIGN KEY (load_no) REFERENCES recon.gl_load(load_no);


--
-- Name: item item_load_no_fkey; Type: FK CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.item
    ADD CONSTRAINT item_load_no_fkey FOREIGN KEY (load_no) REFERENCES recon.gl_load(load_no);


--
-- Name: reconciliation reconciliation_account_id_fkey; Type: FK CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.reconciliation
    ADD CONSTRAINT reconciliation_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.account(account_id);


--
-- Name: reconciliation reconciliation_gl_load_no_fkey; Type: FK CONSTRAINT; Schema: recon; Owner: qbank_owner
--

ALTER TABLE ONLY recon.reconciliation
    ADD CONSTRAINT reconciliation_gl_load_no_fkey FOREIGN KEY (gl_load_no) REFERENCES recon.gl_load(load_no);


--
-- Name: batch batch_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.batch
    ADD CONSTRAINT batch_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: finding finding_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE sync.finding
    ADD CONSTRAINT finding_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: lookalike lookalike_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE sync.lookalike
    ADD CONSTRAINT lookalike_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: observation observation_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE sync.observation
    ADD CONSTRAINT observation_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: payload payload_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE sync.payload
    ADD CONSTRAINT payload_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: publication publication_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.publication
    ADD CONSTRAINT publication_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: run_account run_account_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE sync.run_account
    ADD CONSTRAINT run_account_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: validation_result validation_result_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE ONLY sync.validation_result
    ADD CONSTRAINT validation_result_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: verdict verdict_run_no_fkey; Type: FK CONSTRAINT; Schema: sync; Owner: qbank_owner
--

ALTER TABLE sync.verdict
    ADD CONSTRAINT verdict_run_no_fkey FOREIGN KEY (run_no) REFERENCES sync.run(run_no) ON DELETE CASCADE;


--
-- Name: SCHEMA ledger; Type: ACL; Schema: -; Owner: qbank_owner
--

GRANT USAGE ON SCHEMA ledger TO qbank_analyst;


--
-- Name: SCHEMA recon; Type: ACL; Schema: -; Owner: qbank_owner
--

GRANT USAGE ON SCHEMA recon TO qbank_analyst;


--
-- Name: SCHEMA sync; Type: ACL; Schema: -; Owner: qbank_owner
--

GRANT USAGE ON SCHEMA sync TO qbank_analyst;


--
-- Name: FUNCTION accept_accounts(fingerprint text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.accept_accounts(fingerprint text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.accept_accounts(fingerprint text) TO qbank_operator;


--
-- Name: FUNCTION accept_host(host text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.accept_host(host text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.accept_host(host text) TO qbank_operator;


--
-- Name: FUNCTION acquire_lock(room text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.acquire_lock(room text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.acquire_lock(room text) TO qbank_loader;


--
-- Name: TABLE account; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.account TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE ledger.account TO qbank_loader;


--
-- Name: TABLE account_period; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.account_period TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE ledger.account_period TO qbank_loader;


--
-- Name: FUNCTION active_at(of_account text, instant timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.active_at(of_account text, instant timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.active_at(of_account text, instant timestamp with time zone) TO qbank_analyst;


--
-- Name: PROCEDURE add_partition(IN parent regclass, IN child text, IN key text, IN first text, IN beyond text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON PROCEDURE ledger.add_partition(IN parent regclass, IN child text, IN key text, IN first text, IN beyond text) FROM PUBLIC;


--
-- Name: FUNCTION archive_deleted(); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.archive_deleted() FROM PUBLIC;


--
-- Name: FUNCTION archive_updated(); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.archive_updated() FROM PUBLIC;


--
-- Name: TABLE balance; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE ledger.balance TO qbank_loader;


--
-- Name: TABLE balance_history; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_history TO qbank_analyst;


--
-- Name: FUNCTION balance_as_known(known_at timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.balance_as_known(known_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.balance_as_known(known_at timestamp with time zone) TO qbank_analyst;


--
-- Name: FUNCTION cancel_blocking_readers(waiter integer); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.cancel_blocking_readers(waiter integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.cancel_blocking_readers(waiter integer) TO qbank_loader;


--
-- Name: FUNCTION day_end(zone text, cut_off time without time zone, on_date date); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.day_end(zone text, cut_off time without time zone, on_date date) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.day_end(zone text, cut_off time without time zone, on_date date) TO qbank_analyst;


--
-- Name: FUNCTION is_ahead(observed_at timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.is_ahead(observed_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.is_ahead(observed_at timestamp with time zone) TO qbank_analyst;


--
-- Name: TABLE balance_set_aside; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_set_aside TO qbank_analyst;


--
-- Name: FUNCTION closing(of_account text, zone text, cut_off time without time zone, on_date date); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.closing(of_account text, zone text, cut_off time without time zone, on_date date) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.closing(of_account text, zone text, cut_off time without time zone, on_date date) TO qbank_analyst;


--
-- Name: FUNCTION ensure_partitions(at timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.ensure_partitions(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.ensure_partitions(at timestamp with time zone) TO qbank_loader;


--
-- Name: FUNCTION guard_balance(); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.guard_balance() FROM PUBLIC;


--
-- Name: PROCEDURE guard_relation(IN relation regclass, IN kind text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON PROCEDURE ledger.guard_relation(IN relation regclass, IN kind text) FROM PUBLIC;


--
-- Name: FUNCTION hours(); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.hours() FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.hours() TO qbank_analyst;


--
-- Name: FUNCTION minor_units(of_currency text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.minor_units(of_currency text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.minor_units(of_currency text) TO qbank_analyst;


--
-- Name: FUNCTION missing_accounts(hour timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.missing_accounts(hour timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.missing_accounts(hour timestamp with time zone) TO qbank_analyst;


--
-- Name: FUNCTION refuse_change(); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.refuse_change() FROM PUBLIC;


--
-- Name: FUNCTION release(run_no bigint, account_id text, reason text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.release(run_no bigint, account_id text, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.release(run_no bigint, account_id text, reason text) TO qbank_operator;


--
-- Name: FUNCTION row_sha256(account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric, currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.row_sha256(account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric, currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.row_sha256(account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric, currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone) TO qbank_analyst;


--
-- Name: FUNCTION seal_text(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.seal_text(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.seal_text(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone) TO qbank_analyst;


--
-- Name: FUNCTION seal_sha256(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone, form integer); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.seal_sha256(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone, form integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.seal_sha256(seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamp with time zone, form integer) TO qbank_analyst;


--
-- Name: FUNCTION set_aside(run_no bigint, reason text); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.set_aside(run_no bigint, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.set_aside(run_no bigint, reason text) TO qbank_operator;


--
-- Name: FUNCTION write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamp with time zone, since timestamp with time zone); Type: ACL; Schema: ledger; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamp with time zone, since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamp with time zone, since timestamp with time zone) TO qbank_loader;


--
-- Name: FUNCTION lo_creat(integer); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lo_creat(integer) FROM PUBLIC;


--
-- Name: FUNCTION lo_create(oid); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;


--
-- Name: FUNCTION lo_from_bytea(oid, bytea); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;


--
-- Name: FUNCTION lo_put(oid, bigint, bytea); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lo_put(oid, bigint, bytea) FROM PUBLIC;


--
-- Name: FUNCTION lowrite(integer, bytea); Type: ACL; Schema: pg_catalog; Owner: postgres
--

REVOKE ALL ON FUNCTION pg_catalog.lowrite(integer, bytea) FROM PUBLIC;


--
-- Name: FUNCTION acquire_lock(); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.acquire_lock() FROM PUBLIC;


--
-- Name: FUNCTION age_bucket(age_days integer); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.age_bucket(age_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION recon.age_bucket(age_days integer) TO qbank_analyst;


--
-- Name: TABLE sign_off; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.sign_off TO qbank_analyst;


--
-- Name: FUNCTION approve(account_id text, as_of_date date, comment text, version integer); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.approve(account_id text, as_of_date date, comment text, version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION recon.approve(account_id text, as_of_date date, comment text, version integer) TO qbank_approver;


--
-- Name: FUNCTION is_transposed(gl numeric, bank numeric, minor_units integer); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) FROM PUBLIC;
GRANT ALL ON FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) TO qbank_analyst;


--
-- Name: FUNCTION prepare(account_id text, as_of_date date, comment text, version integer); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.prepare(account_id text, as_of_date date, comment text, version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION recon.prepare(account_id text, as_of_date date, comment text, version integer) TO qbank_preparer;


--
-- Name: FUNCTION record_sign_off(action text, account_id text, as_of_date date, comment text, version integer); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.record_sign_off(action text, account_id text, as_of_date date, comment text, version integer) FROM PUBLIC;


--
-- Name: FUNCTION reject(account_id text, as_of_date date, comment text, version integer); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.reject(account_id text, as_of_date date, comment text, version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION recon.reject(account_id text, as_of_date date, comment text, version integer) TO qbank_approver;


--
-- Name: FUNCTION revoke_sign_off(); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.revoke_sign_off() FROM PUBLIC;


--
-- Name: FUNCTION track_account(); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.track_account() FROM PUBLIC;


--
-- Name: FUNCTION track_balance(); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.track_balance() FROM PUBLIC;


--
-- Name: FUNCTION track_gl_balance(); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.track_gl_balance() FROM PUBLIC;


--
-- Name: FUNCTION track_item(); Type: ACL; Schema: recon; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION recon.track_item() FROM PUBLIC;


--
-- Name: PROCEDURE add_block(IN runs bigint); Type: ACL; Schema: sync; Owner: qbank_owner
--

REVOKE ALL ON PROCEDURE sync.add_block(IN runs bigint) FROM PUBLIC;


--
-- Name: FUNCTION blocks(of_table text); Type: ACL; Schema: sync; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION sync.blocks(of_table text) FROM PUBLIC;
GRANT ALL ON FUNCTION sync.blocks(of_table text) TO qbank_analyst;


--
-- Name: FUNCTION drop_expired(keep interval, payloads_only boolean); Type: ACL; Schema: sync; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION sync.drop_expired(keep interval, payloads_only boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION sync.drop_expired(keep interval, payloads_only boolean) TO qbank_loader;


--
-- Name: FUNCTION significant_digits(amount numeric); Type: ACL; Schema: sync; Owner: qbank_owner
--

REVOKE ALL ON FUNCTION sync.significant_digits(amount numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION sync.significant_digits(amount numeric) TO qbank_analyst;


--
-- Name: TABLE accepted_accounts; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.accepted_accounts TO qbank_analyst;


--
-- Name: TABLE accepted_host; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.accepted_host TO qbank_analyst;
GRANT INSERT ON TABLE ledger.accepted_host TO qbank_loader;


--
-- Name: TABLE alembic_version; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.alembic_version TO qbank_analyst;


--
-- Name: TABLE balance_2026_10; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_2026_10 TO qbank_analyst;


--
-- Name: TABLE balance_2026_11; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_2026_11 TO qbank_analyst;


--
-- Name: TABLE balance_2026_12; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_2026_12 TO qbank_analyst;


--
-- Name: TABLE balance_2027_01; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_2027_01 TO qbank_analyst;


--
-- Name: TABLE balance_history_2026_10; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_history_2026_10 TO qbank_analyst;


--
-- Name: TABLE balance_history_2026_11; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_history_2026_11 TO qbank_analyst;


--
-- Name: TABLE balance_history_2026_12; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_history_2026_12 TO qbank_analyst;


--
-- Name: TABLE balance_history_2027_01; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.balance_history_2027_01 TO qbank_analyst;


--
-- Name: TABLE coverage; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.coverage TO qbank_analyst;


--
-- Name: TABLE daily_balance; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.daily_balance TO qbank_analyst;


--
-- Name: TABLE daily_movement; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.daily_movement TO qbank_analyst;


--
-- Name: TABLE latest_balance; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.latest_balance TO qbank_analyst;


--
-- Name: TABLE entity_total; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.entity_total TO qbank_analyst;


--
-- Name: TABLE hourly_movement; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.hourly_movement TO qbank_analyst;


--
-- Name: TABLE hourly_total; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.hourly_total TO qbank_analyst;


--
-- Name: TABLE missing_hour_reason; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.missing_hour_reason TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE ledger.missing_hour_reason TO qbank_loader;


--
-- Name: TABLE missing_hour; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.missing_hour TO qbank_analyst;


--
-- Name: TABLE seal; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT SELECT ON TABLE ledger.seal TO qbank_analyst;
GRANT INSERT ON TABLE ledger.seal TO qbank_loader;


--
-- Name: SEQUENCE seal_no; Type: ACL; Schema: ledger; Owner: qbank_owner
--

GRANT USAGE ON SEQUENCE ledger.seal_no TO qbank_loader;


--
-- Name: TABLE account_time; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.account_time TO qbank_analyst;


--
-- Name: TABLE changed; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.changed TO qbank_analyst;
GRANT DELETE ON TABLE recon.changed TO qbank_loader;


--
-- Name: TABLE item; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.item TO qbank_analyst;
GRANT INSERT ON TABLE recon.item TO qbank_loader;


--
-- Name: TABLE current_item; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.current_item TO qbank_analyst;


--
-- Name: TABLE gl_balance; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.gl_balance TO qbank_analyst;
GRANT INSERT ON TABLE recon.gl_balance TO qbank_loader;


--
-- Name: TABLE gl_load; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.gl_load TO qbank_analyst;


--
-- Name: COLUMN gl_load.kind; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT INSERT(kind) ON TABLE recon.gl_load TO qbank_loader;


--
-- Name: COLUMN gl_load.sha256; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT INSERT(sha256) ON TABLE recon.gl_load TO qbank_loader;


--
-- Name: COLUMN gl_load.rows; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT INSERT(rows) ON TABLE recon.gl_load TO qbank_loader;


--
-- Name: TABLE reconciliation; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.reconciliation TO qbank_analyst;
GRANT INSERT ON TABLE recon.reconciliation TO qbank_loader;


--
-- Name: TABLE open_break; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.open_break TO qbank_analyst;


--
-- Name: TABLE open_break_total; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.open_break_total TO qbank_analyst;


--
-- Name: TABLE sign_off_state; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.sign_off_state TO qbank_analyst;


--
-- Name: TABLE unmapped_gl; Type: ACL; Schema: recon; Owner: qbank_owner
--

GRANT SELECT ON TABLE recon.unmapped_gl TO qbank_analyst;


--
-- Name: TABLE observation; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.observation TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE sync.observation TO qbank_loader;


--
-- Name: TABLE run; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.run TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE sync.run TO qbank_loader;


--
-- Name: TABLE run_account; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.run_account TO qbank_analyst;
GRANT INSERT ON TABLE sync.run_account TO qbank_loader;


--
-- Name: TABLE audit_subject; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.audit_subject TO qbank_analyst;


--
-- Name: TABLE batch; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.batch TO qbank_analyst;
GRANT INSERT,DELETE,UPDATE ON TABLE sync.batch TO qbank_loader;


--
-- Name: TABLE finding; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.finding TO qbank_analyst;
GRANT INSERT ON TABLE sync.finding TO qbank_loader;


--
-- Name: TABLE publication; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.publication TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE sync.publication TO qbank_loader;


--
-- Name: TABLE verdict; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.verdict TO qbank_analyst;
GRANT INSERT ON TABLE sync.verdict TO qbank_loader;


--
-- Name: TABLE current_outcome; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.current_outcome TO qbank_analyst;


--
-- Name: TABLE finding_1_24; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.finding_1_24 TO qbank_analyst;


--
-- Name: TABLE lookalike; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.lookalike TO qbank_analyst;
GRANT INSERT ON TABLE sync.lookalike TO qbank_loader;


--
-- Name: TABLE lookalike_1_24; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.lookalike_1_24 TO qbank_analyst;


--
-- Name: TABLE observation_1_24; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.observation_1_24 TO qbank_analyst;


--
-- Name: TABLE outcome; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.outcome TO qbank_analyst;


--
-- Name: TABLE payload; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.payload TO qbank_analyst;
GRANT INSERT,UPDATE ON TABLE sync.payload TO qbank_loader;


--
-- Name: TABLE payload_1_24; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.payload_1_24 TO qbank_analyst;


--
-- Name: TABLE release; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.release TO qbank_analyst;


--
-- Name: TABLE quarantine; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.quarantine TO qbank_analyst;


--
-- Name: TABLE run_account_1_24; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.run_account_1_24 TO qbank_analyst;


--
-- Name: TABLE validation_result; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.validation_result TO qbank_analyst;
GRANT INSERT,DELETE,UPDATE ON TABLE sync.validation_result TO qbank_loader;


--
-- Name: TABLE verdict_1_24; Type: ACL; Schema: sync; Owner: qbank_owner
--

GRANT SELECT ON TABLE sync.verdict_1_24 TO qbank_analyst;


--
-- PostgreSQL database dump complete
--


