-- A version is held against known travellers until that has been finished: a claim is a lease, and whoever dies with it is relieved.
ALTER TABLE list_rechecks ADD COLUMN claimed_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE list_rechecks ADD COLUMN done_ms INTEGER;
-- Versions of before were held against the travellers of their day, who are long gone.
INSERT INTO list_rechecks (authority, version, done_ms)
SELECT authority, version, coalesce(decided_ms, 0) FROM list_changes WHERE version IS NOT NULL
ON CONFLICT (authority, version) DO UPDATE SET done_ms = excluded.done_ms;

-- Alerts name an announcement by its key, say how many more an entry meets, and are raised once, however often their cause repeats.
CREATE TABLE list_alerts_anew (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    authority  TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('silent', 'present', 'admitted', 'expected', 'ceiling', 'further')),
    inspection TEXT,
    lane       TEXT,
    issuer     TEXT,                       -- of an announced document, as lists write it
    number     TEXT,
    arrives    TEXT,
    hit        TEXT NOT NULL,              -- JSON
    more       INTEGER NOT NULL DEFAULT 0, -- travellers who are not told of one by one
    seen_by    TEXT,
    seen_ms    INTEGER,
    entry      TEXT,
    entry_hash TEXT,                       -- hexadecimal
    subject    TEXT                        -- whom or what day it is about; absent in alerts of before
);
INSERT INTO list_alerts_anew (seq, authority, at_ms, kind, inspection, lane, hit, seen_by, seen_ms)
SELECT seq, authority, at_ms, kind, inspection, lane, hit, seen_by, seen_ms FROM list_alerts;
DROP TABLE list_alerts;
ALTER TABLE list_alerts_anew RENAME TO list_alerts;
CREATE INDEX list_alerts_unseen ON list_alerts (authority, seen_ms, seq);
CREATE UNIQUE INDEX list_alerts_once ON list_alerts (authority, kind, subject, entry, entry_hash);

-- Announcements are kept under the issuer as lists write it; passports of Germany write D.
UPDATE OR REPLACE expected_travellers SET issuer = 'DEU' WHERE issuer = 'D';

-- Ranges are found by their first number too, which no number of theirs lies before.
DROP INDEX list_ranges_by_issuer;
CREATE INDEX list_ranges_by_issuer ON list_documents (authority, issuer, class, folded) WHERE last_number IS NOT NULL;

-- Clearances of before were about everybody of that name, birth date and nationality, the listed person included. They hold no more.
UPDATE cleared_namesakes SET until_ms = min(until_ms, CAST(strftime('%s', 'now') AS INTEGER) * 1000);
CREATE INDEX cleared_by_entry ON cleared_namesakes (authority, entry, holder);
