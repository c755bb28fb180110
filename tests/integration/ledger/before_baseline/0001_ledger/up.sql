-- Purpose: the ledger, the rooms of the sync, their guards and their grants.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE SCHEMA IF NOT EXISTS ledger;
CREATE SCHEMA sync;
COMMENT ON SCHEMA ledger IS 'Balances that passed the audit, their history, their seals: kept for ever.';
COMMENT ON SCHEMA sync IS 'What each run asked, heard and decided: the rooms plan, fetch, audit, publish, settle.';

-- ── Accounts ────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ledger.account (
    account_id       text PRIMARY KEY CHECK (account_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    name             text NOT NULL,
    currency         text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    minor_units      smallint NOT NULL CHECK (minor_units BETWEEN 0 AND 4),
    entity           text NOT NULL,
    gl_account       text NOT NULL,
    time_zone        text NOT NULL,
    cut_off          time,
    max_age_minutes  integer NOT NULL CHECK (max_age_minutes > 0),
    minimum_balance  numeric CHECK (minimum_balance NOT IN ('NaN', 'Infinity', '-Infinity')),
    tolerance        numeric NOT NULL CHECK (tolerance >= 0 AND tolerance NOT IN ('NaN', 'Infinity')),
    bank_account     text,
    bank_id          text,
    active           boolean NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ledger.account IS 'The configured accounts, as the newest full run read them from the accounts file. Grain: account.';
COMMENT ON COLUMN ledger.account.account_id IS 'QBank''s id of the account: opaque text.';
COMMENT ON COLUMN ledger.account.name IS 'What people call the account.';
COMMENT ON COLUMN ledger.account.currency IS 'ISO 4217 code of the account''s currency.';
COMMENT ON COLUMN ledger.account.minor_units IS 'Decimals that ISO 4217 gives the currency (EUR 2, JPY 0, BHD 3).';
COMMENT ON COLUMN ledger.account.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN ledger.account.gl_account IS 'The ERP''s general-ledger account that mirrors this bank account.';
COMMENT ON COLUMN ledger.account.time_zone IS 'IANA time zone in which the account''s day runs.';
COMMENT ON COLUMN ledger.account.cut_off IS 'Local time at which the account''s day closes; null: at the end of the day.';
COMMENT ON COLUMN ledger.account.max_age_minutes IS 'How old a balance may be before it counts as stale, in minutes.';
COMMENT ON COLUMN ledger.account.minimum_balance IS 'A ledger balance below it is a warning; null: no minimum. In the account''s currency.';
COMMENT ON COLUMN ledger.account.tolerance IS 'Largest unexplained difference that reconciliation lets pass. In the account''s currency.';
COMMENT ON COLUMN ledger.account.bank_account IS 'IBAN or account number, for exports.';
COMMENT ON COLUMN ledger.account.bank_id IS 'BIC or routing number, for exports.';
COMMENT ON COLUMN ledger.account.active IS 'Whether runs ask for this account now.';
COMMENT ON COLUMN ledger.account.updated_at IS 'When a run last changed this row (UTC).';

CREATE TABLE ledger.account_period (
    account_id  text NOT NULL REFERENCES ledger.account,
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz CHECK (closed_at >= opened_at),
    PRIMARY KEY (account_id, opened_at)
);
CREATE UNIQUE INDEX account_period_open ON ledger.account_period (account_id) WHERE closed_at IS NULL;
COMMENT ON TABLE ledger.account_period IS 'When an account was active. Only full, not dry, runs open and close periods. Grain: account × period.';
COMMENT ON COLUMN ledger.account_period.account_id IS 'The account.';
COMMENT ON COLUMN ledger.account_period.opened_at IS 'When the plan of a full run first saw the account active (UTC).';
COMMENT ON COLUMN ledger.account_period.closed_at IS 'When the plan of a full run no longer saw it active (UTC); null: still active.';

CREATE TABLE ledger.accepted_host (
    api_host     text PRIMARY KEY CHECK (api_host ~ '^[a-z0-9.:_-]{1,253}$'),
    accepted_at  timestamptz NOT NULL DEFAULT now(),
    accepted_by  text NOT NULL
);
COMMENT ON TABLE ledger.accepted_host IS 'API hosts whose balances may enter this ledger: the first run''s, and those an operator accepted. Grain: host.';
COMMENT ON COLUMN ledger.accepted_host.api_host IS 'Host name of the QBank connection, without port.';
COMMENT ON COLUMN ledger.accepted_host.accepted_at IS 'When it was accepted (UTC).';
COMMENT ON COLUMN ledger.accepted_host.accepted_by IS 'The login that accepted it; the first run''s for the first host.';

CREATE TABLE ledger.accepted_accounts (
    fingerprint  text PRIMARY KEY CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
    accepted_at  timestamptz NOT NULL DEFAULT now(),
    accepted_by  text NOT NULL
);
COMMENT ON TABLE ledger.accepted_accounts IS 'Sets of accounts that may close more than half of the ledger''s open accounts, accepted by an operator. Grain: set.';
COMMENT ON COLUMN ledger.accepted_accounts.fingerprint IS 'SHA-256 over the sorted ids of the active accounts, as the refused run''s message names it.';
COMMENT ON COLUMN ledger.accepted_accounts.accepted_at IS 'When it was accepted (UTC).';
COMMENT ON COLUMN ledger.accepted_accounts.accepted_by IS 'The login that accepted it.';

-- ── Balances ────────────────────────────────────────────────────────────────────────────────────

-- numeric without a scale: a scale would round in silence. NaN and the infinities are values of
-- numeric, and NaN passes >= 0: each is named.
CREATE TABLE ledger.balance (
    account_id         text NOT NULL,
    as_of_hour         timestamptz NOT NULL,
    available_balance  numeric NOT NULL CHECK (available_balance NOT IN ('NaN', 'Infinity', '-Infinity')),
    ledger_balance     numeric NOT NULL CHECK (ledger_balance NOT IN ('NaN', 'Infinity', '-Infinity')),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    observed_at        timestamptz NOT NULL,
    run_no             bigint NOT NULL,
    seal_no            bigint NOT NULL,
    revision           integer NOT NULL CHECK (revision > 0),
    recorded_at        timestamptz NOT NULL,
    PRIMARY KEY (account_id, as_of_hour),
    CONSTRAINT hour_is_that_of_the_observation
        CHECK (as_of_hour = date_trunc('hour', observed_at, 'UTC'))
) PARTITION BY RANGE (as_of_hour);
-- Hours arrive in order: a BRIN finds an hour's blocks at a ten-thousandth of a B-tree's size.
CREATE INDEX balance_hour ON ledger.balance USING brin (as_of_hour) WITH (pages_per_range = 16);
CREATE INDEX balance_seal ON ledger.balance USING brin (seal_no) WITH (pages_per_range = 16);
COMMENT ON TABLE ledger.balance IS 'The balance of an account in an hour: the newest observation made in it. Grain: account × hour.';

CREATE TABLE ledger.balance_history (
    account_id         text NOT NULL,
    as_of_hour         timestamptz NOT NULL,
    available_balance  numeric NOT NULL,
    ledger_balance     numeric NOT NULL,
    currency           text NOT NULL,
    observed_at        timestamptz NOT NULL,
    run_no             bigint NOT NULL,
    seal_no            bigint NOT NULL,
    revision           integer NOT NULL,
    recorded_at        timestamptz NOT NULL,
    superseded_at      timestamptz NOT NULL,
    PRIMARY KEY (account_id, as_of_hour, superseded_at),
    CONSTRAINT superseded_after_recorded CHECK (superseded_at > recorded_at)
) PARTITION BY RANGE (as_of_hour);
CREATE INDEX balance_history_seal ON ledger.balance_history USING brin (seal_no) WITH (pages_per_range = 16);
COMMENT ON TABLE ledger.balance_history IS 'Versions of a balance that a later one replaced, by whatever hand; append-only. Grain: account × hour × superseded version.';

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['balance', 'balance_history'] LOOP
        EXECUTE format($c$COMMENT ON COLUMN ledger.%1$I.account_id IS 'The account.';
            COMMENT ON COLUMN ledger.%1$I.as_of_hour IS 'The UTC hour in which the balance was observed.';
            COMMENT ON COLUMN ledger.%1$I.available_balance IS 'Available balance as the bank gave it (available_balance of its answer): exact, in the account''s currency; negative is legal.';
            COMMENT ON COLUMN ledger.%1$I.ledger_balance IS 'Ledger balance as the bank gave it (ledger_balance of its answer): exact, in the account''s currency; positive is the holder''s money.';
            COMMENT ON COLUMN ledger.%1$I.currency IS 'ISO 4217 code of both balances.';
            COMMENT ON COLUMN ledger.%1$I.observed_at IS 'When the bank''s answer arrived, by the ledger database''s clock (UTC).';
            COMMENT ON COLUMN ledger.%1$I.run_no IS 'The run that observed it.';
            COMMENT ON COLUMN ledger.%1$I.seal_no IS 'The seal that covers this version.';
            COMMENT ON COLUMN ledger.%1$I.revision IS '1 for the first version of the hour, then 2, 3, ….';
            COMMENT ON COLUMN ledger.%1$I.recorded_at IS 'When this version was published: one instant for the whole publish (UTC).';$c$, t);
    END LOOP;
END $$;
COMMENT ON COLUMN ledger.balance_history.superseded_at IS 'When a later version replaced this one: that version''s recorded_at (UTC).';

CREATE SEQUENCE ledger.seal_no;
CREATE TABLE ledger.seal (
    seal_no          bigint PRIMARY KEY,
    run_no           bigint NOT NULL,
    row_count        bigint NOT NULL CHECK (row_count > 0),
    control_totals   jsonb NOT NULL,
    rows_sha256      text NOT NULL CHECK (rows_sha256 ~ '^[0-9a-f]{64}$'),
    previous_sha256  text CHECK (previous_sha256 ~ '^[0-9a-f]{64}$'),
    sha256           text NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    sealed_at        timestamptz NOT NULL
);
-- A chain does not fork: each seal is followed once, and only the first follows none.
CREATE UNIQUE INDEX seal_follows_once ON ledger.seal (coalesce(previous_sha256, ''));
COMMENT ON TABLE ledger.seal IS 'One link for each publish of at least a row, chained by hash; append-only. Grain: publish.';
COMMENT ON COLUMN ledger.seal.seal_no IS 'Number of the seal; rising, may have gaps.';
COMMENT ON COLUMN ledger.seal.run_no IS 'The run whose observations were published.';
COMMENT ON COLUMN ledger.seal.row_count IS 'Rows that the publish wrote.';
COMMENT ON COLUMN ledger.seal.control_totals IS 'For each currency the sums of available and ledger balance of those rows, as text.';
COMMENT ON COLUMN ledger.seal.rows_sha256 IS 'SHA-256 over the rows in canonical form (ledger.rows_sha256).';
COMMENT ON COLUMN ledger.seal.previous_sha256 IS 'sha256 of the seal before; null for the first.';
COMMENT ON COLUMN ledger.seal.sha256 IS 'SHA-256 over this seal and the one before it.';
COMMENT ON COLUMN ledger.seal.sealed_at IS 'When it was published: recorded_at of its rows (UTC).';

CREATE TABLE ledger.gap (
    account_id   text NOT NULL,
    as_of_hour   timestamptz NOT NULL,
    reason       text NOT NULL,
    run_no       bigint NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, as_of_hour)
);
COMMENT ON TABLE ledger.gap IS 'Why the newest run that tried could not publish an account in an hour; kept for ever. Read it through ledger.missing_hour. Grain: account × hour.';
COMMENT ON COLUMN ledger.gap.account_id IS 'The account.';
COMMENT ON COLUMN ledger.gap.as_of_hour IS 'The UTC hour in which the run tried.';
COMMENT ON COLUMN ledger.gap.reason IS 'The reason of a failure (http_404), or quarantined: and the reasons.';
COMMENT ON COLUMN ledger.gap.run_no IS 'The run that tried.';
COMMENT ON COLUMN ledger.gap.recorded_at IS 'When it was written down (UTC).';

-- ── The rooms of a run ──────────────────────────────────────────────────────────────────────────

CREATE TABLE sync.run (
    run_no       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dag_run_id   text NOT NULL,
    api_host     text NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    deadline_at  timestamptz NOT NULL,
    finished_at  timestamptz,
    state        text NOT NULL DEFAULT 'running'
                 CHECK (state IN ('running', 'complete', 'partial', 'failed', 'dry_run')),
    dry_run      boolean NOT NULL,
    subset       boolean NOT NULL,
    expected     integer NOT NULL CHECK (expected > 0),
    published    integer,
    quarantined  integer,
    failed       integer,
    CONSTRAINT closed_runs_are_counted CHECK (state = 'running' OR (
        finished_at IS NOT NULL AND published IS NOT NULL AND quarantined IS NOT NULL AND failed IS NOT NULL)),
    CONSTRAINT every_account_ends_once CHECK (published + quarantined + failed = expected)
);
CREATE INDEX run_open ON sync.run (deadline_at) WHERE state = 'running';
COMMENT ON TABLE sync.run IS 'One execution of the plan. Grain: run.';
COMMENT ON COLUMN sync.run.run_no IS 'Number of the run, rising.';
COMMENT ON COLUMN sync.run.dag_run_id IS 'Airflow''s id of the DAG run; not unique: two stacks may share a ledger.';
COMMENT ON COLUMN sync.run.api_host IS 'Host name of the QBank connection that the run used.';
COMMENT ON COLUMN sync.run.started_at IS 'When the plan began (UTC).';
COMMENT ON COLUMN sync.run.deadline_at IS 'When a run that is still open counts as lost and is closed as failed by the next plan (UTC).';
COMMENT ON COLUMN sync.run.finished_at IS 'When it was closed (UTC); null while it runs.';
COMMENT ON COLUMN sync.run.state IS 'running; complete: every account published; partial: some; failed: none, or the run could not close itself; dry_run: nothing was to be published.';
COMMENT ON COLUMN sync.run.dry_run IS 'Whether the run was asked to publish nothing.';
COMMENT ON COLUMN sync.run.subset IS 'Whether the run was asked for some of the configured accounts only.';
COMMENT ON COLUMN sync.run.expected IS 'Accounts of the run.';
COMMENT ON COLUMN sync.run.published IS 'Accounts published; in a dry run those that would have been. Null while it runs.';
COMMENT ON COLUMN sync.run.quarantined IS 'Accounts whose answer was not fit to publish. Null while it runs.';
COMMENT ON COLUMN sync.run.failed IS 'Accounts without a usable answer, or whose fit answer could not be published. Null while it runs.';

CREATE TABLE sync.run_account (
    run_no           bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id       text NOT NULL,
    batch_no         integer NOT NULL,
    currency         text NOT NULL,
    minor_units      smallint NOT NULL,
    max_age_minutes  integer NOT NULL,
    minimum_balance  numeric,
    PRIMARY KEY (run_no, account_id)
);
COMMENT ON TABLE sync.run_account IS 'The run''s own copy of the accounts it asks for: a file edited in mid-run changes nothing. Grain: run × account.';
COMMENT ON COLUMN sync.run_account.run_no IS 'The run.';
COMMENT ON COLUMN sync.run_account.account_id IS 'The account.';
COMMENT ON COLUMN sync.run_account.batch_no IS 'The fetch task that asks for it: 0, 1, ….';
COMMENT ON COLUMN sync.run_account.currency IS 'ISO 4217 code that the accounts file gave.';
COMMENT ON COLUMN sync.run_account.minor_units IS 'Decimals of that currency.';
COMMENT ON COLUMN sync.run_account.max_age_minutes IS 'Oldest bank timestamp that is accepted, in minutes before the observation.';
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
    account_id         text NOT NULL,
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
    PRIMARY KEY (run_no, account_id, run_started_at),
    CONSTRAINT a_reason_unless_answered CHECK ((state = 'answered') = (reason IS NULL))
) PARTITION BY RANGE (run_started_at);
COMMENT ON TABLE sync.observation IS 'What came of asking for an account: the first answer stands, a failed one may be replaced by a retry. Partitioned by the month of the run. Grain: run × account.';
COMMENT ON COLUMN sync.observation.run_no IS 'The run.';
COMMENT ON COLUMN sync.observation.account_id IS 'The account that was asked for.';
COMMENT ON COLUMN sync.observation.run_started_at IS 'started_at of the run: the partition key.';
COMMENT ON COLUMN sync.observation.state IS 'answered: balances came; unfit: an answer came that can''t be read as balances; failed: no usable answer came.';
COMMENT ON COLUMN sync.observation.reason IS 'Why it is unfit or failed; null when answered.';
COMMENT ON COLUMN sync.observation.available_balance IS 'available_balance of the bank''s answer: exact.';
COMMENT ON COLUMN sync.observation.ledger_balance IS 'ledger_balance of the bank''s answer: exact.';
COMMENT ON COLUMN sync.observation.echoed_account_id IS 'The account id that the answer names; null: it names none.';
COMMENT ON COLUMN sync.observation.echoed_currency IS 'The currency that the answer names; null: it names none.';
COMMENT ON COLUMN sync.observation.echoed_as_of IS 'The bank''s own timestamp, as written in the answer; null: it has none.';
COMMENT ON COLUMN sync.observation.bank_as_of IS 'That timestamp (UTC); null: none, or not a time with an offset.';
COMMENT ON COLUMN sync.observation.payload IS 'The body as received; bytes that are not UTF-8 appear as \xNN. Null: no body came.';
COMMENT ON COLUMN sync.observation.http_status IS 'HTTP status of the last answer; null: none came.';
COMMENT ON COLUMN sync.observation.attempts IS 'Requests made for this account in this run, over all tries.';
COMMENT ON COLUMN sync.observation.observed_at IS 'When the answer, or the final failure, arrived, by this database''s clock (UTC).';

