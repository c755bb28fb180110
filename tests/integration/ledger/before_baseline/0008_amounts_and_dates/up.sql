-- Purpose: an amount has no more decimals than its currency, a row of the ERP keeps its line, and a date outside an
--          account's time changes no age.
-- Run as:  qbank_owner, in one transaction (see migrate.py). Changes no row that was loaded or compared.

-- ── Decimals of a currency ──────────────────────────────────────────────────────────────────────

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
COMMENT ON FUNCTION ledger.minor_units(text) IS 'How many decimals an amount of the currency may have (ISO 4217); null: no currency, or one without minor units, such as XXX or gold.';

-- Zeros count: 3.000 in EUR is three or three thousand. What was loaded before stays as it was, and is compared as
-- it was; a corrected file goes on top of it.
ALTER TABLE recon.gl_balance ADD CONSTRAINT balance_has_its_currencys_decimals
    CHECK (scale(balance) <= coalesce(ledger.minor_units(currency), -1)) NOT VALID;
ALTER TABLE recon.item ADD CONSTRAINT amount_has_its_currencys_decimals
    CHECK (scale(amount) <= coalesce(ledger.minor_units(currency), -1)) NOT VALID;

-- ── Lines of a file ─────────────────────────────────────────────────────────────────────────────

ALTER TABLE recon.gl_balance ADD COLUMN line_no integer CHECK (line_no > 0);
ALTER TABLE recon.item ADD COLUMN line_no integer CHECK (line_no > 0);
COMMENT ON COLUMN recon.gl_balance.line_no IS 'Line of the file on which the row begins; null: loaded before lines were kept.';
COMMENT ON COLUMN recon.item.line_no IS 'Line of the file on which the row begins; null: loaded before lines were kept.';
-- Loads come in order: a BRIN finds the rows of one at next to no size.
CREATE INDEX gl_balance_load ON recon.gl_balance USING brin (load_no) WITH (pages_per_range = 16);
CREATE INDEX item_load ON recon.item USING brin (load_no) WITH (pages_per_range = 16);

-- ── An account's time ───────────────────────────────────────────────────────────────────────────

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
COMMENT ON VIEW recon.account_time IS 'The dates on which an account can be compared, by its own clock; what is loaded for another date is kept, and changes nothing. Grain: account.';
COMMENT ON COLUMN recon.account_time.account_id IS 'The account.';
COMMENT ON COLUMN recon.account_time.begins_on IS 'The date on which it was first expected or first had a balance, whichever was earlier; where there is neither, the ledger''s first; -infinity: the ledger has no balance yet.';
COMMENT ON COLUMN recon.account_time.today IS 'The date that it is now.';

CREATE OR REPLACE VIEW recon.open_break AS
SELECT n.account_id, n.opened_on, n.as_of_date, n.status, n.difference, n.unexplained, n.cause, n.age_days,
       n.entity, n.gl_account, n.currency, n.members, n.provisional
  FROM ledger.account AS a
  JOIN recon.account_time AS t USING (account_id)
 CROSS JOIN LATERAL (
       SELECT * FROM recon.reconciliation AS r
        WHERE r.account_id = a.account_id AND r.as_of_date BETWEEN t.begins_on AND t.today
        ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
 WHERE a.active AND n.opened_on IS NOT NULL;

CREATE OR REPLACE FUNCTION recon.note_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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

-- What was compared outside an account's time stays; the ages that came of it are reckoned anew, once.
INSERT INTO recon.changed (first_date, last_date)
SELECT '-infinity', 'infinity'
 WHERE EXISTS (SELECT FROM recon.reconciliation AS r JOIN recon.account_time AS t USING (account_id)
                WHERE r.as_of_date NOT BETWEEN t.begins_on AND t.today);

-- ── Grants ──────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON FUNCTION ledger.minor_units(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.minor_units(text)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT SELECT ON recon.account_time TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
