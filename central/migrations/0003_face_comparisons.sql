-- Counts of face comparisons in the field. A batch is counted once; its hash tells whether it comes again or another one.
CREATE TABLE comparison_batches (
    authority TEXT NOT NULL,
    lane      TEXT NOT NULL,
    began_ms  INTEGER NOT NULL,
    ended_ms  INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    retention TEXT,          -- the law under which references of others were kept
    left_out  INTEGER NOT NULL,
    skipped   INTEGER NOT NULL,
    PRIMARY KEY (authority, lane, began_ms)
);
-- Sums of a day over all lanes: nothing here belongs to one traveller.
CREATE TABLE comparison_counts (
    authority            TEXT NOT NULL,
    day                  TEXT NOT NULL,
    configuration        TEXT NOT NULL,
    match_score          INTEGER NOT NULL,
    fmr_ppb              INTEGER NOT NULL,
    people               TEXT NOT NULL, -- the group as JSON
    in_force             INTEGER NOT NULL,
    false_non_matches    INTEGER NOT NULL,
    mated_comparisons    INTEGER NOT NULL,
    false_matches        INTEGER NOT NULL,
    non_mated_comparisons INTEGER NOT NULL,
    PRIMARY KEY (authority, day, configuration, match_score, fmr_ppb, people)
);
