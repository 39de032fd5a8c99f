//! Limits of central, each with its reason.

/// Validity of a verdict, milliseconds: capture is over when it is asked for, the release follows within seconds;
/// a referral that takes longer is released by a decision, not by an old verdict.
pub(crate) const VERDICT_LIFETIME_MS: i64 = 120_000;

/// Validity of a decision, milliseconds: the gate polls and acts within seconds.
pub(crate) const DECISION_LIFETIME_MS: i64 = 120_000;

/// Length of an officer's session, milliseconds: one shift.
pub(crate) const SESSION_MS: i64 = 8 * 3_600_000;

/// Wrong passwords after which a login rests.
pub(crate) const LOGIN_REFUSALS_MAX: i64 = 5;

/// How long it rests, and how long wrong passwords count, milliseconds.
pub(crate) const LOGIN_REST_MS: i64 = 5 * 60_000;

/// Shortest remark of an officer, characters: a word at least.
pub(crate) const REMARK_CHARS_MIN: usize = 3;

/// Longest remark of an officer, characters.
pub(crate) const REMARK_CHARS_MAX: usize = 500;

/// A lane that has shown nothing for this long is drawn as lost, milliseconds.
pub(crate) const LANE_LOST_MS: i64 = 10_000;

/// Console refresh without news, milliseconds: ages and lost lanes must show.
pub(crate) const CONSOLE_TICK_MS: u64 = 2_000;

/// Connections served at once: lanes hold two each, officers one per tab.
pub(crate) const CONNECTIONS_MAX: usize = 512;

/// Longest TLS handshake and longest wait for a request's head, milliseconds.
pub(crate) const HANDSHAKE_MS_MAX: u64 = 10_000;

/// Decisions handed out per poll.
pub(crate) const DECISIONS_PER_POLL: i64 = 64;

/// Cases shown on the list.
pub(crate) const CASES_SHOWN: i64 = 100;

/// Bad rows of a list file that are shown; the rest is counted.
pub(crate) const BAD_ROWS_SHOWN_MAX: usize = 50;

/// Bytes of one field of a list file: the longest name known with its titles, many times over.
pub(crate) const LIST_FIELD_BYTES_MAX: usize = 4_096;

/// Years that a range of years of birth may span; wider ones tell nothing.
pub(crate) const BIRTH_RANGE_YEARS_MAX: u16 = 20;

/// Bytes of an entry's id: a publisher's name and a number many times over.
pub(crate) const ENTRY_ID_BYTES_MAX: usize = 96;

/// Names of one entry. The longest published one has some 60; an index record takes 65,535.
pub(crate) const NAMES_MAX: usize = 500;

/// Dates of birth of one entry, ranges written out; an index record takes 255.
pub(crate) const BIRTHS_MAX: usize = 100;

/// Nationalities of one entry; an index record takes 255.
pub(crate) const NATIONALITIES_MAX: usize = 20;

/// Places of birth of one entry; an index record takes 255.
pub(crate) const PLACES_MAX: usize = 50;

/// Documents and ranges of one entry: a person with a drawer full, or a stolen consignment in many ranges.
pub(crate) const DOCUMENTS_MAX: usize = 500;

/// Lists below this size may change by any share: a first import, a list of some dozens.
pub(crate) const SMALL_LIST_ENTRIES: u64 = 100;

/// Shares of a list in percent that a change may add, change or withdraw without a word more. Daily editions of public lists move far
/// less; a file cut short withdraws more.
pub(crate) const ADDED_SHARE_MAX: u64 = 50;
/// See [`ADDED_SHARE_MAX`].
pub(crate) const CHANGED_SHARE_MAX: u64 = 20;
/// See [`ADDED_SHARE_MAX`].
pub(crate) const WITHDRAWN_SHARE_MAX: u64 = 5;

/// Rows written in one transaction while a change is read: verdicts wait some milliseconds for it at most.
pub(crate) const ROWS_PER_BATCH: usize = 500;

/// Pause before each of these transactions, milliseconds: a good part of the time that one takes, so that a verdict of another process comes
/// between them long before its wait of five seconds is over.
pub(crate) const BATCH_PAUSE_MS: u64 = 5;

/// How long a change may be read, milliseconds: longer than any file takes. What is still being read then, nobody reads any more: its
/// reader was stopped, and the names in it are kept for nothing.
pub(crate) const READING_MS_MAX: i64 = 24 * 3_600_000;

/// Steps of [`ROWS_PER_BATCH`] in which what ended changes have left over is deleted at once, by whoever has ended one and by the watcher each
/// time that it looks: some tenths of a second, so that neither waits long.
pub(crate) const LEFTOVER_STEPS_MAX: usize = 20;

/// Sources of the entries of one whole edition, which are held while it is read: a list is kept of a dozen.
pub(crate) const EDITION_SOURCES_MAX: usize = 1_000;

/// Share of unlisted travellers that may be shown to an officer as a possibility by mistake, by the scale of the weights: so that of ten million
/// entries one with a wrong letter is shown in 99 of 100 cases, and one unlisted traveller in a thousand at most (`central/WATCHLIST.md`).
pub(crate) const POSSIBLE_SHARE: f64 = 1.5e-4;

