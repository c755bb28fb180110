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

CREATE TABLE ledger.missing_hour_reason (
    account_id   ledger.account_id NOT NULL REFERENCES ledger.account,
    as_of_hour   timestamptz NOT NULL,
    reason       text NOT NULL,
    run_no       bigint NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, as_of_hour)
);
COMMENT ON TABLE ledger.missing_hour_reason IS
    'Why the newest run that tried could not publish an account in an hour; kept for ever. Read it through '
    'ledger.missing_hour. Grain: account × hour.';
COMMENT ON COLUMN ledger.missing_hour_reason.account_id IS 'The account.';
COMMENT ON COLUMN ledger.missing_hour_reason.as_of_hour IS 'The UTC hour in which the run tried.';
COMMENT ON COLUMN ledger.missing_hour_reason.reason IS
    'The reason of a failure (http_404), or quarantined: and the reasons.';
COMMENT ON COLUMN ledger.missing_hour_reason.run_no IS 'The run that tried.';
COMMENT ON COLUMN ledger.missing_hour_reason.recorded_at IS 'When it was written down (UTC).';

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

-- ── Locks ────────────────────────────────────────────────────────────────────────────────────────

-- A table for each, without column, row or grant: an advisory lock is anybody's, and a row may go. The mode keeps
-- off who takes it as well, and no reader.
CREATE TABLE ledger.lock_plan ();
COMMENT ON TABLE ledger.lock_plan IS 'Held by who plans or makes partitions: see ledger.acquire_lock. Without rows.';

CREATE TABLE ledger.lock_publish ();
COMMENT ON TABLE ledger.lock_publish IS
    'Held by who publishes, releases or sets aside: see ledger.acquire_lock. Without rows.';

CREATE TABLE ledger.lock_reconcile ();
COMMENT ON TABLE ledger.lock_reconcile IS 'Held by who compares or signs off: see ledger.acquire_lock. Without rows.';

-- ── The revision ─────────────────────────────────────────────────────────────────────────────────

COMMENT ON TABLE ledger.alembic_version IS
    'Which revision of the schema this database is at (Alembic). Grain: one row.';
COMMENT ON COLUMN ledger.alembic_version.version_num IS 'The revision.';