CREATE TABLE sync.finding (
    run_no      bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    account_id  text NOT NULL,
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
    account_id  text NOT NULL,
    fit         boolean NOT NULL,
    audited_at  timestamptz NOT NULL,
    PRIMARY KEY (run_no, account_id)
);
COMMENT ON TABLE sync.verdict IS 'What the audit decided on a row it looked at: nothing is published without one. Grain: run × account.';
COMMENT ON COLUMN sync.verdict.run_no IS 'The run.';
COMMENT ON COLUMN sync.verdict.account_id IS 'The account.';
COMMENT ON COLUMN sync.verdict.fit IS 'True: fit to publish. False: held back, see sync.finding.';
COMMENT ON COLUMN sync.verdict.audited_at IS 'When it was decided (UTC).';

CREATE TABLE sync.validation_result (
    run_no       bigint NOT NULL REFERENCES sync.run ON DELETE CASCADE,
    expectation  text NOT NULL,
    severity     text NOT NULL,
    success      boolean NOT NULL,
    evaluated    bigint NOT NULL,
    unexpected   bigint NOT NULL,
    PRIMARY KEY (run_no, expectation)
);
COMMENT ON TABLE sync.validation_result IS 'Great Expectations'' verdict on each expectation. Grain: run × expectation.';
COMMENT ON COLUMN sync.validation_result.run_no IS 'The run.';
COMMENT ON COLUMN sync.validation_result.expectation IS 'Name of the rule, or of the gate that proves that the audit looked.';
COMMENT ON COLUMN sync.validation_result.severity IS 'critical or warning.';
COMMENT ON COLUMN sync.validation_result.success IS 'Whether no row broke it.';
COMMENT ON COLUMN sync.validation_result.evaluated IS 'Rows that it looked at.';
COMMENT ON COLUMN sync.validation_result.unexpected IS 'Rows that broke it.';

