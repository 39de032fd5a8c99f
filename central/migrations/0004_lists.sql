-- Lists as changes under four eyes. The lists of before are not taken over: an authority without a list refers everybody until one is
-- imported and approved.
DROP TABLE list_entries;
DROP TABLE list_states;

-- A change is drafted, proposed, and approved by somebody else; approval gives it the list's next version and puts it in force.
CREATE TABLE list_changes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    authority   TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('reading', 'draft', 'proposed', 'approved', 'rejected', 'discarded')),
    kind        TEXT NOT NULL CHECK (kind IN ('amend', 'replace', 'return', 'received')),
    source      TEXT NOT NULL,
    base        INTEGER NOT NULL,          -- version of the list it was compared with
    added       INTEGER NOT NULL DEFAULT 0,
    changed     INTEGER NOT NULL DEFAULT 0,
    withdrawn   INTEGER NOT NULL DEFAULT 0,
    entries     INTEGER NOT NULL DEFAULT 0, -- of the list once it is in force
    rows_hash   BLOB,
    drafted_by  TEXT NOT NULL,
    drafted_ms  INTEGER NOT NULL,
    proposed_by TEXT,
    reason      TEXT,                      -- the proposer's
    beyond_limits INTEGER NOT NULL DEFAULT 0, -- the proposer has accepted an unusual size
    decided_by  TEXT,
    decided_ms  INTEGER,
    remark      TEXT,                      -- of who decided
    version     INTEGER,
    previous    BLOB,
    hash        BLOB,
    UNIQUE (authority, version)
);
-- What a change does to one entry. Rows of changes that are not approved count for nothing.
CREATE TABLE list_rows (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    change    INTEGER NOT NULL REFERENCES list_changes (id),
    authority TEXT NOT NULL,
    entry     TEXT NOT NULL,
    body      TEXT,                        -- the entry as JSON; absent: withdrawn
    hash      BLOB,
    special   INTEGER NOT NULL DEFAULT 0,  -- looked at for every traveller: rules and canaries
    UNIQUE (change, entry)
);
CREATE INDEX list_special_rows ON list_rows (authority) WHERE special;
CREATE INDEX list_rows_by_entry ON list_rows (authority, entry);
-- Ids that an import holds, until what it lacks has been found.
CREATE TABLE list_seen (
    change INTEGER NOT NULL,
    entry  TEXT NOT NULL,
    PRIMARY KEY (change, entry)
) WITHOUT ROWID;
-- Documents of rows, by the number with look-alike characters folded.
CREATE TABLE list_documents (
    authority   TEXT NOT NULL,
    folded      TEXT NOT NULL,
    issuer      TEXT NOT NULL,
    class       TEXT NOT NULL,
    number      TEXT NOT NULL,
    last_number TEXT,                      -- of a range
    row         INTEGER NOT NULL REFERENCES list_rows (number)
);
CREATE INDEX list_documents_by_number ON list_documents (authority, folded) WHERE last_number IS NULL;
CREATE INDEX list_ranges_by_issuer ON list_documents (authority, issuer, class) WHERE last_number IS NOT NULL;
CREATE INDEX list_documents_by_row ON list_documents (row);
-- When the list was last known to be what its owner wants: an import without a difference confirms it too.
CREATE TABLE list_confirmations (
    authority    TEXT PRIMARY KEY,
    confirmed_ms INTEGER NOT NULL
);
-- The entries in force: of each id the newest approved row, unless that withdraws it.
CREATE VIEW list_current AS
SELECT r.authority, r.entry, r.number, r.body, r.hash, c.version
FROM list_rows r JOIN list_changes c ON c.id = r.change
WHERE c.version IS NOT NULL AND r.body IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM list_rows n JOIN list_changes d ON d.id = n.change
    WHERE n.authority = r.authority AND n.entry = r.entry AND d.version > c.version
);
-- A traveller who bears a listed name and is not the listed person, as an officer found. Holds for that state of the entry alone.
CREATE TABLE cleared_namesakes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    authority  TEXT NOT NULL,
    holder     BLOB NOT NULL,              -- SHA-256 of name, birth date and nationality
    entry      TEXT NOT NULL,
    entry_hash TEXT NOT NULL,             -- hexadecimal
    cleared_by TEXT NOT NULL,
    reason     TEXT NOT NULL,
    cleared_ms INTEGER NOT NULL,
    until_ms   INTEGER NOT NULL
);
CREATE INDEX cleared_by_holder ON cleared_namesakes (authority, holder);
-- Travellers announced to the authority, and what is known of their journeys.
CREATE TABLE expected_travellers (
    authority TEXT NOT NULL,
    issuer    TEXT NOT NULL,
    number    TEXT NOT NULL,
    arrives   TEXT NOT NULL,
    body      TEXT NOT NULL,               -- document and journey as JSON
    PRIMARY KEY (authority, issuer, number, arrives)
);
-- What the owner's officers are told beside a verdict: silent alerts, re-checks after a change, rules at their ceiling.
CREATE TABLE list_alerts (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    authority  TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('silent', 'present', 'admitted', 'expected', 'ceiling')),
    inspection TEXT,
    lane       TEXT,
    hit        TEXT NOT NULL,              -- JSON
    seen_by    TEXT,
    seen_ms    INTEGER
);
CREATE INDEX list_alerts_unseen ON list_alerts (authority, seen_ms, seq);
-- A version is held against known travellers once, by whichever replica takes it first.
CREATE TABLE list_rechecks (
    authority TEXT NOT NULL,
    version   INTEGER NOT NULL,
    PRIMARY KEY (authority, version)
);
-- Inspections that a rule has met on one day, each once: a gate that asks twice is one traveller.
CREATE TABLE rule_hits (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    authority  TEXT NOT NULL,
    entry      TEXT NOT NULL,
    day        TEXT NOT NULL,
    inspection TEXT NOT NULL,
    UNIQUE (authority, entry, day, inspection)
);
ALTER TABLE officers ADD COLUMN lists INTEGER NOT NULL DEFAULT 0; -- may draft, propose and approve changes of lists
-- What the answer rests on, as JSON. Verdicts from before hold an array of hits of another form.
ALTER TABLE verdicts RENAME COLUMN hits TO screening;
