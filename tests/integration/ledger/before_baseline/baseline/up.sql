-- Purpose: what is kept for ever: accounts and when they were active, balances and their history, seals, gaps.
--          Beside it: ledger_guards.sql (what holds rows together whoever writes), ledger_seals.sql (the hashes),
--          ledger_views.sql (what is read), ledger_operator.sql (what operators decide).
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE SCHEMA IF NOT EXISTS ledger;
COMMENT ON SCHEMA ledger IS 'Balances that passed the audit, their history, their seals: kept for ever.';

-- ── What a value may be ──────────────────────────────────────────────────────────────────────────

-- The length apart: in the pattern it costs ten times as much.
CREATE DOMAIN ledger.account_id AS text CHECK (VALUE ~ '^[A-Za-z0-9_-]+$' AND length(VALUE) <= 64);
COMMENT ON DOMAIN ledger.account_id IS 'QBank''s id of an account: opaque text.';

CREATE DOMAIN ledger.currency_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');
COMMENT ON DOMAIN ledger.currency_code IS 'ISO 4217 code of a currency.';

-- numeric without a scale: a scale would round in silence. NaN and the infinities are values of
-- numeric, and NaN passes >= 0: each is named.
CREATE DOMAIN ledger.amount AS numeric CHECK (VALUE NOT IN ('NaN', 'Infinity', '-Infinity'));
COMMENT ON DOMAIN ledger.amount IS 'An exact, finite amount in the currency beside it.';

CREATE DOMAIN ledger.sha256_hex AS text CHECK (VALUE ~ '^[0-9a-f]{64}$');
COMMENT ON DOMAIN ledger.sha256_hex IS 'A SHA-256, in lower-case hex.';

-- ── Currencies ───────────────────────────────────────────────────────────────────────────────────

