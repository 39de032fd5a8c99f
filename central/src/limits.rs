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