CREATE TABLE sync.publication (
    run_no        bigint PRIMARY KEY REFERENCES sync.run ON DELETE CASCADE,
    published_at  timestamptz NOT NULL
);
COMMENT ON TABLE sync.publication IS 'The run''s newest publish: every fit verdict before it is in the ledger, or lost to a later observation. Grain: run.';
COMMENT ON COLUMN sync.publication.run_no IS 'The run.';
COMMENT ON COLUMN sync.publication.published_at IS 'recorded_at of the rows it wrote (UTC).';

-- ── Guards ──────────────────────────────────────────────────────────────────────────────────────

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

CREATE FUNCTION ledger.keep_updated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at, o.run_no, o.seal_no, o.revision, o.recorded_at, n.recorded_at
      FROM old_rows AS o JOIN new_rows AS n USING (account_id, as_of_hour);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.keep_updated() IS 'Moves the versions that an UPDATE replaced to ledger.balance_history.';

CREATE FUNCTION ledger.keep_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ledger.balance_history (account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at, superseded_at)
    SELECT o.account_id, o.as_of_hour, o.available_balance, o.ledger_balance, o.currency, o.observed_at, o.run_no, o.seal_no, o.revision, o.recorded_at, greatest(clock_timestamp(), o.recorded_at + interval '1 microsecond')
      FROM old_rows AS o;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.keep_deleted() IS 'Moves the versions that a DELETE took away to ledger.balance_history.';

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION ledger.refuse_change() IS 'Makes a table append-only, also for its owner.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Statement triggers do not reach partitions that are named directly, so each relation gets its
-- own: through the parent only the parent's fire, on a partition only the partition's.
CREATE PROCEDURE ledger.guard_relation(relation regclass, kind text) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF kind = 'balance' THEN
        EXECUTE format('CREATE TRIGGER keep_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.keep_updated()', relation);
        EXECUTE format('CREATE TRIGGER keep_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION ledger.keep_deleted()', relation);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
    ELSIF kind = 'balance_history' THEN
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', relation);
    END IF;