-- A function and no table: a CHECK may ask it, also while a dump is restored.
CREATE FUNCTION ledger.minor_units(of_currency text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN of_currency IN (
         'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV',
         'XAF', 'XOF', 'XPF') THEN 0
    WHEN of_currency IN (
         'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
    WHEN of_currency IN (
         'CLF', 'UYW') THEN 4
    WHEN of_currency IN (
         'AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BMD', 'BND',
         'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY',
         'COP', 'COU', 'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD',
         'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS',
         'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL',
         'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR',
         'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR',
         'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP',
         'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD',
         'USN', 'UYU', 'UZS', 'VED', 'VES', 'WST', 'XAD', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG') THEN 2
END;
COMMENT ON FUNCTION ledger.minor_units(text) IS
    'How many decimals an amount of the currency may have (ISO 4217); null: no currency, or one without minor units, '
    'such as XXX or gold.';

-- ── Accounts ─────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ledger.account (
    account_id       ledger.account_id PRIMARY KEY,
    name             text NOT NULL,
    currency         ledger.currency_code NOT NULL,
    minor_units      smallint NOT NULL CHECK (minor_units BETWEEN 0 AND 4),
    entity           text NOT NULL,
    gl_account       text NOT NULL,
    time_zone        text NOT NULL,
    cut_off          time,
    max_age_minutes  integer NOT NULL CHECK (max_age_minutes > 0),
    minimum_balance  ledger.amount,
    tolerance        ledger.amount NOT NULL CHECK (tolerance >= 0),
    bank_account     text,
    bank_id          text,
    active           boolean NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ledger.account IS
    'The configured accounts, as the newest full run read them from the accounts file. Grain: account.';
COMMENT ON COLUMN ledger.account.account_id IS 'QBank''s id of the account: opaque text.';
COMMENT ON COLUMN ledger.account.name IS 'What people call the account.';
COMMENT ON COLUMN ledger.account.currency IS 'ISO 4217 code of the account''s currency.';
COMMENT ON COLUMN ledger.account.minor_units IS 'Decimals that ISO 4217 gives the currency (EUR 2, JPY 0, BHD 3).';
COMMENT ON COLUMN ledger.account.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.account.gl_account IS 'The ERP''s general-ledger account that mirrors this bank account.';
COMMENT ON COLUMN ledger.account.time_zone IS 'IANA time zone in which the account''s day runs.';
COMMENT ON COLUMN ledger.account.cut_off IS
    'Local time at which the account''s day closes; null: at the end of the day.';
COMMENT ON COLUMN ledger.account.max_age_minutes IS 'How old a balance may be before it counts as stale, in minutes.';
COMMENT ON COLUMN ledger.account.minimum_balance IS
    'A ledger balance below it is a warning; null: no minimum. In the account''s currency.';
COMMENT ON COLUMN ledger.account.tolerance IS
    'Largest unexplained difference that reconciliation lets pass. In the account''s currency.';
COMMENT ON COLUMN ledger.account.bank_account IS 'IBAN or account number, for exports.';
COMMENT ON COLUMN ledger.account.bank_id IS 'BIC or routing number, for exports.';
COMMENT ON COLUMN ledger.account.active IS 'Whether runs ask for this account now.';
COMMENT ON COLUMN ledger.account.updated_at IS 'When a run last changed this row (UTC).';

CREATE TABLE ledger.account_period (
    account_id  ledger.account_id NOT NULL REFERENCES ledger.account,
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz CHECK (closed_at >= opened_at),
    PRIMARY KEY (account_id, opened_at)
);
CREATE UNIQUE INDEX account_period_open ON ledger.account_period (account_id) WHERE closed_at IS NULL;
COMMENT ON TABLE ledger.account_period IS
    'When an account was active. Only full, not dry, runs open and close periods. Grain: account × period.';
COMMENT ON COLUMN ledger.account_period.account_id IS 'The account.';
COMMENT ON COLUMN ledger.account_period.opened_at IS 'When the plan of a full run first saw the account active (UTC).';
COMMENT ON COLUMN ledger.account_period.closed_at IS
    'When the plan of a full run no longer saw it active (UTC); null: still active.';

CREATE TABLE ledger.accepted_host (
    api_host     text PRIMARY KEY CHECK (api_host ~ '^[a-z0-9.:_-]{1,253}$'),
    accepted_at  timestamptz NOT NULL DEFAULT now(),
    accepted_by  text NOT NULL
);
COMMENT ON TABLE ledger.accepted_host IS
    'API hosts whose balances may enter this ledger: the first run''s, and those an operator accepted. Grain: host.';
COMMENT ON COLUMN ledger.accepted_host.api_host IS 'Host name of the QBank connection, without port.';
COMMENT ON COLUMN ledger.accepted_host.accepted_at IS 'When it was accepted (UTC).';
COMMENT ON COLUMN ledger.accepted_host.accepted_by IS
    'The login that accepted it; the first run''s for the first host.';

CREATE TABLE ledger.accepted_accounts (
    fingerprint  ledger.sha256_hex PRIMARY KEY,
    accepted_at  timestamptz NOT NULL DEFAULT now(),
    accepted_by  text NOT NULL
);
COMMENT ON TABLE ledger.accepted_accounts IS
    'Sets of accounts that may close more than half of the ledger''s open accounts, accepted by an operator. Grain: '
    'set.';
COMMENT ON COLUMN ledger.accepted_accounts.fingerprint IS
    'SHA-256 over the sorted ids of the active accounts, as the refused run''s message names it.';
COMMENT ON COLUMN ledger.accepted_accounts.accepted_at IS 'When it was accepted (UTC).';
COMMENT ON COLUMN ledger.accepted_accounts.accepted_by IS 'The login that accepted it.';

-- ── Balances ─────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ledger.balance (
    account_id         ledger.account_id NOT NULL,
    as_of_hour         timestamptz NOT NULL,
    available_balance  ledger.amount NOT NULL,
    ledger_balance     ledger.amount NOT NULL,
    currency           ledger.currency_code NOT NULL,
    observed_at        timestamptz NOT NULL,
    run_no             bigint NOT NULL,
    seal_no            bigint NOT NULL,
    revision           integer NOT NULL CHECK (revision > 0),
    recorded_at        timestamptz NOT NULL,
    PRIMARY KEY (account_id, as_of_hour),
    CONSTRAINT hour_is_that_of_the_observation
        CHECK (as_of_hour = date_trunc('hour', observed_at, 'UTC')),
    -- A time has one spelling in a seal: without an era, and never infinity.
    CONSTRAINT years_have_four_digits
        CHECK (least(observed_at, recorded_at) >= '0001-01-01 00:00+00'
               AND greatest(observed_at, recorded_at) < '10000-01-01 00:00+00')
) PARTITION BY RANGE (as_of_hour);
-- Hours arrive in order: a BRIN finds an hour's blocks at a ten-thousandth of a B-tree's size.
CREATE INDEX balance_hour ON ledger.balance
    USING brin (as_of_hour timestamptz_minmax_multi_ops) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX balance_seal ON ledger.balance
    USING brin (seal_no int8_minmax_multi_ops) WITH (pages_per_range = 16, autosummarize = on);
COMMENT ON TABLE ledger.balance IS
    'The balance of an account in an hour: the newest observation made in it. Grain: account × hour.';
COMMENT ON COLUMN ledger.balance.account_id IS 'The account.';
COMMENT ON COLUMN ledger.balance.as_of_hour IS 'The UTC hour in which the balance was observed.';
COMMENT ON COLUMN ledger.balance.available_balance IS
    'Available balance as the bank gave it (available_balance of its answer): exact, in the account''s currency; '
    'negative is legal.';
COMMENT ON COLUMN ledger.balance.ledger_balance IS
    'Ledger balance as the bank gave it (ledger_balance of its answer): exact, in the account''s currency; positive '
    'is the holder''s money.';
COMMENT ON COLUMN ledger.balance.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN ledger.balance.observed_at IS
    'When the bank''s answer arrived, by the ledger database''s clock (UTC).';
COMMENT ON COLUMN ledger.balance.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.balance.seal_no IS 'The seal that covers this version.';
COMMENT ON COLUMN ledger.balance.revision IS '1 for the first version of the hour, then 2, 3, ….';
COMMENT ON COLUMN ledger.balance.recorded_at IS
    'When this version was published: one instant for the whole publish (UTC).';

CREATE TABLE ledger.balance_history (
    account_id         ledger.account_id NOT NULL,
    as_of_hour         timestamptz NOT NULL,
    available_balance  ledger.amount NOT NULL,
    ledger_balance     ledger.amount NOT NULL,
    currency           ledger.currency_code NOT NULL,
    observed_at        timestamptz NOT NULL,
    run_no             bigint NOT NULL,
    seal_no            bigint NOT NULL,
    revision           integer NOT NULL,
    recorded_at        timestamptz NOT NULL,
    superseded_at      timestamptz NOT NULL,
    PRIMARY KEY (account_id, as_of_hour, superseded_at),
    CONSTRAINT superseded_after_recorded CHECK (superseded_at > recorded_at),
    CONSTRAINT years_have_four_digits
        CHECK (least(as_of_hour, observed_at, recorded_at) >= '0001-01-01 00:00+00'
               AND greatest(as_of_hour, observed_at, recorded_at) < '10000-01-01 00:00+00')
) PARTITION BY RANGE (as_of_hour);
CREATE INDEX balance_history_seal ON ledger.balance_history
    USING brin (seal_no) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX balance_history_hour ON ledger.balance_history
    USING brin (as_of_hour) WITH (pages_per_range = 16, autosummarize = on);
COMMENT ON TABLE ledger.balance_history IS
    'Versions of a balance that a later one replaced, by whatever hand; append-only. Grain: account × hour × '
    'superseded version.';
COMMENT ON COLUMN ledger.balance_history.account_id IS 'The account.';
COMMENT ON COLUMN ledger.balance_history.as_of_hour IS 'The UTC hour in which the balance was observed.';
COMMENT ON COLUMN ledger.balance_history.available_balance IS
    'Available balance as the bank gave it (available_balance of its answer): exact, in the account''s currency; '
    'negative is legal.';
COMMENT ON COLUMN ledger.balance_history.ledger_balance IS
    'Ledger balance as the bank gave it (ledger_balance of its answer): exact, in the account''s currency; positive '
    'is the holder''s money.';
COMMENT ON COLUMN ledger.balance_history.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN ledger.balance_history.observed_at IS
    'When the bank''s answer arrived, by the ledger database''s clock (UTC).';
COMMENT ON COLUMN ledger.balance_history.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.balance_history.seal_no IS 'The seal that covers this version.';
COMMENT ON COLUMN ledger.balance_history.revision IS '1 for the first version of the hour, then 2, 3, ….';
COMMENT ON COLUMN ledger.balance_history.recorded_at IS
    'When this version was published: one instant for the whole publish (UTC).';
COMMENT ON COLUMN ledger.balance_history.superseded_at IS
    'When a later version replaced this one: that version''s recorded_at (UTC).';

CREATE TABLE ledger.gap (
    account_id   ledger.account_id NOT NULL,
    as_of_hour   timestamptz NOT NULL,
    reason       text NOT NULL,
    run_no       bigint NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, as_of_hour)
);
COMMENT ON TABLE ledger.gap IS
    'Why the newest run that tried could not publish an account in an hour; kept for ever. Read it through '
    'ledger.missing_hour. Grain: account × hour.';
COMMENT ON COLUMN ledger.gap.account_id IS 'The account.';
COMMENT ON COLUMN ledger.gap.as_of_hour IS 'The UTC hour in which the run tried.';
COMMENT ON COLUMN ledger.gap.reason IS 'The reason of a failure (http_404), or quarantined: and the reasons.';
COMMENT ON COLUMN ledger.gap.run_no IS 'The run that tried.';
COMMENT ON COLUMN ledger.gap.recorded_at IS 'When it was written down (UTC).';

CREATE TABLE ledger.balance_set_aside (
    account_id    ledger.account_id NOT NULL,
    as_of_hour    timestamptz NOT NULL,
    seal_no       bigint NOT NULL,
    run_no        bigint NOT NULL,
    observed_at   timestamptz NOT NULL,
    set_aside_at  timestamptz NOT NULL,
    set_aside_by  text NOT NULL,
    reason        text NOT NULL CHECK (reason ~ '\S'),
    PRIMARY KEY (account_id, as_of_hour, seal_no)
);
COMMENT ON TABLE ledger.balance_set_aside IS
    'Balances that were observed while the clock ran ahead, and an operator set aside, who and why: each is in '
    'ledger.balance_history, as it was sealed; append-only, kept for ever. Grain: version set aside.';
COMMENT ON COLUMN ledger.balance_set_aside.account_id IS 'The account.';
COMMENT ON COLUMN ledger.balance_set_aside.as_of_hour IS 'The UTC hour that the clock said it was.';
COMMENT ON COLUMN ledger.balance_set_aside.seal_no IS 'The seal that covers the balance.';
COMMENT ON COLUMN ledger.balance_set_aside.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.balance_set_aside.observed_at IS 'When the answer arrived, by the clock that ran ahead (UTC).';
COMMENT ON COLUMN ledger.balance_set_aside.set_aside_at IS 'When it was set aside (UTC).';
COMMENT ON COLUMN ledger.balance_set_aside.set_aside_by IS 'The login that set it aside.';
COMMENT ON COLUMN ledger.balance_set_aside.reason IS 'Why, in the operator''s words.';

-- ── Seals ────────────────────────────────────────────────────────────────────────────────────────

CREATE SEQUENCE ledger.seal_no;

CREATE TABLE ledger.seal (
    seal_no          bigint PRIMARY KEY,
    run_no           bigint NOT NULL,
    row_count        bigint NOT NULL CHECK (row_count > 0),
    control_totals   jsonb NOT NULL,
    rows_sha256      ledger.sha256_hex NOT NULL,
    previous_sha256  ledger.sha256_hex,
    sha256           ledger.sha256_hex NOT NULL UNIQUE,
    sealed_at        timestamptz NOT NULL,
    row_hashes       bytea,
    form             smallint NOT NULL CHECK (form IN (1, 2)),
    CONSTRAINT row_hashes_are_the_sealed_ones
        CHECK (encode(sha256(row_hashes), 'hex') = rows_sha256 AND length(row_hashes) = 32 * row_count),
    CONSTRAINT years_have_four_digits
        CHECK (sealed_at >= '0001-01-01 00:00+00' AND sealed_at < '10000-01-01 00:00+00')
);
-- Hashes don't compress: spare the trial.
ALTER TABLE ledger.seal ALTER COLUMN row_hashes SET STORAGE EXTERNAL;
-- A chain does not fork: each seal is followed once, and only the first follows none.
CREATE UNIQUE INDEX seal_follows_once ON ledger.seal (coalesce(previous_sha256, ''));
COMMENT ON TABLE ledger.seal IS
    'One link for each publish of at least a row, chained by hash; append-only. Grain: publish.';
COMMENT ON COLUMN ledger.seal.seal_no IS 'Number of the seal; rising, may have gaps.';
COMMENT ON COLUMN ledger.seal.run_no IS 'The run whose observations were published.';
COMMENT ON COLUMN ledger.seal.row_count IS 'Rows that the publish wrote.';
COMMENT ON COLUMN ledger.seal.control_totals IS
    'For each currency the sums of available and ledger balance of those rows, as text.';
COMMENT ON COLUMN ledger.seal.rows_sha256 IS 'SHA-256 over row_hashes: over the rows in canonical form.';
COMMENT ON COLUMN ledger.seal.previous_sha256 IS 'sha256 of the seal before; null for the first.';
COMMENT ON COLUMN ledger.seal.sha256 IS 'SHA-256 over this seal and the one before it.';
COMMENT ON COLUMN ledger.seal.sealed_at IS 'When it was published: recorded_at of its rows (UTC).';
COMMENT ON COLUMN ledger.seal.row_hashes IS
    'ledger.row_sha256 of each row, 32 bytes each, in key order: what rows_sha256 is the hash of, kept so that an '
    'altered row can be named. Null: sealed before they were kept.';
COMMENT ON COLUMN ledger.seal.form IS
    'How the text was made that sha256 is the hash of. 2: ledger.seal_text; 1: as before the first release, with '
    'PostgreSQL''s own text of control_totals.';

-- ── Turns ────────────────────────────────────────────────────────────────────────────────────────

-- A table for each, without column, row or grant: an advisory lock is anybody's, and a row may go. The mode keeps
-- off who takes it as well, and no reader.
CREATE TABLE ledger.lock_plan ();
COMMENT ON TABLE ledger.lock_plan IS 'Held by who plans or makes partitions: see ledger.take_turn. Without rows.';

CREATE TABLE ledger.lock_publish ();
COMMENT ON TABLE ledger.lock_publish IS
    'Held by who publishes, releases or sets aside: see ledger.take_turn. Without rows.';

CREATE TABLE ledger.lock_reconcile ();
COMMENT ON TABLE ledger.lock_reconcile IS 'Held by who compares or signs off: see ledger.take_turn. Without rows.';

-- ── The revision ─────────────────────────────────────────────────────────────────────────────────

COMMENT ON TABLE ledger.alembic_version IS
    'Which revision of the schema this database is at (Alembic). Grain: one row.';
COMMENT ON COLUMN ledger.alembic_version.version_num IS 'The revision.';

-- Purpose: what holds the ledger's rows together whoever writes: versions in order, history, turns, partitions.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

-- ── Append-only ──────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION ledger.refuse_change() IS 'Makes a table append-only, also for its owner.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.balance_set_aside
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- ── Versions of a balance ────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.guard_balance() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
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
COMMENT ON FUNCTION ledger.guard_balance() IS 'Keeps the versions of a balance in order, whoever changes it.';

CREATE TRIGGER guard_balance BEFORE UPDATE ON ledger.balance FOR EACH ROW
    WHEN ((NEW.account_id, NEW.as_of_hour) IS DISTINCT FROM (OLD.account_id, OLD.as_of_hour)
          OR NEW.observed_at < OLD.observed_at
          OR NEW.recorded_at <= OLD.recorded_at
          OR NEW.revision <> OLD.revision + 1)
    EXECUTE FUNCTION ledger.guard_balance();

-- A publish of a million rows joins in memory, not on disk.
CREATE FUNCTION ledger.keep_updated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '128MB' AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency,
                                        observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at,
           o.run_no, o.seal_no, o.revision, o.recorded_at, n.recorded_at
      FROM old_rows AS o JOIN new_rows AS n USING (account_id, as_of_hour);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.keep_updated() IS 'Moves the versions that an UPDATE replaced to ledger.balance_history.';

CREATE FUNCTION ledger.keep_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency,
                                        observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at,
           o.run_no, o.seal_no, o.revision, o.recorded_at,
           greatest(clock_timestamp(), o.recorded_at + interval '1 microsecond')
      FROM old_rows AS o;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.keep_deleted() IS 'Moves the versions that a DELETE took away to ledger.balance_history.';

-- Statement triggers do not reach partitions that are named directly, so each relation gets its
-- own: through the parent only the parent's fire, on a partition only the partition's.
CREATE PROCEDURE ledger.guard_relation(relation regclass, kind text) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF kind = 'balance' THEN
        EXECUTE format('CREATE TRIGGER keep_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.keep_updated()', relation);
        EXECUTE format('CREATE TRIGGER keep_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.keep_deleted()', relation);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
        EXECUTE format('CREATE TRIGGER note_inserted AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.note_balance()', relation);
        EXECUTE format('CREATE TRIGGER note_updated AFTER UPDATE ON %s REFERENCING NEW TABLE AS new_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.note_balance()', relation);
        EXECUTE format('CREATE TRIGGER note_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION recon.note_balance()', relation);
    ELSIF kind = 'balance_history' THEN
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
    END IF;
END $$;
COMMENT ON PROCEDURE ledger.guard_relation(regclass, text) IS
    'Puts the statement triggers of balance or balance_history on a relation.';

-- ── Turns ────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.take_turn(room text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
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
COMMENT ON FUNCTION ledger.take_turn(text) IS
    'Waits, as long as lock_timeout says, until nobody else plans, publishes or reconciles (room), and keeps the '
    'others off to the end of the transaction; who has it is named. For qbank_loader.';

-- What a reader may ask for, though it is refused once it comes to it (CREATE RULE, VACUUM FULL), stands in the queue
-- before a publish while somebody reads. Only a superuser can give the owner what this takes: see server.sql.
CREATE FUNCTION ledger.make_way(waiter integer) RETURNS SETOF integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
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
COMMENT ON FUNCTION ledger.make_way(integer) IS
    'Cancels the statements of readers that a session of the caller''s login waits for; returns their pids. Does '
    'nothing where qbank_owner lacks pg_signal_backend. For qbank_loader.';

-- Purpose: the seals' canonical forms and their hashes, and how a publish is sealed (docs/adr/0013).
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION ledger.row_sha256(
    account_id text, as_of_hour timestamptz, available_balance numeric, ledger_balance numeric,
    currency text, observed_at timestamptz, run_no bigint, seal_no bigint, revision integer, recorded_at timestamptz
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT sha256(convert_to(concat_ws('|',
        account_id,
        to_char(as_of_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        trim_scale(available_balance), trim_scale(ledger_balance), currency,
        to_char(observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        run_no, seal_no, revision,
        to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), 'UTF8'));
END;
COMMENT ON FUNCTION ledger.row_sha256(text, timestamptz, numeric, numeric, text, timestamptz, bigint, bigint,
    integer, timestamptz) IS
    'SHA-256 of a balance in canonical form: fields in the order of ledger.balance joined by |, numbers by '
    'trim_scale, times in UTC to the microsecond.';

-- Ours, and not what PostgreSQL makes of a jsonb, so that it can be made without PostgreSQL (docs/adr/0019).
CREATE FUNCTION ledger.seal_text(
    seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text,
    previous_sha256 text, sealed_at timestamptz
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT concat_ws('|', 'seal 2', seal_no, run_no, row_count,
        (SELECT coalesce(string_agg(concat_ws(' ', t.currency, t.total ->> 'available', t.total ->> 'ledger'), ','
                                    ORDER BY t.currency COLLATE "C"), '')
           FROM jsonb_each(control_totals) AS t (currency, total)),
        rows_sha256, coalesce(previous_sha256, ''),
        to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
END;
COMMENT ON FUNCTION ledger.seal_text(bigint, bigint, bigint, jsonb, text, text, timestamptz) IS
    'A seal in canonical form: seal 2, its number, run, rows, totals, hash of the rows, hash of the seal before it '
    '(empty for the first) and time, joined by |. Totals: of each currency its code, available and ledger, joined by '
    'a blank; currencies in order, joined by a comma. Times in UTC to the microsecond.';

CREATE FUNCTION ledger.seal_sha256(
    seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text,
    previous_sha256 text, sealed_at timestamptz, form integer DEFAULT 2
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT encode(sha256(convert_to(CASE form
        WHEN 1 THEN concat_ws('|', seal_no, run_no, row_count, control_totals::text, rows_sha256,
            coalesce(previous_sha256, ''), to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        WHEN 2 THEN ledger.seal_text(seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256,
                                     sealed_at)
        END, 'UTF8')), 'hex');
END;
COMMENT ON FUNCTION ledger.seal_sha256(bigint, bigint, bigint, jsonb, text, text, timestamptz, integer) IS
    'SHA-256 of a seal: of its text in the form that it was sealed in (ledger.seal.form).';

-- A publish of a million rows sorts in memory, not on disk.
CREATE FUNCTION ledger.write_seal(new_seal_no bigint, of_run bigint, sealed_at timestamptz, since timestamptz)
RETURNS void LANGUAGE sql
SET search_path = pg_catalog, pg_temp SET work_mem = '128MB' AS $$
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
COMMENT ON FUNCTION ledger.write_seal(bigint, bigint, timestamptz, timestamptz) IS
    'Seals what a publish wrote under a seal number: its rows, its control totals, and the seal before it. since: an '
    'hour before which the publish wrote nothing. For who holds the publish lock.';

-- Purpose: what is read of the ledger: as known at an instant, closings, newest balances, movement, totals, coverage.
-- Run as:  qbank_owner, in one transaction (see migrate.py).
--
-- A function in SQL that is taken into the query around it pins no search path: a SET would keep it out. Its body is
-- read here and now (BEGIN ATOMIC, RETURN) instead: as text it would be read anew by each caller, in whose path
-- somebody may have put a function that fits better.

-- ── Time ─────────────────────────────────────────────────────────────────────────────────────────

-- Taken into the query around it: its filters reach the indexes.
CREATE FUNCTION ledger.balance_as_known(known_at timestamptz) RETURNS SETOF ledger.balance
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
    SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
           b.run_no, b.seal_no, b.revision, b.recorded_at
      FROM ledger.balance AS b WHERE b.recorded_at <= known_at
    UNION ALL
    SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
           h.run_no, h.seal_no, h.revision, h.recorded_at
      FROM ledger.balance_history AS h WHERE h.recorded_at <= known_at AND h.superseded_at > known_at;
END;
COMMENT ON FUNCTION ledger.balance_as_known(timestamptz) IS
    'ledger.balance as it stood at an instant; exact between publishes. Filter it by as_of_hour or account_id. '
    'Grain: account × hour.';

-- By the statement: a transaction that is open for long sees what was published since it began.
CREATE FUNCTION ledger.is_ahead(observed_at timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN observed_at > statement_timestamp() + interval '1 minute';
COMMENT ON FUNCTION ledger.is_ahead(timestamptz) IS
    'Whether an observation lies more than a minute ahead of the database''s clock: the clock ran ahead when it was '
    'made, or is behind now.';

CREATE FUNCTION ledger.active_at(of_account text, instant timestamptz) RETURNS SETOF boolean
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT coalesce(bool_or(p.opened_at < instant AND (p.closed_at IS NULL OR p.closed_at >= instant)),
                    (SELECT a.active FROM ledger.account AS a WHERE a.account_id = of_account))
      FROM ledger.account_period AS p WHERE p.account_id = of_account;
END;
COMMENT ON FUNCTION ledger.active_at(text, timestamptz) IS
    'Whether the account was active at an instant; before the first full run, which opens its first period: whether '
    'it is now. Grain: one row.';

CREATE FUNCTION ledger.day_end(zone text, cut_off time, on_date date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (on_date + coalesce(cut_off, '24:00')) AT TIME ZONE zone;
COMMENT ON FUNCTION ledger.day_end(text, time, date) IS
    'When a date is over by the clock of a time zone: at the cut-off, or, without one (null), as the date ends.';

-- In SQL, and so taken in: called, in PL/pgSQL, it takes three times as long.
CREATE FUNCTION ledger.closing(of_account text, zone text, cut_off time, on_date date)
RETURNS SETOF ledger.balance LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT v.account_id, v.as_of_hour, v.available_balance, v.ledger_balance, v.currency, v.observed_at,
           v.run_no, v.seal_no, v.revision, v.recorded_at
      -- Of the balances and of what they superseded each the newest: neither reads the whole day.
      FROM ((SELECT b.account_id, b.as_of_hour, b.available_balance, b.ledger_balance, b.currency, b.observed_at,
                    b.run_no, b.seal_no, b.revision, b.recorded_at
               FROM ledger.balance AS b
              WHERE b.account_id = of_account
                -- The hours that can hold the date, with room for a change of clocks: these reach the index …
                AND b.as_of_hour >= (on_date::timestamp AT TIME ZONE zone) - interval '3 hours'
                AND b.as_of_hour < ledger.day_end(zone, cut_off, on_date) + interval '3 hours'
                -- … and the local clock decides, as it hangs on the wall.
                AND (b.observed_at AT TIME ZONE zone)::date = on_date AND NOT ledger.is_ahead(b.observed_at)
                AND (cut_off IS NULL OR (b.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY b.as_of_hour DESC LIMIT 1)
            UNION ALL
            (SELECT h.account_id, h.as_of_hour, h.available_balance, h.ledger_balance, h.currency, h.observed_at,
                    h.run_no, h.seal_no, h.revision, h.recorded_at
               FROM ledger.balance_history AS h
              WHERE h.account_id = of_account
                AND h.as_of_hour >= (on_date::timestamp AT TIME ZONE zone) - interval '3 hours'
                AND h.as_of_hour < ledger.day_end(zone, cut_off, on_date) + interval '3 hours'
                AND (h.observed_at AT TIME ZONE zone)::date = on_date AND NOT ledger.is_ahead(h.observed_at)
                AND NOT EXISTS (SELECT FROM ledger.balance_set_aside AS x
                                 WHERE (x.account_id, x.as_of_hour, x.seal_no)
                                     = (h.account_id, h.as_of_hour, h.seal_no))
                AND (cut_off IS NULL OR (h.observed_at AT TIME ZONE zone)::time < cut_off)
              ORDER BY h.observed_at DESC, h.recorded_at DESC LIMIT 1)) AS v
     ORDER BY v.observed_at DESC, v.recorded_at DESC
     LIMIT 1;
END;
COMMENT ON FUNCTION ledger.closing(text, text, time, date) IS
    'The closing of an account on a local date: the newest observation, superseded ones included, in that date and '
    'before the cut-off, both by the clock of the time zone; none from the future (ledger.is_ahead) and none that '
    'was set aside; no row: none. Nothing is carried over. Grain: at most one row.';

CREATE VIEW ledger.latest_balance AS
SELECT a.account_id, a.name, a.entity, a.gl_account, a.active, b.currency,
       b.available_balance, b.ledger_balance, b.as_of_hour, b.observed_at, b.run_no, b.seal_no, b.revision,
       b.recorded_at,
       now() - b.observed_at AS age,
       now() - b.observed_at > make_interval(mins => a.max_age_minutes) OR ledger.is_ahead(b.observed_at) AS is_stale
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       -- One from the future, the nearest, only where there is no other: any other is of an earlier hour.
       SELECT * FROM (
             (SELECT * FROM ledger.balance AS b
               WHERE b.account_id = a.account_id AND NOT ledger.is_ahead(b.observed_at)
               ORDER BY b.as_of_hour DESC LIMIT 1)
             UNION ALL
             (SELECT * FROM ledger.balance AS b
               WHERE b.account_id = a.account_id AND ledger.is_ahead(b.observed_at)
                 AND b.as_of_hour >= date_trunc('hour', statement_timestamp(), 'UTC')
               ORDER BY b.as_of_hour LIMIT 1)) AS newest
        ORDER BY newest.as_of_hour LIMIT 1) AS b;
COMMENT ON VIEW ledger.latest_balance IS
    'The newest balance of each account that has one; one from the future (ledger.is_ahead) only where there is no '
    'other. Grain: account.';
COMMENT ON COLUMN ledger.latest_balance.account_id IS 'The account.';
COMMENT ON COLUMN ledger.latest_balance.name IS 'What people call it.';
COMMENT ON COLUMN ledger.latest_balance.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.latest_balance.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN ledger.latest_balance.active IS 'Whether runs ask for it now.';
COMMENT ON COLUMN ledger.latest_balance.currency IS 'ISO 4217 code of both balances.';
COMMENT ON COLUMN ledger.latest_balance.available_balance IS 'Available balance, exact.';
COMMENT ON COLUMN ledger.latest_balance.ledger_balance IS 'Ledger balance, exact.';
COMMENT ON COLUMN ledger.latest_balance.as_of_hour IS 'The UTC hour of the observation.';
COMMENT ON COLUMN ledger.latest_balance.observed_at IS 'When the answer arrived (UTC).';
COMMENT ON COLUMN ledger.latest_balance.run_no IS 'The run that observed it.';
COMMENT ON COLUMN ledger.latest_balance.seal_no IS 'The seal that covers it.';
COMMENT ON COLUMN ledger.latest_balance.revision IS 'Version within the hour.';
COMMENT ON COLUMN ledger.latest_balance.recorded_at IS 'When it was published (UTC).';
COMMENT ON COLUMN ledger.latest_balance.age IS 'Time since the observation; negative: it is from the future.';
COMMENT ON COLUMN ledger.latest_balance.is_stale IS
    'Whether that is more than the account''s max_age_minutes, or the balance is from the future.';

CREATE VIEW ledger.daily_balance AS
SELECT a.account_id, f.first_date + n.days AS as_of_date, a.entity, a.gl_account, c.currency,
       c.available_balance, c.ledger_balance, c.as_of_hour, c.observed_at, c.run_no, c.seal_no, c.revision,
       c.recorded_at,
       now() < ledger.day_end(a.time_zone, a.cut_off, f.first_date + n.days) AS provisional
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT (least((SELECT b.as_of_hour FROM ledger.balance AS b WHERE b.account_id = a.account_id
                       ORDER BY b.as_of_hour LIMIT 1),
                     (SELECT h.as_of_hour FROM ledger.balance_history AS h WHERE h.account_id = a.account_id
                       ORDER BY h.as_of_hour LIMIT 1)) AT TIME ZONE a.time_zone)::date AS first_date
       OFFSET 0) AS f  -- once an account, not once a date
 CROSS JOIN LATERAL generate_series(0, (now() AT TIME ZONE a.time_zone)::date - f.first_date) AS n (days)
 CROSS JOIN LATERAL ledger.closing(a.account_id, a.time_zone, a.cut_off, f.first_date + n.days) AS c;
COMMENT ON VIEW ledger.daily_balance IS
    'The closing of each account and day: the newest observation, superseded ones included, within the account''s '
    'local date and before its cut-off; a day without one has no row. By the account''s time zone and cut-off as '
    'they are configured now. Grain: account × date in the account''s time zone.';
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

-- ── Movement and totals ──────────────────────────────────────────────────────────────────────────

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
COMMENT ON VIEW ledger.hourly_movement IS
    'How much each balance differs from the account''s balance before it, which may be more than an hour older '
    '(since_hour). Filter it by as_of_hour or account_id. Grain: account × hour with a balance.';
COMMENT ON COLUMN ledger.hourly_movement.account_id IS 'The account.';
COMMENT ON COLUMN ledger.hourly_movement.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.hourly_movement.since_hour IS 'The hour of the balance before; null: this is the first.';
COMMENT ON COLUMN ledger.hourly_movement.currency IS 'ISO 4217 code of the hour''s balance.';
COMMENT ON COLUMN ledger.hourly_movement.opening_balance IS 'Ledger balance of since_hour.';
COMMENT ON COLUMN ledger.hourly_movement.closing_balance IS 'Ledger balance of the hour.';
COMMENT ON COLUMN ledger.hourly_movement.ledger_movement IS
    'closing_balance − opening_balance; null: the first, or the currency changed.';
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
COMMENT ON VIEW ledger.daily_movement IS
    'How much each closing differs from the closing of the day before; nothing is carried over, so a day after a day '
    'without closing has no opening. Grain: account × date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_movement.account_id IS 'The account.';
COMMENT ON COLUMN ledger.daily_movement.as_of_date IS 'The date in the account''s time zone.';
COMMENT ON COLUMN ledger.daily_movement.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.daily_movement.gl_account IS 'Its general-ledger account in the ERP.';
COMMENT ON COLUMN ledger.daily_movement.currency IS 'ISO 4217 code of the closing.';
COMMENT ON COLUMN ledger.daily_movement.opening_balance IS
    'Closing ledger balance of the day before; null: it has none.';
COMMENT ON COLUMN ledger.daily_movement.closing_balance IS 'Closing ledger balance of the day.';
COMMENT ON COLUMN ledger.daily_movement.ledger_movement IS
    'closing_balance − opening_balance; null: no opening, or the currency changed.';
COMMENT ON COLUMN ledger.daily_movement.available_movement IS 'The same of the available balances.';
COMMENT ON COLUMN ledger.daily_movement.provisional IS 'Whether the day''s cut-off is still to come.';

CREATE VIEW ledger.entity_total AS
SELECT a.entity, coalesce(l.currency, a.currency) AS currency, count(*)::integer AS accounts,
       (count(*) - count(l.account_id))::integer AS without_balance,
       count(*) FILTER (WHERE l.is_stale)::integer AS stale,
       sum(l.available_balance) AS available_balance, sum(l.ledger_balance) AS ledger_balance,
       min(l.observed_at) AS oldest_observed_at
  FROM ledger.account AS a LEFT JOIN ledger.latest_balance AS l USING (account_id)
 WHERE a.active
 GROUP BY a.entity, coalesce(l.currency, a.currency);
COMMENT ON VIEW ledger.entity_total IS
    'The newest balances of the active accounts, summed; never across currencies. Grain: entity × currency.';
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
COMMENT ON VIEW ledger.hourly_total IS
    'The balances of an hour, summed by the entity that the account has now; never across currencies. What an hour '
    'lacks is in ledger.coverage. Grain: hour × entity × currency.';
COMMENT ON COLUMN ledger.hourly_total.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.hourly_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.hourly_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN ledger.hourly_total.accounts IS 'Accounts with a balance in the hour.';
COMMENT ON COLUMN ledger.hourly_total.available_balance IS 'Sum of their available balances.';
COMMENT ON COLUMN ledger.hourly_total.ledger_balance IS 'Sum of their ledger balances.';

-- ── Coverage ─────────────────────────────────────────────────────────────────────────────────────

-- ROWS: what the planner would guess for all hours calls for JIT.
CREATE FUNCTION ledger.hours() RETURNS SETOF timestamptz
LANGUAGE sql STABLE PARALLEL SAFE ROWS 4 SET search_path = pg_catalog, pg_temp AS $$
    SELECT generate_series(date_trunc('hour', min(p.opened_at), 'UTC'), date_trunc('hour', now(), 'UTC'),
                           interval '1 hour')
      FROM ledger.account_period AS p
$$;
COMMENT ON FUNCTION ledger.hours() IS
    'Every UTC hour from the first in which an account was active to the current one. Grain: hour.';

-- Expected and present, each as rows of hours, summed: a filter on the hour reaches both, and all hours are
-- one pass over the balances.
CREATE VIEW ledger.coverage AS
WITH change AS MATERIALIZED (
    SELECT c.at, sum(c.accounts) AS accounts
      FROM (SELECT opened_at, 1 FROM ledger.account_period
            UNION ALL
            SELECT closed_at, -1 FROM ledger.account_period WHERE closed_at IS NOT NULL) AS c (at, accounts)
     GROUP BY c.at
), counted AS (
    -- active at the hour's end: opened before it, not closed before it
    SELECT h.as_of_hour,
           (SELECT sum(c.accounts) FROM change AS c WHERE c.at < h.as_of_hour + interval '1 hour') AS expected,
           0 AS present
      FROM ledger.hours() AS h (as_of_hour)
    UNION ALL
    SELECT b.as_of_hour, 0, count(*)
      FROM ledger.balance AS b JOIN ledger.account_period AS p USING (account_id)
     WHERE p.opened_at < b.as_of_hour + interval '1 hour'
       AND (p.closed_at IS NULL OR p.closed_at >= b.as_of_hour + interval '1 hour')
       AND b.as_of_hour <= now()
     GROUP BY b.as_of_hour
), summed AS (
    SELECT as_of_hour, sum(expected)::integer AS expected, sum(present)::integer AS present
      FROM counted GROUP BY as_of_hour
)
SELECT as_of_hour, expected, present, expected - present AS missing,
       CASE WHEN present >= expected THEN 'complete' WHEN present > 0 THEN 'partial' ELSE 'missing' END AS state
  FROM summed;
COMMENT ON VIEW ledger.coverage IS
    'How many of the accounts that were active at an hour''s end have a balance in it; gap-free from the first hour '
    'to the current one. Grain: hour.';
COMMENT ON COLUMN ledger.coverage.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.coverage.expected IS 'Accounts active at its end (ledger.account_period).';
COMMENT ON COLUMN ledger.coverage.present IS 'Those of them with a balance in it.';
COMMENT ON COLUMN ledger.coverage.missing IS 'Those without.';
COMMENT ON COLUMN ledger.coverage.state IS 'complete, partial or missing.';

-- Called for hours that lack something only. With a plan of its own an hour reads one partition, and reads it
-- once: a look into the index for each account takes five times as long.
CREATE FUNCTION ledger.missing_accounts(hour timestamptz) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 4 SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_nestloop = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT p.account_id::text FROM ledger.account_period AS p
     WHERE p.opened_at < hour + interval '1 hour' AND (p.closed_at IS NULL OR p.closed_at >= hour + interval '1 hour')
       AND NOT EXISTS (SELECT FROM ledger.balance AS b WHERE b.account_id = p.account_id AND b.as_of_hour = hour);
END $$;
COMMENT ON FUNCTION ledger.missing_accounts(timestamptz) IS
    'The accounts that were active at the end of a UTC hour and have no balance in it. Grain: account.';

CREATE VIEW ledger.missing_hour AS
SELECT m.account_id, c.as_of_hour, coalesce(g.reason, 'no run') AS reason, g.run_no
  FROM ledger.coverage AS c
 CROSS JOIN LATERAL ledger.missing_accounts(c.as_of_hour) AS m (account_id)
  LEFT JOIN ledger.gap AS g ON g.account_id = m.account_id AND g.as_of_hour = c.as_of_hour
 WHERE c.missing > 0;
COMMENT ON VIEW ledger.missing_hour IS
    'Each account-hour that coverage counts as missing, and why. Grain: account × hour without a balance.';
COMMENT ON COLUMN ledger.missing_hour.account_id IS 'The account.';
COMMENT ON COLUMN ledger.missing_hour.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.missing_hour.reason IS
    'What the newest run that tried knew (http_404, quarantined: too_precise); no run: none tried.';
COMMENT ON COLUMN ledger.missing_hour.run_no IS 'That run; null: none tried.';

-- Purpose: what operators decide: hosts and accounts that are accepted, answers that are released, balances that are
--          set aside. Each runs with the owner's rights, and keeps who and why.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION ledger.accept_host(host text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ledger.accepted_host (api_host, accepted_by) VALUES (lower(host), session_user)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ledger.accept_host(text) IS
    'Lets balances from another API host into this ledger. For qbank_operator.';

CREATE FUNCTION ledger.accept_accounts(fingerprint text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ledger.accepted_accounts (fingerprint, accepted_by) VALUES (lower(fingerprint), session_user)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ledger.accept_accounts(text) IS
    'Lets an accounts file close more than half of the ledger''s accounts; the refused run''s message names the '
    'fingerprint. For qbank_operator.';

CREATE FUNCTION ledger.release(run_no bigint, account_id text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
    PERFORM ledger.take_turn('publish');
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
COMMENT ON FUNCTION ledger.release(bigint, text, text) IS
    'Publishes an answer that was held back, after review: under the hour of its observation, with a seal of its '
    'own, unless a later observation of that hour is there. Returns the seal''s number; null: the later observation '
    'stays. Refuses, in a sentence, what has not the form of a balance in the account''s currency. Who and why stay '
    'in sync.release; the run''s outcome stays what it was. For qbank_operator.';

CREATE FUNCTION ledger.set_aside(run_no bigint, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment  timestamptz;
    count   bigint;
BEGIN
    IF coalesce(set_aside.reason, '') !~ '\S' THEN
        RAISE EXCEPTION 'To set balances aside needs a reason: say what was wrong with the clock.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM ledger.take_turn('publish');
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
    -- ledger.keep_deleted moves them to the history.
    DELETE FROM ledger.balance AS b USING ledger.balance_set_aside AS x
     WHERE (x.account_id, x.as_of_hour, x.seal_no) = (b.account_id, b.as_of_hour, b.seal_no)
       AND b.as_of_hour >= date_trunc('hour', moment, 'UTC') AND x.run_no = set_aside.run_no;
    INSERT INTO ledger.gap (account_id, as_of_hour, reason, run_no)
    SELECT x.account_id, x.as_of_hour, 'set aside: the clock ran ahead', x.run_no FROM ledger.balance_set_aside AS x
     WHERE x.run_no = set_aside.run_no AND x.set_aside_at = moment
        ON CONFLICT DO NOTHING;
    RETURN count;
END $$;
COMMENT ON FUNCTION ledger.set_aside(bigint, text) IS
    'Sets aside, for ever, what a run observed while the clock ran ahead: those of its balances that lie more than a '
    'minute ahead of the clock now. They leave ledger.balance for its history. Returns how many. For qbank_operator.';

-- Purpose: what each run asked, heard and decided. What became of it, and what is kept how long: sync_views.sql.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE SCHEMA sync;
COMMENT ON SCHEMA sync IS 'What each run asked, heard and decided: the rooms plan, fetch, audit, publish, settle.';

CREATE TABLE sync.run (
    run_no               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dag_run_id           text NOT NULL,
    api_host             text NOT NULL,
    started_at           timestamptz NOT NULL DEFAULT now(),
    deadline_at          timestamptz NOT NULL,
    finished_at          timestamptz,
    state                text NOT NULL DEFAULT 'running'
                         CHECK (state IN ('running', 'complete', 'partial', 'failed', 'dry_run')),
    dry_run              boolean NOT NULL,
    subset               boolean NOT NULL,
    expected             integer NOT NULL CHECK (expected > 0),
    published            integer,
    quarantined          integer,
    failed               integer,
    payloads_dropped_at  timestamptz,
    CONSTRAINT closed_runs_are_counted CHECK (state = 'running' OR (
        finished_at IS NOT NULL AND published IS NOT NULL AND quarantined IS NOT NULL AND failed IS NOT NULL)),
    CONSTRAINT every_account_ends_once CHECK (published + quarantined + failed = expected)
);
CREATE INDEX run_open ON sync.run (deadline_at) WHERE state = 'running';
CREATE INDEX run_payloads ON sync.run (started_at) WHERE payloads_dropped_at IS NULL AND state <> 'running';
COMMENT ON TABLE sync.run IS 'One execution of the plan. Grain: run.';
COMMENT ON COLUMN sync.run.run_no IS 'Number of the run, rising.';
COMMENT ON COLUMN sync.run.dag_run_id IS 'Airflow''s id of the DAG run; not unique: two stacks may share a ledger.';
COMMENT ON COLUMN sync.run.api_host IS 'Host name of the QBank connection that the run used.';
COMMENT ON COLUMN sync.run.started_at IS 'When the plan began (UTC).';
COMMENT ON COLUMN sync.run.deadline_at IS
    'When a run that is still open counts as lost: the next plan closes it by what it published (UTC).';
COMMENT ON COLUMN sync.run.finished_at IS 'When it was closed (UTC); null while it runs.';
COMMENT ON COLUMN sync.run.state IS
    'running; complete: every account published; partial: some; failed: none; dry_run: nothing was to be published.';
COMMENT ON COLUMN sync.run.dry_run IS 'Whether the run was asked to publish nothing.';
COMMENT ON COLUMN sync.run.subset IS 'Whether the run was asked for some of the configured accounts only.';
COMMENT ON COLUMN sync.run.expected IS 'Accounts of the run.';
COMMENT ON COLUMN sync.run.published IS
    'Accounts published; in a dry run those that would have been. Null while it runs.';
COMMENT ON COLUMN sync.run.quarantined IS 'Accounts whose answer was not fit to publish. Null while it runs.';
COMMENT ON COLUMN sync.run.failed IS
    'Accounts without a usable answer, or whose fit answer could not be published. Null while it runs.';
COMMENT ON COLUMN sync.run.payloads_dropped_at IS
    'When the bodies of its answers were dropped (UTC); null: they are still there.';

CREATE TABLE sync.run_account (
    run_no           bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id       ledger.account_id NOT NULL,
    batch_no         integer NOT NULL,
    currency         ledger.currency_code NOT NULL,
    minor_units      smallint NOT NULL,
    max_age_minutes  integer NOT NULL,
    minimum_balance  ledger.amount,
    PRIMARY KEY (run_no, account_id)
);
COMMENT ON TABLE sync.run_account IS
    'The run''s own copy of the accounts it asks for: a file edited in mid-run changes nothing. Grain: run × account.';
COMMENT ON COLUMN sync.run_account.run_no IS 'The run.';
COMMENT ON COLUMN sync.run_account.account_id IS 'The account.';
COMMENT ON COLUMN sync.run_account.batch_no IS 'The fetch task that asks for it: 0, 1, ….';
COMMENT ON COLUMN sync.run_account.currency IS 'ISO 4217 code that the accounts file gave.';
COMMENT ON COLUMN sync.run_account.minor_units IS 'Decimals of that currency.';
COMMENT ON COLUMN sync.run_account.max_age_minutes IS
    'Oldest bank timestamp that is accepted, in minutes before the observation.';
COMMENT ON COLUMN sync.run_account.minimum_balance IS 'Ledger balance below which the audit warns; null: none.';

CREATE TABLE sync.batch (
    run_no            bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    batch_no          integer NOT NULL,
    fetch_started_at  timestamptz NOT NULL,
    PRIMARY KEY (run_no, batch_no)
);
COMMENT ON TABLE sync.batch IS 'When a fetch task first began: its retries share one budget. Grain: run × batch.';
COMMENT ON COLUMN sync.batch.run_no IS 'The run.';
COMMENT ON COLUMN sync.batch.batch_no IS 'The fetch task.';
COMMENT ON COLUMN sync.batch.fetch_started_at IS 'Start of its first try since the run was last opened (UTC).';

-- Logged on purpose: an unlogged table is empty after a crash.
CREATE TABLE sync.observation (
    run_no             bigint NOT NULL,
    account_id         ledger.account_id NOT NULL,
    run_started_at     timestamptz NOT NULL,
    state              text NOT NULL CHECK (state IN ('answered', 'unfit', 'failed')),
    reason             text,
    available_balance  numeric,
    ledger_balance     numeric,
    echoed_account_id  text,
    echoed_currency    text,
    echoed_as_of       text,
    bank_as_of         timestamptz,
    payload            text,
    http_status        smallint,
    attempts           integer NOT NULL,
    observed_at        timestamptz NOT NULL,
    retry_after_s      bigint CHECK (retry_after_s > 0),
    PRIMARY KEY (run_no, account_id, run_started_at),
    CONSTRAINT a_reason_unless_answered CHECK ((state = 'answered') = (reason IS NULL))
) PARTITION BY RANGE (run_started_at);
COMMENT ON TABLE sync.observation IS
    'What came of asking for an account: the first answer stands, a failed one may be replaced by a retry. '
    'Partitioned by the month of the run. Grain: run × account.';
COMMENT ON COLUMN sync.observation.run_no IS 'The run.';
COMMENT ON COLUMN sync.observation.account_id IS 'The account that was asked for.';
COMMENT ON COLUMN sync.observation.run_started_at IS 'started_at of the run: the partition key.';
COMMENT ON COLUMN sync.observation.state IS
    'answered: balances came; unfit: an answer came that can''t be read as balances; failed: no usable answer came.';
COMMENT ON COLUMN sync.observation.reason IS 'Why it is unfit or failed; null when answered.';
COMMENT ON COLUMN sync.observation.available_balance IS 'available_balance of the bank''s answer: exact.';
COMMENT ON COLUMN sync.observation.ledger_balance IS 'ledger_balance of the bank''s answer: exact.';
COMMENT ON COLUMN sync.observation.echoed_account_id IS 'The account id that the answer names; null: it names none.';
COMMENT ON COLUMN sync.observation.echoed_currency IS 'The currency that the answer names; null: it names none.';
COMMENT ON COLUMN sync.observation.echoed_as_of IS
    'The bank''s own timestamp, as written in the answer; null: it has none.';
COMMENT ON COLUMN sync.observation.bank_as_of IS 'That timestamp (UTC); null: none, or not a time with an offset.';
COMMENT ON COLUMN sync.observation.payload IS
    'The body as received; bytes that are not UTF-8 appear as \xNN. Null: no body came, or it is past its retention '
    '(sync.drop_payloads).';
COMMENT ON COLUMN sync.observation.http_status IS 'HTTP status of the last answer; null: none came.';
COMMENT ON COLUMN sync.observation.attempts IS 'Requests made for this account in this run, over all tries.';
COMMENT ON COLUMN sync.observation.observed_at IS
    'When the answer, or the final failure, arrived, by this database''s clock (UTC).';
COMMENT ON COLUMN sync.observation.retry_after_s IS
    'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; '
    'null: none.';

CREATE TABLE sync.finding (
    run_no      bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id  ledger.account_id NOT NULL,
    rule        text NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('critical', 'warning')),
    reason      text NOT NULL,
    PRIMARY KEY (run_no, account_id, rule)
);
COMMENT ON TABLE sync.finding IS 'A row that broke a rule of the audit. Grain: run × account × rule.';
COMMENT ON COLUMN sync.finding.run_no IS 'The run.';
COMMENT ON COLUMN sync.finding.account_id IS 'The account.';
COMMENT ON COLUMN sync.finding.rule IS 'Name of the rule.';
COMMENT ON COLUMN sync.finding.severity IS 'critical holds the row back; warning lets it through.';
COMMENT ON COLUMN sync.finding.reason IS 'Reason code of the rule, or of the answer itself.';

CREATE TABLE sync.verdict (
    run_no      bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id  ledger.account_id NOT NULL,
    fit         boolean NOT NULL,
    audited_at  timestamptz NOT NULL,
    PRIMARY KEY (run_no, account_id)
);
COMMENT ON TABLE sync.verdict IS
    'What the audit decided on a row it looked at: nothing is published without one. Grain: run × account.';
COMMENT ON COLUMN sync.verdict.run_no IS 'The run.';
COMMENT ON COLUMN sync.verdict.account_id IS 'The account.';
COMMENT ON COLUMN sync.verdict.fit IS 'True: fit to publish. False: held back, see sync.finding.';
COMMENT ON COLUMN sync.verdict.audited_at IS 'When it was decided (UTC).';

CREATE TABLE sync.lookalike (
    run_no            bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id        ledger.account_id NOT NULL,
    other_account_id  ledger.account_id NOT NULL,
    PRIMARY KEY (run_no, account_id),
    CONSTRAINT looks_like_another CHECK (other_account_id <> account_id)
);
COMMENT ON TABLE sync.lookalike IS
    'Answers whose two balances are exactly another account''s, its newest or its answer in the same run, and not '
    'the account''s own newest: a gateway may have mixed answers up. Grain: run × account.';
COMMENT ON COLUMN sync.lookalike.run_no IS 'The run.';
COMMENT ON COLUMN sync.lookalike.account_id IS 'The account that was asked for.';
COMMENT ON COLUMN sync.lookalike.other_account_id IS 'An account that has these balances.';

CREATE TABLE sync.validation_result (
    run_no       bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    expectation  text NOT NULL,
    severity     text NOT NULL,
    success      boolean NOT NULL,
    evaluated    bigint NOT NULL,
    unexpected   bigint NOT NULL,
    PRIMARY KEY (run_no, expectation)
);
COMMENT ON TABLE sync.validation_result IS
    'Great Expectations'' verdict on each expectation. Grain: run × expectation.';
COMMENT ON COLUMN sync.validation_result.run_no IS 'The run.';
COMMENT ON COLUMN sync.validation_result.expectation IS
    'Name of the rule, or of the gate that proves that the audit looked.';
COMMENT ON COLUMN sync.validation_result.severity IS 'critical or warning.';
COMMENT ON COLUMN sync.validation_result.success IS 'Whether no row broke it.';
COMMENT ON COLUMN sync.validation_result.evaluated IS 'Rows that it looked at.';
COMMENT ON COLUMN sync.validation_result.unexpected IS 'Rows that broke it.';

CREATE TABLE sync.publication (
    run_no        bigint PRIMARY KEY REFERENCES sync.run ON DELETE CASCADE,
    published_at  timestamptz NOT NULL
);
COMMENT ON TABLE sync.publication IS
    'The run''s newest publish: every fit verdict before it is in the ledger, or lost to a later observation. Grain: '
    'run.';
COMMENT ON COLUMN sync.publication.run_no IS 'The run.';
COMMENT ON COLUMN sync.publication.published_at IS 'recorded_at of the rows it wrote (UTC).';

-- No foreign key: a release is kept whatever becomes of the run's rows.
CREATE TABLE sync.release (
    run_no             bigint NOT NULL,
    account_id         ledger.account_id NOT NULL,
    released_at        timestamptz NOT NULL,
    released_by        text NOT NULL,
    reason             text NOT NULL CHECK (reason ~ '\S'),
    held_for           text[] NOT NULL,
    available_balance  ledger.amount NOT NULL,
    ledger_balance     ledger.amount NOT NULL,
    observed_at        timestamptz NOT NULL,
    seal_no            bigint,
    PRIMARY KEY (run_no, account_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sync.release
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE sync.release IS
    'What operators released from quarantine, who and why; append-only, kept for ever. Grain: run × account released.';
COMMENT ON COLUMN sync.release.run_no IS 'The run that held the answer back.';
COMMENT ON COLUMN sync.release.account_id IS 'The account.';
COMMENT ON COLUMN sync.release.released_at IS 'When it was released (UTC).';
COMMENT ON COLUMN sync.release.released_by IS 'The login that released it.';
COMMENT ON COLUMN sync.release.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN sync.release.held_for IS 'The reasons for which it was held back.';
COMMENT ON COLUMN sync.release.available_balance IS 'Available balance that was released, exact.';
COMMENT ON COLUMN sync.release.ledger_balance IS 'Ledger balance that was released, exact.';
COMMENT ON COLUMN sync.release.observed_at IS 'When the answer arrived: it is published under this hour (UTC).';
COMMENT ON COLUMN sync.release.seal_no IS
    'The seal of its publish; null: a later observation of the hour was already there and stays.';

-- Purpose: what became of each account of a run, what the audit looks at, what lies in quarantine; retention.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE VIEW sync.fate AS
SELECT a.run_no, a.account_id,
       CASE WHEN o.state = 'unfit' OR NOT v.fit THEN 'quarantined'
            WHEN o.state IS NULL OR o.state = 'failed' OR v.fit IS NULL THEN 'failed'
            WHEN r.dry_run THEN 'would_publish'
            WHEN p.published_at >= v.audited_at THEN 'published'
            ELSE 'failed' END AS outcome,
       CASE WHEN o.state IS NULL THEN ARRAY['not_attempted']
            WHEN o.state = 'failed' THEN ARRAY[o.reason]
            WHEN NOT v.fit THEN (SELECT array_agg(DISTINCT f.reason ORDER BY f.reason) FROM sync.finding AS f
                                  WHERE f.run_no = a.run_no AND f.account_id = a.account_id AND f.severity = 'critical')
            WHEN o.state = 'unfit' THEN ARRAY[o.reason]
            WHEN v.fit IS NULL THEN ARRAY['audit_error']
            WHEN r.dry_run OR p.published_at >= v.audited_at THEN ARRAY[]::text[]
            ELSE ARRAY['publish_error'] END AS reasons,
       o.http_status, coalesce(o.attempts, 0) AS attempts, o.observed_at, o.retry_after_s
  FROM sync.run AS r
  JOIN sync.run_account AS a USING (run_no)
  LEFT JOIN sync.observation AS o
    ON o.run_no = a.run_no AND o.account_id = a.account_id AND o.run_started_at = r.started_at
  LEFT JOIN sync.verdict AS v ON v.run_no = a.run_no AND v.account_id = a.account_id
  LEFT JOIN sync.publication AS p ON p.run_no = a.run_no;
COMMENT ON VIEW sync.fate IS
    'What has become of each account so far, also while the run is open; sync.outcome is what others read. Grain: '
    'run × account.';
COMMENT ON COLUMN sync.fate.run_no IS 'The run.';
COMMENT ON COLUMN sync.fate.account_id IS 'The account.';
COMMENT ON COLUMN sync.fate.outcome IS 'published, would_publish, quarantined or failed, as things stand.';
COMMENT ON COLUMN sync.fate.reasons IS 'Reason codes; empty when published.';
COMMENT ON COLUMN sync.fate.http_status IS 'HTTP status of the last answer.';
COMMENT ON COLUMN sync.fate.attempts IS 'Requests made.';
COMMENT ON COLUMN sync.fate.observed_at IS 'When the answer or the final failure arrived (UTC).';
COMMENT ON COLUMN sync.fate.retry_after_s IS 'The wait in seconds that the bank asked for, where it was too long.';

CREATE VIEW sync.outcome AS
SELECT f.run_no, f.account_id,
       CASE WHEN r.state <> 'running' THEN f.outcome END AS outcome,
       CASE WHEN r.state <> 'running' THEN f.reasons END AS reasons,
       f.http_status, f.attempts, f.observed_at, f.retry_after_s
  FROM sync.fate AS f JOIN sync.run AS r USING (run_no);
COMMENT ON VIEW sync.outcome IS 'The one outcome of every account of every run. Grain: run × account.';
COMMENT ON COLUMN sync.outcome.run_no IS 'The run.';
COMMENT ON COLUMN sync.outcome.account_id IS 'The account.';
COMMENT ON COLUMN sync.outcome.outcome IS
    'published (also when a later observation was already there), quarantined, failed; in a dry run would_publish '
    'for published. Null while the run is open. As it was at the run''s end: a later release from quarantine does '
    'not change it, see sync.release.';
COMMENT ON COLUMN sync.outcome.reasons IS 'Reason codes; empty when published, null while the run is open.';
COMMENT ON COLUMN sync.outcome.http_status IS 'HTTP status of the last answer; null: none came.';
COMMENT ON COLUMN sync.outcome.attempts IS 'Requests made for the account.';
COMMENT ON COLUMN sync.outcome.observed_at IS 'When the answer or the final failure arrived (UTC).';
COMMENT ON COLUMN sync.outcome.retry_after_s IS
    'The wait in seconds that the bank asked for (Retry-After), where it was too long to try again in this run; '
    'null: none.';

CREATE VIEW sync.quarantine AS
SELECT o.run_no, o.account_id, o.payload, f.reasons, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.http_status, o.observed_at, x.released_at
  FROM sync.observation AS o
  JOIN sync.fate AS f USING (run_no, account_id)
  LEFT JOIN sync.release AS x USING (run_no, account_id)
 WHERE f.outcome = 'quarantined';
COMMENT ON VIEW sync.quarantine IS 'Answers that came and are not fit to publish. Grain: run × account held back.';
COMMENT ON COLUMN sync.quarantine.run_no IS 'The run.';
COMMENT ON COLUMN sync.quarantine.account_id IS 'The account.';
COMMENT ON COLUMN sync.quarantine.payload IS
    'The body as received; bytes that are not UTF-8 appear as \xNN. Null once it is past its retention.';
COMMENT ON COLUMN sync.quarantine.reasons IS 'Why it is held back.';
COMMENT ON COLUMN sync.quarantine.available_balance IS 'What could be read of it.';
COMMENT ON COLUMN sync.quarantine.ledger_balance IS 'What could be read of it.';
COMMENT ON COLUMN sync.quarantine.echoed_account_id IS 'The account id that the answer names.';
COMMENT ON COLUMN sync.quarantine.echoed_currency IS 'The currency that the answer names.';
COMMENT ON COLUMN sync.quarantine.echoed_as_of IS 'The bank''s own timestamp, as written.';
COMMENT ON COLUMN sync.quarantine.http_status IS 'HTTP status of the answer.';
COMMENT ON COLUMN sync.quarantine.observed_at IS 'When it arrived (UTC).';
COMMENT ON COLUMN sync.quarantine.released_at IS
    'When an operator released it (UTC), see sync.release; null: still held.';

-- Unfit answers and answers side by side, as the audit's rules see them.
CREATE VIEW sync.audit_subject AS
SELECT o.run_no, o.account_id, o.state, o.reason, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.bank_as_of, o.observed_at,
       a.currency, a.minor_units, a.max_age_minutes, a.minimum_balance, r.started_at
  FROM sync.run AS r
  JOIN sync.observation AS o ON o.run_no = r.run_no AND o.run_started_at = r.started_at
  JOIN sync.run_account AS a ON a.run_no = o.run_no AND a.account_id = o.account_id
 WHERE o.state <> 'failed';
COMMENT ON VIEW sync.audit_subject IS
    'The answers of a run beside what its accounts file said: what each rule of the audit looks at. Grain: run × '
    'answer.';
COMMENT ON COLUMN sync.audit_subject.run_no IS 'The run.';
COMMENT ON COLUMN sync.audit_subject.account_id IS 'The account.';
COMMENT ON COLUMN sync.audit_subject.state IS 'answered or unfit.';
COMMENT ON COLUMN sync.audit_subject.reason IS 'Why an unfit answer can''t be read.';
COMMENT ON COLUMN sync.audit_subject.available_balance IS 'As the bank gave it.';
COMMENT ON COLUMN sync.audit_subject.ledger_balance IS 'As the bank gave it.';
COMMENT ON COLUMN sync.audit_subject.echoed_account_id IS 'The account id that the answer names.';
COMMENT ON COLUMN sync.audit_subject.echoed_currency IS 'The currency that the answer names.';
COMMENT ON COLUMN sync.audit_subject.echoed_as_of IS 'The bank''s own timestamp, as written.';
COMMENT ON COLUMN sync.audit_subject.bank_as_of IS 'That timestamp (UTC), where it can be read.';
COMMENT ON COLUMN sync.audit_subject.observed_at IS 'When the answer arrived (UTC).';
COMMENT ON COLUMN sync.audit_subject.currency IS 'The account''s currency.';
COMMENT ON COLUMN sync.audit_subject.minor_units IS 'Decimals of that currency.';
COMMENT ON COLUMN sync.audit_subject.max_age_minutes IS 'Oldest bank timestamp that is accepted, in minutes.';
COMMENT ON COLUMN sync.audit_subject.minimum_balance IS 'Ledger balance below which the audit warns.';
COMMENT ON COLUMN sync.audit_subject.started_at IS 'When the run began (UTC).';

CREATE FUNCTION sync.significant_digits(amount numeric) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT length(btrim(translate(amount::text, '.-', ''), '0'));
END;
COMMENT ON FUNCTION sync.significant_digits(numeric) IS
    'The digits of an amount without the zeros before and after them: 6 of 1234.56 and of 1234560000, 0 of 0. Few '
    'are no evidence: round sums, small change.';

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
                             WHERE d.payloads_dropped_at IS NULL AND d.state <> 'running'
                               AND d.started_at < clock_timestamp() - keep
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
COMMENT ON FUNCTION sync.drop_payloads(interval) IS
    'Drops the bodies of the answers of the oldest 24 runs that began longer ago than keep; returns how many bodies. '
    'Outcomes, findings and all of ledger stay. Each plan calls it.';

-- Purpose: what the ERP says of the same accounts, what comparing the two sides found, who signed it off. Beside it:
--          recon_views.sql (what is read), recon_sign_off.sql (signing), recon_changed.sql (what is to be compared).
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE SCHEMA recon;
COMMENT ON SCHEMA recon IS
    'The general ledger''s closing balances and outstanding items as they were loaded, and each comparison with the '
    'bank''s: kept for ever.';

-- loaded_by and loaded_at are the database's own: the loader may give neither (see the grants).
CREATE TABLE recon.gl_load (
    load_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('gl', 'items')),
    sha256     ledger.sha256_hex NOT NULL,
    rows       integer NOT NULL CHECK (rows >= 0),
    loaded_by  text NOT NULL DEFAULT session_user,
    loaded_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT a_file_is_loaded_once UNIQUE (kind, sha256)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.gl_load
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.gl_load IS
    'A file from the ERP that was loaded, whole; append-only. The same file again is the same load. Grain: file.';
COMMENT ON COLUMN recon.gl_load.load_no IS 'Number of the load, rising; may have gaps.';
COMMENT ON COLUMN recon.gl_load.kind IS 'gl: closing balances; items: outstanding items.';
COMMENT ON COLUMN recon.gl_load.sha256 IS 'SHA-256 of the file''s bytes, in hex.';
COMMENT ON COLUMN recon.gl_load.rows IS 'Rows that it holds.';
COMMENT ON COLUMN recon.gl_load.loaded_by IS 'The login that loaded it.';
COMMENT ON COLUMN recon.gl_load.loaded_at IS 'When it was loaded (UTC).';

CREATE TABLE recon.gl_balance (
    load_no     bigint NOT NULL REFERENCES recon.gl_load,
    entity      text NOT NULL CHECK (entity <> ''),
    gl_account  text NOT NULL CHECK (gl_account <> ''),
    currency    ledger.currency_code NOT NULL,
    as_of_date  date NOT NULL CHECK (isfinite(as_of_date)),
    balance     ledger.amount NOT NULL,
    line_no     integer CHECK (line_no > 0),
    -- In the order in which the newest row of a key is looked for.
    PRIMARY KEY (as_of_date, entity, gl_account, currency, load_no),
    -- Zeros count: 3.000 in EUR is three or three thousand.
    CONSTRAINT balance_has_its_currencys_decimals CHECK (scale(balance) <= coalesce(ledger.minor_units(currency), -1))
);
-- Loads come in order: a BRIN finds the rows of one at next to no size.
CREATE INDEX gl_balance_load ON recon.gl_balance USING brin (load_no) WITH (pages_per_range = 16);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.gl_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.gl_balance IS
    'The general ledger''s closing balances as each file gave them; append-only. The newest load of a key counts, '
    'and a later load that lacks a row takes nothing back. Grain: GL account × date × load.';
COMMENT ON COLUMN recon.gl_balance.load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.gl_balance.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.gl_balance.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.gl_balance.currency IS 'ISO 4217 code of the balance.';
COMMENT ON COLUMN recon.gl_balance.as_of_date IS 'The posting date of which it is the closing.';
COMMENT ON COLUMN recon.gl_balance.balance IS 'Closing balance, exact; debit positive, an overdraft is negative.';
COMMENT ON COLUMN recon.gl_balance.line_no IS
    'Line of the file on which the row begins; null: loaded before lines were kept.';

CREATE TABLE recon.item (
    load_no       bigint NOT NULL REFERENCES recon.gl_load,
    entity        text NOT NULL CHECK (entity <> ''),
    gl_account    text NOT NULL CHECK (gl_account <> ''),
    currency      ledger.currency_code NOT NULL,
    item_date     date NOT NULL CHECK (isfinite(item_date)),
    cleared_date  date CHECK (isfinite(cleared_date) AND cleared_date >= item_date),
    side          text NOT NULL CHECK (side IN ('bank', 'book')),
    kind          text NOT NULL CHECK (kind <> ''),
    amount        ledger.amount NOT NULL,
    reference     text NOT NULL,
    line_no       integer CHECK (line_no > 0),
    PRIMARY KEY (entity, gl_account, currency, side, kind, item_date, reference, load_no),
    -- Zeros count: 3.000 in EUR is three or three thousand.
    CONSTRAINT amount_has_its_currencys_decimals CHECK (scale(amount) <= coalesce(ledger.minor_units(currency), -1))
);
CREATE INDEX item_load ON recon.item USING brin (load_no) WITH (pages_per_range = 16);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.item
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.item IS
    'Outstanding items as each file gave them; append-only. All but cleared_date and amount say which item it is: '
    'the newest load of it counts (recon.current_item). Grain: outstanding item × load.';
COMMENT ON COLUMN recon.item.load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.item.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.item.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.item.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN recon.item.item_date IS 'The first date on which it counts.';
COMMENT ON COLUMN recon.item.cleared_date IS 'The first date on which it counts no more; null: open.';
COMMENT ON COLUMN recon.item.side IS
    'bank: the bank has not seen it yet (deposit in transit, outstanding payment); book: the books have not '
    '(unrecorded credit or charge).';
COMMENT ON COLUMN recon.item.kind IS 'What it is, in the ERP''s words.';
COMMENT ON COLUMN recon.item.amount IS
    'Exact, signed as cash: money in is positive, money out negative. 0 withdraws an item.';
COMMENT ON COLUMN recon.item.reference IS 'The ERP''s reference; may be empty.';
COMMENT ON COLUMN recon.item.line_no IS
    'Line of the file on which the row begins; null: loaded before lines were kept.';

CREATE TABLE recon.reconciliation (
    account_id        ledger.account_id NOT NULL REFERENCES ledger.account,
    as_of_date        date NOT NULL,
    version           integer NOT NULL CHECK (version > 0),
    entity            text NOT NULL,
    gl_account        text NOT NULL,
    currency          ledger.currency_code NOT NULL,
    bank_balance      ledger.amount,
    bank_observed_at  timestamptz,
    gl_balance        ledger.amount,
    gl_load_no        bigint REFERENCES recon.gl_load,
    difference        ledger.amount,
    bank_items        ledger.amount NOT NULL,
    book_items        ledger.amount NOT NULL,
    unexplained       ledger.amount,
    tolerance         ledger.amount NOT NULL CHECK (tolerance >= 0),
    status            text NOT NULL CHECK (status IN
                      ('matched', 'within_tolerance', 'break', 'missing_bank', 'missing_gl', 'stale_bank')),
    cause             text CHECK (cause IN ('missing_bank_data', 'currency', 'stale', 'restatement', 'duplicate',
                                            'timing', 'sign', 'transposition', 'unexplained')),
    opened_on         date,
    age_days          integer CHECK (age_days >= 0),
    members           text[] NOT NULL CHECK (account_id = ANY (members)),
    provisional       boolean NOT NULL,
    compared_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, as_of_date, version),
    CONSTRAINT difference_is_bank_minus_gl CHECK (difference IS NOT DISTINCT FROM bank_balance - gl_balance),
    CONSTRAINT unexplained_is_what_items_leave
        CHECK (unexplained IS NOT DISTINCT FROM difference + bank_items - book_items),
    CONSTRAINT only_what_is_missing_has_no_difference
        CHECK ((status IN ('missing_bank', 'missing_gl')) = (difference IS NULL)),
    CONSTRAINT what_does_not_match_is_explained CHECK (
        (status IN ('matched', 'within_tolerance')) = (cause IS NULL)
        AND (cause IS NULL) = (opened_on IS NULL)
        AND age_days IS NOT DISTINCT FROM as_of_date - opened_on)
);
CREATE INDEX reconciliation_date ON recon.reconciliation (as_of_date);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.reconciliation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.reconciliation IS
    'What comparing an account''s closing at the bank with the general ledger''s found; a new version only when it '
    'finds something else; append-only. Accounts that share (entity, gl_account, currency) compare as their sum, and '
    'each repeats the group''s result. Grain: account × date × version.';
COMMENT ON COLUMN recon.reconciliation.account_id IS 'The account.';
COMMENT ON COLUMN recon.reconciliation.as_of_date IS
    'The closing''s date: the bank''s in the account''s time zone, the GL''s posting date.';
COMMENT ON COLUMN recon.reconciliation.version IS '1, 2, …: the newest counts.';
COMMENT ON COLUMN recon.reconciliation.entity IS 'Legal entity or company code in the ERP, when it was compared.';
COMMENT ON COLUMN recon.reconciliation.gl_account IS 'The general-ledger account, when it was compared.';
COMMENT ON COLUMN recon.reconciliation.currency IS 'ISO 4217 code of every amount here.';
COMMENT ON COLUMN recon.reconciliation.bank_balance IS
    'Closing ledger balance at the bank, summed over members; positive is the holder''s money. Null: a member has '
    'none.';
COMMENT ON COLUMN recon.reconciliation.bank_observed_at IS
    'When that closing was observed, the oldest of the members'' (UTC).';
COMMENT ON COLUMN recon.reconciliation.gl_balance IS
    'Closing balance in the general ledger, debit positive; null: none was loaded.';
COMMENT ON COLUMN recon.reconciliation.gl_load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.reconciliation.difference IS 'bank_balance − gl_balance, exact; null: a side is missing.';
COMMENT ON COLUMN recon.reconciliation.bank_items IS
    'Sum of the items that the bank has not seen yet and that count on the date.';
COMMENT ON COLUMN recon.reconciliation.book_items IS
    'Sum of the items that the books have not seen yet and that count on the date.';
COMMENT ON COLUMN recon.reconciliation.unexplained IS 'difference + bank_items − book_items.';
COMMENT ON COLUMN recon.reconciliation.tolerance IS
    'Largest unexplained amount that passed, the smallest of the members''.';
COMMENT ON COLUMN recon.reconciliation.status IS
    'matched: nothing is unexplained; within_tolerance: no more than the tolerance; break: more; missing_bank: no '
    'closing at the bank; missing_gl: no row in the GL; stale_bank: the closing is too old to match.';
COMMENT ON COLUMN recon.reconciliation.cause IS
    'What the numbers say of it, see docs/reconciliation.md; null: it matched or is within tolerance.';
COMMENT ON COLUMN recon.reconciliation.opened_on IS
    'First date since it last matched on which it did not; null: it matches.';
COMMENT ON COLUMN recon.reconciliation.age_days IS 'as_of_date − opened_on, in calendar days.';
COMMENT ON COLUMN recon.reconciliation.members IS 'Ids of the accounts compared as one sum, itself among them.';
COMMENT ON COLUMN recon.reconciliation.provisional IS
    'Whether it was compared before a cut-off of the date: it may still change, and can''t be signed.';
COMMENT ON COLUMN recon.reconciliation.compared_at IS 'When this version was made (UTC).';

CREATE TABLE recon.sign_off (
    sign_off_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id   ledger.account_id NOT NULL,
    as_of_date   date NOT NULL,
    version      integer NOT NULL,
    state        text NOT NULL CHECK (state IN ('prepared', 'approved', 'rejected', 'decertified')),
    actor        text NOT NULL DEFAULT session_user,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    comment      text CHECK (comment ~ '\S'),
    CONSTRAINT a_compared_version_is_signed
        FOREIGN KEY (account_id, as_of_date, version) REFERENCES recon.reconciliation,
    CONSTRAINT a_refusal_says_why CHECK (state IN ('prepared', 'approved') OR comment IS NOT NULL)
);
CREATE INDEX sign_off_newest ON recon.sign_off (account_id, as_of_date, sign_off_no DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.sign_off
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.sign_off IS
    'Who prepared, approved or rejected a reconciliation, and what took that back; append-only, written by '
    'recon.prepare, recon.approve, recon.reject and new versions alone. The newest action of an account and date is '
    'its state. Grain: action.';
COMMENT ON COLUMN recon.sign_off.sign_off_no IS 'Number of the action, rising; may have gaps.';
COMMENT ON COLUMN recon.sign_off.account_id IS 'The account.';
COMMENT ON COLUMN recon.sign_off.as_of_date IS 'The closing''s date.';
COMMENT ON COLUMN recon.sign_off.version IS 'The version that was signed; of decertified, the one that took it back.';
COMMENT ON COLUMN recon.sign_off.state IS
    'What the action made of it: prepared, approved, rejected, or decertified: numbers or status are no longer those '
    'that were signed.';
COMMENT ON COLUMN recon.sign_off.actor IS
    'The login that acted, whatever role it had taken on; of decertified, the run''s.';
COMMENT ON COLUMN recon.sign_off.at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off.comment IS 'Why, in the actor''s words; of decertified, what changed.';

CREATE TABLE recon.changed (
    changed_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity      text,
    gl_account  text,
    currency    ledger.currency_code,
    first_date  date NOT NULL,
    last_date   date NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE recon.changed IS
    'Inputs that changed, still to be compared: triggers note them, a comparison of every date takes them away once '
    'the dates are over. Grain: change.';
COMMENT ON COLUMN recon.changed.changed_no IS 'Number of the change.';
COMMENT ON COLUMN recon.changed.entity IS 'Legal entity whose accounts it touches; null: any.';
COMMENT ON COLUMN recon.changed.gl_account IS 'GL account that it touches; null: any.';
COMMENT ON COLUMN recon.changed.currency IS 'Currency of that GL account; null: any.';
COMMENT ON COLUMN recon.changed.first_date IS 'First date that it may touch.';
COMMENT ON COLUMN recon.changed.last_date IS 'Last date that it may touch.';
COMMENT ON COLUMN recon.changed.changed_at IS 'When it changed (UTC).';

-- Purpose: what is read of reconciliation: current items, open breaks and their ages, GL rows without an account.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT gl <> bank AND sign(gl) = sign(bank) AND position('.' IN digits) = 0 AND EXISTS (
           SELECT FROM generate_series(1, length(digits) - 1) AS n
            WHERE overlay(digits PLACING substr(digits, n + 1, 1) || substr(digits, n, 1) FROM n FOR 2)::numeric
                  = abs(bank) * 10 ^ minor_units::numeric)
      FROM (SELECT trim_scale(abs(gl) * 10 ^ minor_units::numeric)::text AS digits) AS units
$$;
COMMENT ON FUNCTION recon.is_transposed(numeric, numeric, integer) IS
    'Whether swapping two adjacent digits of the GL''s balance, in minor units, gives the bank''s.';

CREATE FUNCTION recon.age_bucket(age_days integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN age_days <= 7 THEN '0-7' WHEN age_days <= 30 THEN '8-30' WHEN age_days <= 60 THEN '31-60'
                WHEN age_days <= 90 THEN '61-90' ELSE 'over 90' END;
END;
COMMENT ON FUNCTION recon.age_bucket(integer) IS
    'The bucket of an open item''s calendar days: 0-7, 8-30, 31-60, 61-90, over 90.';

CREATE VIEW recon.account_time AS
SELECT a.account_id,
       (coalesce(least(p.opened_at, b.observed_at),
                 (SELECT f.observed_at FROM ledger.balance AS f ORDER BY f.as_of_hour LIMIT 1),
                 '-infinity') AT TIME ZONE a.time_zone)::date AS begins_on,
       (now() AT TIME ZONE a.time_zone)::date AS today
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT min(o.opened_at) AS opened_at FROM ledger.account_period AS o WHERE o.account_id = a.account_id) AS p
  LEFT JOIN LATERAL (
       SELECT f.as_of_hour, f.observed_at FROM ledger.balance AS f
        WHERE f.account_id = a.account_id AND f.as_of_hour < coalesce(p.opened_at, 'infinity')
        ORDER BY f.as_of_hour LIMIT 1) AS f ON true
 CROSS JOIN LATERAL (
       -- An hour may lie on two dates, and its first observation have been superseded.
       SELECT least(f.observed_at, min(h.observed_at)) AS observed_at FROM ledger.balance_history AS h
        WHERE h.account_id = a.account_id AND h.as_of_hour = f.as_of_hour) AS b;
COMMENT ON VIEW recon.account_time IS
    'The dates on which an account can be compared, by its own clock; what is loaded for another date is kept, and '
    'changes nothing. Grain: account.';
COMMENT ON COLUMN recon.account_time.account_id IS 'The account.';
COMMENT ON COLUMN recon.account_time.begins_on IS
    'The date on which it was first expected or first had a balance, whichever was earlier; where there is neither, '
    'the ledger''s first; -infinity: the ledger has no balance yet.';
COMMENT ON COLUMN recon.account_time.today IS 'The date that it is now.';

CREATE VIEW recon.current_item AS
SELECT DISTINCT ON (entity, gl_account, currency, side, kind, item_date, reference)
       entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference, load_no
  FROM recon.item
 ORDER BY entity, gl_account, currency, side, kind, item_date, reference, load_no DESC;
COMMENT ON VIEW recon.current_item IS 'Each item as the newest load gave it. Grain: outstanding item.';
COMMENT ON COLUMN recon.current_item.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.current_item.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.current_item.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN recon.current_item.item_date IS 'The first date on which it counts.';
COMMENT ON COLUMN recon.current_item.cleared_date IS 'The first date on which it counts no more; null: open.';
COMMENT ON COLUMN recon.current_item.side IS 'bank: the bank has not seen it yet; book: the books have not.';
COMMENT ON COLUMN recon.current_item.kind IS 'What it is, in the ERP''s words.';
COMMENT ON COLUMN recon.current_item.amount IS 'Exact, signed as cash.';
COMMENT ON COLUMN recon.current_item.reference IS 'The ERP''s reference; may be empty.';
COMMENT ON COLUMN recon.current_item.load_no IS 'The load that gave it.';

CREATE VIEW recon.open_break AS
SELECT n.account_id, n.opened_on, n.as_of_date, n.status, n.difference, n.unexplained, n.cause, n.age_days,
       n.entity, n.gl_account, n.currency, n.members, n.provisional
  FROM ledger.account AS a
  JOIN recon.account_time AS t USING (account_id)
 CROSS JOIN LATERAL (
       SELECT * FROM recon.reconciliation AS r
        WHERE r.account_id = a.account_id AND r.as_of_date BETWEEN t.begins_on AND t.today
        ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
 WHERE a.active AND n.opened_on IS NOT NULL;
COMMENT ON VIEW recon.open_break IS
    'Each active account whose newest date neither matched nor is within tolerance; missing and stale ones too. '
    'Grain: account with an open item.';
COMMENT ON COLUMN recon.open_break.account_id IS 'The account.';
COMMENT ON COLUMN recon.open_break.opened_on IS 'First date since it last matched on which it did not.';
COMMENT ON COLUMN recon.open_break.as_of_date IS 'The newest date compared.';
COMMENT ON COLUMN recon.open_break.status IS 'break, missing_bank, missing_gl or stale_bank on that date.';
COMMENT ON COLUMN recon.open_break.difference IS 'Bank − GL on that date, exact; null: a side is missing.';
COMMENT ON COLUMN recon.open_break.unexplained IS 'What the items leave of it.';
COMMENT ON COLUMN recon.open_break.cause IS 'What the numbers say of it.';
COMMENT ON COLUMN recon.open_break.age_days IS 'as_of_date − opened_on, in calendar days.';
COMMENT ON COLUMN recon.open_break.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.open_break.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.open_break.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN recon.open_break.members IS 'Ids of the accounts compared as one sum.';
COMMENT ON COLUMN recon.open_break.provisional IS 'Whether that date may still change.';

CREATE VIEW recon.open_break_total AS
SELECT entity, currency, recon.age_bucket(age_days) AS age_bucket,
       count(*)::integer AS items, count(unexplained)::integer AS items_with_amount, sum(unexplained) AS unexplained,
       sum(abs(unexplained)) AS gross_unexplained, max(age_days) AS oldest_days
  FROM (SELECT DISTINCT ON (entity, gl_account, currency) * FROM recon.open_break
         ORDER BY entity, gl_account, currency, as_of_date DESC, age_days DESC) AS once
 GROUP BY 1, 2, 3;
COMMENT ON VIEW recon.open_break_total IS
    'The open items summed; accounts compared as one sum count once; never across currencies. Grain: entity × '
    'currency × age bucket.';
COMMENT ON COLUMN recon.open_break_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.open_break_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN recon.open_break_total.age_bucket IS 'Calendar days open: 0-7, 8-30, 31-60, 61-90, over 90.';
COMMENT ON COLUMN recon.open_break_total.items IS 'Open items.';
COMMENT ON COLUMN recon.open_break_total.items_with_amount IS
    'Those of them with both sides: the sums lack the others.';
COMMENT ON COLUMN recon.open_break_total.unexplained IS 'Sum of what is unexplained; null: no item has an amount.';
COMMENT ON COLUMN recon.open_break_total.gross_unexplained IS 'Sum of its absolute values.';
COMMENT ON COLUMN recon.open_break_total.oldest_days IS 'Age of the oldest.';

CREATE VIEW recon.unmapped_gl AS
SELECT DISTINCT ON (g.as_of_date, g.entity, g.gl_account, g.currency)
       g.entity, g.gl_account, g.currency, g.as_of_date, g.balance, g.load_no
  FROM recon.gl_balance AS g
 WHERE NOT EXISTS (SELECT FROM ledger.account AS a
                    WHERE (a.entity, a.gl_account, a.currency) = (g.entity, g.gl_account, g.currency) AND a.active)
 ORDER BY g.as_of_date, g.entity, g.gl_account, g.currency, g.load_no DESC;
COMMENT ON VIEW recon.unmapped_gl IS
    'GL balances that nothing is compared with: no active account has that entity, GL account and currency. Grain: '
    'GL account × date.';
COMMENT ON COLUMN recon.unmapped_gl.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.unmapped_gl.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.unmapped_gl.currency IS 'ISO 4217 code of the balance.';
COMMENT ON COLUMN recon.unmapped_gl.as_of_date IS 'The posting date.';
COMMENT ON COLUMN recon.unmapped_gl.balance IS 'Closing balance as the newest load gave it.';
COMMENT ON COLUMN recon.unmapped_gl.load_no IS 'That load.';

-- Purpose: signing a reconciliation off: prepared by one, approved by another, taken back by a restatement.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION recon.take_turn() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET lock_timeout = '30s' AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'Comparing and signing off need the isolation level READ COMMITTED: begin the transaction '
                        'with it.'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM ledger.take_turn('reconcile');
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'A reconciliation, or somebody else''s sign-off, is at work: try again in a minute.'
        USING ERRCODE = 'lock_not_available', DETAIL = SQLERRM;
END $$;
COMMENT ON FUNCTION recon.take_turn() IS
    'Waits, for 30 s at most, until no comparison and no other sign-off is under way; keeps them off to the end of '
    'the transaction.';

CREATE FUNCTION recon.act(action text, account_id text, as_of_date date, comment text, version integer)
RETURNS recon.sign_off LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' AS $$
DECLARE
    newest   recon.reconciliation;
    before   recon.sign_off;
    done     recon.sign_off;
    said     text := CASE WHEN act.comment ~ '\S' THEN btrim(act.comment, E' \t\r\n') END;
    problem  text[];
BEGIN
    PERFORM recon.take_turn();
    SELECT r.* INTO newest FROM recon.reconciliation AS r
     WHERE r.account_id = act.account_id AND r.as_of_date = act.as_of_date ORDER BY r.version DESC LIMIT 1;
    SELECT s.* INTO before FROM recon.sign_off AS s
     WHERE s.account_id = act.account_id AND s.as_of_date = act.as_of_date ORDER BY s.sign_off_no DESC LIMIT 1;
    problem := CASE
        WHEN newest.version IS NULL
            THEN ARRAY['22023', 'there is none; recon.sign_off_state lists what was compared']
        WHEN act.version <> newest.version
            THEN ARRAY['55000', format('version %s is not the newest: look at version %s and sign that',
                                       act.version, newest.version)]
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
        RAISE EXCEPTION 'The reconciliation of account % on % can''t be %: %.', coalesce(act.account_id, '(none)'),
              coalesce(act.as_of_date::text, '(none)'), action, problem[2] USING ERRCODE = problem[1];
    END IF;
    INSERT INTO recon.sign_off AS s (account_id, as_of_date, version, state, comment)
    VALUES (newest.account_id, newest.as_of_date, newest.version, action, said)
    RETURNING s.* INTO done;
    RETURN done;
END $$;
COMMENT ON FUNCTION recon.act(text, text, date, text, integer) IS
    'What prepare, approve and reject have in common: the order of states, who may not, what needs a comment. Nobody '
    'calls it directly.';

CREATE FUNCTION recon.prepare(account_id text, as_of_date date, comment text DEFAULT NULL, version integer DEFAULT NULL)
RETURNS recon.sign_off LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT recon.act('prepared', account_id, as_of_date, comment, version)
$$;
COMMENT ON FUNCTION recon.prepare(text, date, text, integer) IS
    'Puts the newest version of an account''s date forward for approval; returns the action. From open, rejected or '
    'decertified. With a version: only if that is the newest. For qbank_preparer.';

CREATE FUNCTION recon.approve(account_id text, as_of_date date, comment text DEFAULT NULL, version integer DEFAULT NULL)
RETURNS recon.sign_off LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT recon.act('approved', account_id, as_of_date, comment, version)
$$;
COMMENT ON FUNCTION recon.approve(text, date, text, integer) IS
    'Approves what somebody else prepared; returns the action. Anything but matched needs a comment. With a version: '
    'only if that is the newest. For qbank_approver.';

CREATE FUNCTION recon.reject(account_id text, as_of_date date, comment text DEFAULT NULL, version integer DEFAULT NULL)
RETURNS recon.sign_off LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT recon.act('rejected', account_id, as_of_date, comment, version)
$$;
COMMENT ON FUNCTION recon.reject(text, date, text, integer) IS
    'Sends back what somebody else prepared, with a comment that says why; returns the action. With a version: only '
    'if that is the newest. For qbank_approver.';

-- reconcile.py turns nested loops off, which here read a few rows each.
CREATE FUNCTION recon.take_back() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_nestloop = on SET jit = off AS $$
BEGIN
    PERFORM recon.take_turn();
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
COMMENT ON FUNCTION recon.take_back() IS
    'Takes preparation and approval back where a new version has other numbers, or another status, than the one that '
    'was signed.';

CREATE TRIGGER take_back AFTER INSERT ON recon.reconciliation
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION recon.take_back();

CREATE VIEW recon.sign_off_state AS
SELECT r.account_id, r.as_of_date, r.version, r.entity, r.gl_account, r.currency, r.bank_balance, r.gl_balance,
       r.difference, r.unexplained, r.status, r.cause, r.age_days, r.provisional, coalesce(a.state, 'open') AS state,
       CASE WHEN a.state IN ('prepared', 'approved') THEN a.version END AS signed_version,
       p.actor AS prepared_by, p.at AS prepared_at,
       CASE WHEN a.state = 'approved' THEN a.actor END AS approved_by,
       CASE WHEN a.state = 'approved' THEN a.at END AS approved_at,
       a.actor AS acted_by, a.at AS acted_at, a.comment
  FROM (SELECT DISTINCT ON (account_id, as_of_date)
               account_id, as_of_date, version, entity, gl_account, currency, bank_balance, gl_balance, difference,
               unexplained, status, cause, age_days, provisional
          FROM recon.reconciliation
         ORDER BY account_id, as_of_date, version DESC) AS r
  LEFT JOIN LATERAL (
       SELECT s.version, s.state, s.actor, s.at, s.comment FROM recon.sign_off AS s
        WHERE s.account_id = r.account_id AND s.as_of_date = r.as_of_date
        ORDER BY s.sign_off_no DESC LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (
       SELECT s.actor, s.at FROM recon.sign_off AS s
        WHERE s.account_id = r.account_id AND s.as_of_date = r.as_of_date AND s.state = 'prepared'
          AND a.state <> 'decertified'
        ORDER BY s.sign_off_no DESC LIMIT 1) AS p ON true;
COMMENT ON VIEW recon.sign_off_state IS
    'Each reconciliation as it stands, and how far it is signed off; filter it by as_of_date or account_id. Grain: '
    'account × date that was compared, its newest version.';
COMMENT ON COLUMN recon.sign_off_state.account_id IS 'The account.';
COMMENT ON COLUMN recon.sign_off_state.as_of_date IS 'The closing''s date.';
COMMENT ON COLUMN recon.sign_off_state.version IS 'The newest version: what the columns up to provisional are of.';
COMMENT ON COLUMN recon.sign_off_state.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.sign_off_state.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.sign_off_state.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN recon.sign_off_state.bank_balance IS 'Closing ledger balance at the bank, exact; null: none.';
COMMENT ON COLUMN recon.sign_off_state.gl_balance IS 'Closing balance in the general ledger, exact; null: none.';
COMMENT ON COLUMN recon.sign_off_state.difference IS 'Bank − GL, exact; null: a side is missing.';
COMMENT ON COLUMN recon.sign_off_state.unexplained IS 'What the items leave of it.';
COMMENT ON COLUMN recon.sign_off_state.status IS
    'matched, within_tolerance, break, missing_bank, missing_gl or stale_bank.';
COMMENT ON COLUMN recon.sign_off_state.cause IS 'What the numbers say of it; null: it matched or is within tolerance.';
COMMENT ON COLUMN recon.sign_off_state.age_days IS 'Calendar days open; null: it matches.';
COMMENT ON COLUMN recon.sign_off_state.provisional IS
    'Whether it was compared before its cut-off: it can''t be signed.';
COMMENT ON COLUMN recon.sign_off_state.state IS
    'open: nobody acted; prepared, approved, rejected; decertified: taken back, as numbers or status changed after '
    'it was prepared or approved.';
COMMENT ON COLUMN recon.sign_off_state.signed_version IS
    'The version that was prepared or approved, with the same numbers and status as the newest; null: nothing stands.';
COMMENT ON COLUMN recon.sign_off_state.prepared_by IS 'Who prepared what is prepared, approved or rejected.';
COMMENT ON COLUMN recon.sign_off_state.prepared_at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off_state.approved_by IS 'Who approved it; null: it is not approved.';
COMMENT ON COLUMN recon.sign_off_state.approved_at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off_state.acted_by IS 'Who took the newest action; null: nobody acted.';
COMMENT ON COLUMN recon.sign_off_state.acted_at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off_state.comment IS 'What the newest action said; of decertified, what changed.';

-- Purpose: notes of the inputs that changed, so that reconciling costs what changed and not what there is.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION recon.note_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
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
COMMENT ON FUNCTION recon.note_balance() IS
    'Notes the dates whose closing may have changed; called by the triggers of ledger.guard_relation.';

CREATE FUNCTION recon.note_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
        VALUES (OLD.entity, OLD.gl_account, OLD.currency, '-infinity', 'infinity');
    END IF;
    INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
    VALUES (NEW.entity, NEW.gl_account, NEW.currency, '-infinity', 'infinity');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.note_account() IS
    'Notes the GL accounts, before and after, of an account that is set up otherwise.';

CREATE TRIGGER note_new AFTER INSERT ON ledger.account FOR EACH ROW EXECUTE FUNCTION recon.note_account();

CREATE TRIGGER note_otherwise AFTER UPDATE ON ledger.account FOR EACH ROW
    WHEN ((NEW.entity, NEW.gl_account, NEW.currency, NEW.minor_units, NEW.tolerance, NEW.time_zone, NEW.cut_off,
           NEW.max_age_minutes, NEW.active) IS DISTINCT FROM
          (OLD.entity, OLD.gl_account, OLD.currency, OLD.minor_units, OLD.tolerance, OLD.time_zone, OLD.cut_off,
           OLD.max_age_minutes, OLD.active))
    EXECUTE FUNCTION recon.note_account();

CREATE FUNCTION recon.note_gl_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The whole entity: the date's first row is what makes the accounts without one missing_gl.
    INSERT INTO recon.changed (entity, first_date, last_date)
    SELECT DISTINCT entity, as_of_date, as_of_date FROM new_rows;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.note_gl_balance() IS 'Notes the dates of GL balances that were loaded.';

CREATE TRIGGER note_loaded AFTER INSERT ON recon.gl_balance REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.note_gl_balance();

CREATE FUNCTION recon.note_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Every date: an item that does not count on one may still be its cause (timing).
    INSERT INTO recon.changed (entity, gl_account, currency, first_date, last_date)
    SELECT DISTINCT entity, gl_account, currency, date '-infinity', date 'infinity' FROM new_rows;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.note_item() IS 'Notes the GL accounts of items that were loaded.';

CREATE TRIGGER note_loaded AFTER INSERT ON recon.item REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION recon.note_item();

-- Purpose: monthly partitions of what grows by the hour: balances, their history, observations.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after what its triggers call.

CREATE FUNCTION ledger.ensure_partitions(at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent   text;
    month    timestamp;
    child    text;
    key      text;
    created  integer := 0;
BEGIN
    -- Two plans at once: the second waits, then finds nothing to do.
    PERFORM ledger.take_turn('plan');
    FOREACH parent IN ARRAY ARRAY['ledger.balance', 'ledger.balance_history', 'sync.observation'] LOOP
        key := CASE parent WHEN 'sync.observation' THEN 'run_started_at' ELSE 'as_of_hour' END;
        FOR month IN
            SELECT generate_series(date_trunc('month', at AT TIME ZONE 'UTC') - interval '1 month',
                                   date_trunc('month', at AT TIME ZONE 'UTC') + interval '2 months',
                                   interval '1 month')
        LOOP
            child := parent || to_char(month, '"_"YYYY"_"MM');
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            -- CREATE … PARTITION OF would wait behind every open SELECT on the parent, and every
            -- publish behind it: CREATE and ATTACH do not. The CHECK spares ATTACH its scan.
            EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS, '
                           'CONSTRAINT bounds CHECK (%I >= %L AND %I < %L))', child, parent,
                           key, month AT TIME ZONE 'UTC', key, (month + interval '1 month') AT TIME ZONE 'UTC');
            CALL ledger.guard_relation(child::regclass, split_part(parent, '.', 2));
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, child,
                           month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT bounds', child);
            created := created + 1;
        END LOOP;
    END LOOP;
    RETURN created;
END $$;
COMMENT ON FUNCTION ledger.ensure_partitions(timestamptz) IS
    'Makes the monthly partitions from last month to the month after next, where absent; returns how many it made. '
    'Each plan calls it.';

CALL ledger.guard_relation('ledger.balance', 'balance');
CALL ledger.guard_relation('ledger.balance_history', 'balance_history');

SELECT ledger.ensure_partitions();

-- Purpose: what a role may do, written here and nowhere else. Logins are granted roles, never tables.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after everything that is granted.

-- ── Everybody ────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON ALL ROUTINES IN SCHEMA ledger, sync, recon FROM PUBLIC;

-- ── Who reads (the other roles are members of qbank_analyst, see roles.sql) ───────────────────────

GRANT USAGE ON SCHEMA ledger, sync, recon TO qbank_analyst;

GRANT SELECT ON ALL TABLES IN SCHEMA ledger, sync, recon TO qbank_analyst;

-- Not the locks: who can read a table can lock it.
REVOKE ALL ON ledger.lock_plan, ledger.lock_publish, ledger.lock_reconcile FROM qbank_analyst;

-- Functions that views and queries call with the rights of who reads.
GRANT EXECUTE ON FUNCTION
    ledger.row_sha256(text, timestamptz, numeric, numeric, text, timestamptz, bigint, bigint, integer, timestamptz),
    ledger.seal_text(bigint, bigint, bigint, jsonb, text, text, timestamptz),
    ledger.seal_sha256(bigint, bigint, bigint, jsonb, text, text, timestamptz, integer),
    ledger.balance_as_known(timestamptz), ledger.closing(text, text, time, date),
    ledger.day_end(text, time, date), ledger.hours(),
    ledger.missing_accounts(timestamptz), ledger.active_at(text, timestamptz), ledger.minor_units(text),
    ledger.is_ahead(timestamptz), sync.significant_digits(numeric),
    recon.is_transposed(numeric, numeric, integer), recon.age_bucket(integer)
    TO qbank_analyst;

-- ── Runs ─────────────────────────────────────────────────────────────────────────────────────────

GRANT INSERT, UPDATE ON ledger.account, ledger.account_period, ledger.balance, ledger.gap TO qbank_loader;

GRANT INSERT ON ledger.seal, ledger.accepted_host TO qbank_loader;

GRANT USAGE ON SEQUENCE ledger.seal_no TO qbank_loader;

GRANT INSERT, UPDATE ON sync.run, sync.observation, sync.publication TO qbank_loader;

GRANT INSERT ON sync.run_account, sync.finding, sync.verdict, sync.lookalike TO qbank_loader;

GRANT INSERT, UPDATE, DELETE ON sync.batch, sync.validation_result TO qbank_loader;

GRANT INSERT (kind, sha256, rows) ON recon.gl_load TO qbank_loader;

GRANT INSERT ON recon.gl_balance, recon.item, recon.reconciliation TO qbank_loader;

GRANT DELETE ON recon.changed TO qbank_loader;

GRANT EXECUTE ON FUNCTION
    ledger.take_turn(text), ledger.make_way(integer), ledger.ensure_partitions(timestamptz),
    ledger.write_seal(bigint, bigint, timestamptz, timestamptz), sync.drop_payloads(interval)
    TO qbank_loader;

-- ── People who decide ────────────────────────────────────────────────────────────────────────────

GRANT EXECUTE ON FUNCTION
    ledger.accept_host(text), ledger.accept_accounts(text), ledger.release(bigint, text, text),
    ledger.set_aside(bigint, text)
    TO qbank_operator;

GRANT EXECUTE ON FUNCTION recon.prepare(text, date, text, integer) TO qbank_preparer;

GRANT EXECUTE ON FUNCTION recon.approve(text, date, text, integer), recon.reject(text, date, text, integer)
    TO qbank_approver;

