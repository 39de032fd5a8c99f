-- Changes that are ended or read and still have rows to be deleted, which happens in steps: whoever was interrupted, the watcher goes on.
CREATE TABLE list_leftovers (
    change INTEGER PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO list_leftovers SELECT id FROM list_changes WHERE state IN ('rejected', 'discarded');
-- The watcher asks for these twice a second.
CREATE INDEX list_changes_being_read ON list_changes (drafted_ms) WHERE state = 'reading';