END $$;
COMMENT ON PROCEDURE ledger.guard_relation(regclass, text) IS 'Puts the statement triggers of balance or balance_history on a relation.';
CALL ledger.guard_relation('ledger.balance', 'balance');
CALL ledger.guard_relation('ledger.balance_history', 'balance_history');

-- ── Partitions ──────────────────────────────────────────────────────────────────────────────────

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
    PERFORM pg_advisory_xact_lock(hashtextextended('qbank ledger: partitions', 0));
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
COMMENT ON FUNCTION ledger.ensure_partitions(timestamptz) IS 'Makes the monthly partitions from last month to the month after next, where absent; returns how many it made. Each plan calls it.';
SELECT ledger.ensure_partitions();

-- ── Seals ───────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.row_sha256(
    account_id text, as_of_hour timestamptz, available_balance numeric, ledger_balance numeric,
    currency text, observed_at timestamptz, run_no bigint, seal_no bigint, revision integer, recorded_at timestamptz
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(concat_ws('|',
        account_id,
        to_char(as_of_hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        trim_scale(available_balance), trim_scale(ledger_balance), currency,
        to_char(observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        run_no, seal_no, revision,
        to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), 'UTF8'))
$$;
COMMENT ON FUNCTION ledger.row_sha256(text, timestamptz, numeric, numeric, text, timestamptz, bigint, bigint, integer, timestamptz)
    IS 'SHA-256 of a balance in canonical form: fields in the order of ledger.balance joined by |, numbers by trim_scale, times in UTC to the microsecond.';

CREATE FUNCTION ledger.seal_sha256(
    seal_no bigint, run_no bigint, row_count bigint, control_totals jsonb, rows_sha256 text, previous_sha256 text, sealed_at timestamptz
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(concat_ws('|', seal_no, run_no, row_count, control_totals::text, rows_sha256,
        coalesce(previous_sha256, ''), to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), 'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION ledger.seal_sha256(bigint, bigint, bigint, jsonb, text, text, timestamptz)
    IS 'SHA-256 of a seal: its fields and the hash of the seal before it, joined by |.';

-- ── What an operator accepts ────────────────────────────────────────────────────────────────────

CREATE FUNCTION ledger.accept_host(host text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ledger.accepted_host (api_host, accepted_by) VALUES (lower(host), session_user)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ledger.accept_host(text) IS 'Lets balances from another API host into this ledger. For qbank_operator.';

CREATE FUNCTION ledger.accept_accounts(fingerprint text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ledger.accepted_accounts (fingerprint, accepted_by) VALUES (lower(fingerprint), session_user)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION ledger.accept_accounts(text) IS 'Lets an accounts file close more than half of the ledger''s accounts; the refused run''s message names the fingerprint. For qbank_operator.';

-- ── Views ───────────────────────────────────────────────────────────────────────────────────────

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
       o.http_status, coalesce(o.attempts, 0) AS attempts, o.observed_at
  FROM sync.run AS r
  JOIN sync.run_account AS a USING (run_no)
  LEFT JOIN sync.observation AS o
    ON o.run_no = a.run_no AND o.account_id = a.account_id AND o.run_started_at = r.started_at
  LEFT JOIN sync.verdict AS v ON v.run_no = a.run_no AND v.account_id = a.account_id
  LEFT JOIN sync.publication AS p ON p.run_no = a.run_no;
COMMENT ON VIEW sync.fate IS 'What has become of each account so far, also while the run is open; sync.outcome is what others read. Grain: run × account.';
COMMENT ON COLUMN sync.fate.run_no IS 'The run.';
COMMENT ON COLUMN sync.fate.account_id IS 'The account.';
COMMENT ON COLUMN sync.fate.outcome IS 'published, would_publish, quarantined or failed, as things stand.';
COMMENT ON COLUMN sync.fate.reasons IS 'Reason codes; empty when published.';
COMMENT ON COLUMN sync.fate.http_status IS 'HTTP status of the last answer.';
COMMENT ON COLUMN sync.fate.attempts IS 'Requests made.';
COMMENT ON COLUMN sync.fate.observed_at IS 'When the answer or the final failure arrived (UTC).';

CREATE VIEW sync.outcome AS
SELECT f.run_no, f.account_id,
       CASE WHEN r.state <> 'running' THEN f.outcome END AS outcome,
       CASE WHEN r.state <> 'running' THEN f.reasons END AS reasons,
       f.http_status, f.attempts, f.observed_at
  FROM sync.fate AS f JOIN sync.run AS r USING (run_no);
COMMENT ON VIEW sync.outcome IS 'The one outcome of every account of every run. Grain: run × account.';
COMMENT ON COLUMN sync.outcome.run_no IS 'The run.';
COMMENT ON COLUMN sync.outcome.account_id IS 'The account.';
COMMENT ON COLUMN sync.outcome.outcome IS 'published (also when a later observation was already there), quarantined, failed; in a dry run would_publish for published. Null while the run is open.';
COMMENT ON COLUMN sync.outcome.reasons IS 'Reason codes; empty when published, null while the run is open.';
COMMENT ON COLUMN sync.outcome.http_status IS 'HTTP status of the last answer; null: none came.';
COMMENT ON COLUMN sync.outcome.attempts IS 'Requests made for the account.';
COMMENT ON COLUMN sync.outcome.observed_at IS 'When the answer or the final failure arrived (UTC).';

CREATE VIEW sync.quarantine AS
SELECT o.run_no, o.account_id, o.payload, f.reasons, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.http_status, o.observed_at,
       NULL::timestamptz AS released_at
  FROM sync.observation AS o
  JOIN sync.fate AS f USING (run_no, account_id)
 WHERE f.outcome = 'quarantined';
COMMENT ON VIEW sync.quarantine IS 'Answers that came and are not fit to publish. Grain: run × account held back.';
COMMENT ON COLUMN sync.quarantine.run_no IS 'The run.';
COMMENT ON COLUMN sync.quarantine.account_id IS 'The account.';
COMMENT ON COLUMN sync.quarantine.payload IS 'The body as received; bytes that are not UTF-8 appear as \xNN.';
COMMENT ON COLUMN sync.quarantine.reasons IS 'Why it is held back.';
COMMENT ON COLUMN sync.quarantine.available_balance IS 'What could be read of it.';
COMMENT ON COLUMN sync.quarantine.ledger_balance IS 'What could be read of it.';
COMMENT ON COLUMN sync.quarantine.echoed_account_id IS 'The account id that the answer names.';
COMMENT ON COLUMN sync.quarantine.echoed_currency IS 'The currency that the answer names.';
COMMENT ON COLUMN sync.quarantine.echoed_as_of IS 'The bank''s own timestamp, as written.';
COMMENT ON COLUMN sync.quarantine.http_status IS 'HTTP status of the answer.';
COMMENT ON COLUMN sync.quarantine.observed_at IS 'When it arrived (UTC).';
COMMENT ON COLUMN sync.quarantine.released_at IS 'When an operator released it (UTC); null: still held.';

-- Unfit answers and answers side by side, as the audit's rules see them.
CREATE VIEW sync.audit_subject AS
SELECT o.run_no, o.account_id, o.state, o.reason, o.available_balance, o.ledger_balance,
       o.echoed_account_id, o.echoed_currency, o.echoed_as_of, o.bank_as_of, o.observed_at,
       a.currency, a.minor_units, a.max_age_minutes, a.minimum_balance, r.started_at
  FROM sync.run AS r
  JOIN sync.observation AS o ON o.run_no = r.run_no AND o.run_started_at = r.started_at
  JOIN sync.run_account AS a ON a.run_no = o.run_no AND a.account_id = o.account_id
 WHERE o.state <> 'failed';
COMMENT ON VIEW sync.audit_subject IS 'The answers of a run beside what its accounts file said: what each rule of the audit looks at. Grain: run × answer.';
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

CREATE VIEW ledger.latest_balance AS
SELECT a.account_id, a.name, a.entity, a.gl_account, a.active, b.currency,
       b.available_balance, b.ledger_balance, b.as_of_hour, b.observed_at, b.run_no, b.seal_no, b.revision, b.recorded_at,
       now() - b.observed_at AS age,
       now() - b.observed_at > make_interval(mins => a.max_age_minutes) AS is_stale
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT * FROM ledger.balance AS b WHERE b.account_id = a.account_id
        ORDER BY b.as_of_hour DESC LIMIT 1) AS b;
COMMENT ON VIEW ledger.latest_balance IS 'The newest balance of each account that has one. Grain: account.';
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
COMMENT ON COLUMN ledger.latest_balance.age IS 'Time since the observation.';
COMMENT ON COLUMN ledger.latest_balance.is_stale IS 'Whether that is more than the account''s max_age_minutes.';

CREATE VIEW ledger.coverage AS
WITH change AS (
    SELECT opened_at AS at, 1 AS delta FROM ledger.account_period
    UNION ALL SELECT closed_at, -1 FROM ledger.account_period WHERE closed_at IS NOT NULL
), hour AS (
    SELECT generate_series(date_trunc('hour', (SELECT min(opened_at) FROM ledger.account_period), 'UTC'),
                           date_trunc('hour', now(), 'UTC'), interval '1 hour') AS as_of_hour
), counted AS (
    SELECT h.as_of_hour,
           -- active at the hour's end: opened before it, not closed before it
           (SELECT coalesce(sum(c.delta), 0)::int FROM change AS c
             WHERE c.at < h.as_of_hour + interval '1 hour') AS expected,
           (SELECT count(*)::int FROM ledger.balance AS b JOIN ledger.account_period AS p USING (account_id)
             WHERE b.as_of_hour = h.as_of_hour
               AND p.opened_at < h.as_of_hour + interval '1 hour'
               AND (p.closed_at IS NULL OR p.closed_at >= h.as_of_hour + interval '1 hour')) AS present
      FROM hour AS h
)
SELECT as_of_hour, expected, present, expected - present AS missing,
       CASE WHEN present >= expected THEN 'complete' WHEN present > 0 THEN 'partial' ELSE 'missing' END AS state
  FROM counted;
COMMENT ON VIEW ledger.coverage IS 'How many of the accounts that were active at an hour''s end have a balance in it; gap-free from the first hour to the current one. Grain: hour.';
COMMENT ON COLUMN ledger.coverage.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.coverage.expected IS 'Accounts active at its end (ledger.account_period).';
COMMENT ON COLUMN ledger.coverage.present IS 'Those of them with a balance in it.';
COMMENT ON COLUMN ledger.coverage.missing IS 'Those without.';
COMMENT ON COLUMN ledger.coverage.state IS 'complete, partial or missing.';

CREATE VIEW ledger.missing_hour AS
SELECT p.account_id, h.as_of_hour, coalesce(g.reason, 'no run') AS reason, g.run_no
  FROM ledger.account_period AS p
 CROSS JOIN LATERAL generate_series(
       date_trunc('hour', p.opened_at, 'UTC'),
       -- the hour in which a period closes is not expected any more
       least(date_trunc('hour', now(), 'UTC'), date_trunc('hour', p.closed_at, 'UTC') - interval '1 hour'),
       interval '1 hour') AS h (as_of_hour)
  LEFT JOIN ledger.gap AS g ON g.account_id = p.account_id AND g.as_of_hour = h.as_of_hour
 WHERE NOT EXISTS (SELECT FROM ledger.balance AS b
                    WHERE b.account_id = p.account_id AND b.as_of_hour = h.as_of_hour);
COMMENT ON VIEW ledger.missing_hour IS 'Each account-hour that coverage counts as missing, and why. Grain: account × hour without a balance.';
COMMENT ON COLUMN ledger.missing_hour.account_id IS 'The account.';
COMMENT ON COLUMN ledger.missing_hour.as_of_hour IS 'The UTC hour.';
COMMENT ON COLUMN ledger.missing_hour.reason IS 'What the newest run that tried knew (http_404, quarantined: too_precise); no run: none tried.';
COMMENT ON COLUMN ledger.missing_hour.run_no IS 'That run; null: none tried.';

-- ── Grants: what a role may do is written here and nowhere else ─────────────────────────────────

REVOKE ALL ON ALL ROUTINES IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger, sync
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger, sync
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT EXECUTE ON FUNCTION
    ledger.row_sha256(text, timestamptz, numeric, numeric, text, timestamptz, bigint, bigint, integer, timestamptz),
    ledger.seal_sha256(bigint, bigint, bigint, jsonb, text, text, timestamptz)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;

GRANT INSERT, UPDATE ON ledger.account, ledger.account_period, ledger.balance, ledger.gap TO qbank_loader;
GRANT INSERT ON ledger.seal, ledger.accepted_host TO qbank_loader;
GRANT USAGE ON SEQUENCE ledger.seal_no TO qbank_loader;
GRANT INSERT, UPDATE ON sync.run, sync.observation, sync.publication TO qbank_loader;
GRANT INSERT ON sync.run_account, sync.finding, sync.verdict TO qbank_loader;
GRANT INSERT, UPDATE, DELETE ON sync.batch, sync.validation_result TO qbank_loader;
GRANT EXECUTE ON FUNCTION ledger.ensure_partitions(timestamptz) TO qbank_loader;
GRANT EXECUTE ON FUNCTION ledger.accept_host(text), ledger.accept_accounts(text) TO qbank_operator;

COMMENT ON TABLE ledger.alembic_version IS 'Which revision of the schema this database is at (Alembic). Grain: one row.';
COMMENT ON COLUMN ledger.alembic_version.version_num IS 'The revision.';