/// The same as a hit.
pub(crate) const HIT_SHARE: f64 = 1e-4;

/// Changes over a snapshot from which a new one is made: below, searching layers costs nothing that is felt.
pub(crate) const COMPACTION_CHANGES_MIN: usize = 10_000;

/// Changes of one version up to which it is laid over the list as it is served: rows and index of so many are some tens of megabytes, held
/// beside the list. A larger one is built anew, and mapped.
pub(crate) const LAYER_CHANGES_MAX: u64 = 5 * COMPACTION_CHANGES_MIN as u64;

/// The same as percent of a long list.
pub(crate) const COMPACTION_PERCENT: usize = 5;

/// Snapshot files of a list that are kept: the newest, and one for a replica that is just reading it.
pub(crate) const SNAPSHOTS_KEPT: usize = 2;

/// Alerts and clearances shown on one page.
pub(crate) const ALERTS_SHOWN: i64 = 200;

/// Travellers that a new version of a list is held against: three days of a port of a hundred thousand crossings.
pub(crate) const KNOWN_TRAVELLERS_MAX: i64 = 300_000;

/// Inspected travellers read at once: verdicts wait some milliseconds for it at most.
pub(crate) const KNOWN_TRAVELLERS_PER_PAGE: i64 = 1_000;

/// Travellers of one entry that officers are told of one by one after a change; the rest is counted. Whoever sees so many looks at the entry.
pub(crate) const RECHECK_HITS_MAX: u64 = 50;

/// How long a version is left to whoever holds it against known travellers, milliseconds; renewed with each portion, which takes seconds. A
/// process that died at it is relieved after this.
pub(crate) const RECHECK_LEASE_MS: i64 = 10 * 60_000;

/// Days between an announced arrival and a crossing that are still taken for one journey: flights are late, and a day of UTC is not a port's own.
pub(crate) const ANNOUNCED_DAYS_APART: i64 = 1;

/// How far back a new version of a list is held against inspected travellers, milliseconds.
pub(crate) const RECHECK_MS: i64 = 72 * 3_600_000;

/// An inspection without a record is taken for running as long as this, milliseconds; after it the lane is more likely to have lost it.
pub(crate) const PRESENT_MS: i64 = 30 * 60_000;

/// How often a replica looks for a new version of a list, milliseconds: a change must count within two seconds, verdicts look themselves.
pub(crate) const LIST_WATCH_MS: u64 = 500;

/// How far ahead a list's confirmation may lie, milliseconds: clocks of a publisher and of a receiver. One further ahead was made by a wrong
/// clock, and says nothing of the list's age.
pub(crate) const CLOCK_SKEW_MS_MAX: i64 = 5 * 60_000;

/// Longest validity of a clearance of a namesake, days.
pub(crate) const CLEARANCE_DAYS_MAX: i64 = 366;

/// Rows of a change shown on one page, or sent in one answer: as many as somebody scrolls through, some hundred kilobytes.
pub(crate) const CHANGE_ROWS_SHOWN: usize = 500;

/// Entries shown of those that are found: whoever finds more looks for something longer.
pub(crate) const ENTRIES_FOUND_MAX: usize = 50;

/// Changes shown on one page of the list.
pub(crate) const CHANGES_SHOWN: i64 = 50;

/// Travellers shown whom a change would have met; the rest is counted. Whoever sees so many looks at the change again.
pub(crate) const MET_SHOWN_MAX: usize = 50;

/// Attempts to find an id that no entry has had: one in 65,536 is taken by each entry of the day.
pub(crate) const FRESH_ID_TRIES: usize = 16;

/// Login and password as a program sends them, bytes: nobody is known before they are read.
pub(crate) const SIGN_IN_BYTES_MAX: usize = 4_096;

/// Largest change sent to the interface, bytes; longer files are read on the server, by `central list import`.
pub(crate) const LIST_BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Longest line of a package, bytes: the largest entry that is accepted has fields of some kilobytes.
pub(crate) const PACKAGE_LINE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of one row of a list file: an entry with every field filled many times over. Longer ones are skipped without being held.
pub(crate) const LIST_ROW_BYTES_MAX: usize = 64 << 10;

/// Fields of one row of a list file: three times the columns there are.
pub(crate) const LIST_ROW_FIELDS_MAX: usize = 64;

/// Bytes of a published list, of which ids and other names are held while it is read: ten times the largest one known.
pub(crate) const LIST_FILE_BYTES_MAX: u64 = 256 << 20;

/// Bytes of one person in the list of the United Nations, which is held while it is read; the longest published one has some 10,000.
pub(crate) const LIST_PERSON_BYTES_MAX: u64 = 1 << 20;

/// How deep the list of the United Nations nests: its own depth is five.
pub(crate) const LIST_XML_DEPTH_MAX: usize = 16;

/// Entries of a change that are held against known travellers at once: some megabytes.
pub(crate) const RECHECK_PORTION: usize = 20_000;

/// Entries up to which a change is tried on known travellers before it is decided: whoever opens its page waits for it.
pub(crate) const DRY_RUN_ENTRIES_MAX: u64 = 100_000;
