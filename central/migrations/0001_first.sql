-- One file holds one or several authorities; every table that belongs to an authority says which.
CREATE TABLE list_states (
    authority   TEXT PRIMARY KEY,
    version     INTEGER NOT NULL,
    entries     INTEGER NOT NULL,
    imported_ms INTEGER NOT NULL
);
CREATE TABLE list_entries (
    id            INTEGER PRIMARY KEY,
    authority     TEXT NOT NULL,
    issuer        TEXT,
    number        TEXT,
    name          TEXT,          -- normalised full name
    date_of_birth TEXT,
    body          TEXT NOT NULL  -- the entry as JSON
);
CREATE INDEX list_by_document ON list_entries (authority, number);
CREATE INDEX list_by_person ON list_entries (authority, date_of_birth, name);
CREATE TABLE inspections (
    authority TEXT NOT NULL,
    id        TEXT NOT NULL,
    lane      TEXT NOT NULL,
    body      TEXT NOT NULL,     -- the opening message as JSON
    PRIMARY KEY (authority, id)
);
CREATE TABLE verdicts (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    authority  TEXT NOT NULL,
    inspection TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    hits       TEXT NOT NULL,    -- JSON; this authority's officers alone see it
    token      TEXT NOT NULL,
    signed_ms  INTEGER NOT NULL
);
CREATE INDEX verdicts_by_inspection ON verdicts (authority, inspection);
CREATE TABLE cases (
    authority     TEXT NOT NULL,
    inspection    TEXT NOT NULL,
    lane          TEXT NOT NULL,
    referred_ms   INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('open', 'decided', 'closed')),
    notice        TEXT NOT NULL, -- the referral as JSON, portraits taken out
    chip_portrait BLOB,
    live_portrait BLOB,
    PRIMARY KEY (authority, inspection)
);
CREATE TABLE decisions (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    authority  TEXT NOT NULL,
    inspection TEXT NOT NULL,
    lane       TEXT NOT NULL,
    officer    TEXT NOT NULL,
    decision   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    remark     TEXT NOT NULL,
    token      TEXT NOT NULL,
    decided_ms INTEGER NOT NULL
);
-- Append-only: each row carries sha256(previous hash || canonical body), per authority.
CREATE TABLE records (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    authority  TEXT NOT NULL,
    inspection TEXT NOT NULL,
    body       BLOB NOT NULL,
    previous   BLOB NOT NULL,
    hash       BLOB NOT NULL,
    UNIQUE (authority, inspection),
    UNIQUE (authority, previous)
);
CREATE TABLE officers (
    login         TEXT PRIMARY KEY,
    authority     TEXT NOT NULL,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL
);
CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    login      TEXT NOT NULL REFERENCES officers (login),
    csrf       TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
);
CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms     INTEGER NOT NULL,
    authority TEXT NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL
);
