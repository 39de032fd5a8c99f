//! Files of lists of every format. The first byte says which.

use central::lists::{
    entry::ListEntry,
    import::{Defaults, FileError, Format, Found, Row, RowError, read, read_ofac},
};
use egate_rules::watch::Action;

/// One input of the target. Good rows survive JSON, a file that cannot be read on ends there, and what is told of a row
/// shows nothing of it.
pub fn run(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else {
        return;
    };
    let defaults = Defaults {
        action: Some(Action::Refer),
        legal_basis: "Act 1".to_owned(),
        reason: "made up".to_owned(),
        ..Defaults::default()
    };
    let mut ended = false;
    for row in rows(*choice, file, &defaults) {
        assert!(!ended && row.line > 0);
        let told = told(&row);
        if let Found::Entry(entry) = &row.found {
            let again = serde_json::from_str::<ListEntry>(&entry.canonical()).ok();
            assert!(again.as_ref() == Some(entry));
        }
        ended = matches!(&row.found, Found::Bad(error) if error.ends_the_file());
        for text in told {
            let foreign = words(&text).find(|word| !is_own(word));
            assert!(foreign.is_none(), "{text}");
        }
    }
}

fn rows<'a>(
    choice: u8,
    file: &'a [u8],
    defaults: &'a Defaults,
) -> Box<dyn Iterator<Item = Row> + 'a> {
    match Format::ALL.get(usize::from(choice % 5)) {
        Some(format) => read(*format, file, defaults),
        // The list and the file of other names, with a byte between them that neither has.
        None => {
            let at = file
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(file.len());
            let (list, names) = file.split_at(at);
            read_ofac(list, names.get(1..).unwrap_or_default(), defaults)
        }
    }
}

/// What is told of a row. The name of a column is told as it stands, if it looks like one.
fn told(row: &Row) -> Vec<String> {
    let error = match &row.found {
        Found::Bad(RowError::File(FileError::UnknownColumn { column, .. })) => {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            let name = column.as_deref().unwrap_or_default();
            assert!(name.len() <= 32 && name.bytes().all(plain));
            None
        }
        Found::Bad(error) => Some(error.to_string()),
        Found::LeftOut(why) => Some(why.to_string()),
        Found::Entry(_) => None,
    };
    let odd = row.odd.iter().map(ToString::to_string);
    odd.chain(error).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.filter(|word| !word.is_empty())
}

/// Whether a word is of our own messages, or the number of a line, a column or a limit. Compared with our sources and not with the file, or
/// the fuzzer would learn to write our messages into files.
fn is_own(word: &str) -> bool {
    let is_number = word.len() <= NUMBER_DIGITS_MAX && word.bytes().all(|b| b.is_ascii_digit());
    is_number || OWN_WORDS.iter().any(|text| text.contains(word))
}

/// Digits of the largest limit.
const NUMBER_DIGITS_MAX: usize = 9;

/// Where messages are written.
const OWN_WORDS: [&str; 7] = [
    include_str!("../../../central/src/lists/import.rs"),
    include_str!("../../../central/src/lists/import/own_csv.rs"),
    include_str!("../../../central/src/lists/import/json_lines.rs"),
    include_str!("../../../central/src/lists/import/ofac.rs"),
    include_str!("../../../central/src/lists/import/un.rs"),
    include_str!("../../../central/src/lists/entry.rs"),
    include_str!("../../../domain/rules/src/watch/documents.rs"),
];
