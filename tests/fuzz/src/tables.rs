//! The tables of an evaluation: pairs, people, presentations.

use egate_models::evaluation::comparison::Subjects;
use egate_models::evaluation::table::{Pairs, People, Presentation};

/// One input of the target: the same bytes as each table, and as pairs with their people if they have the columns of both.
pub fn run(bytes: &[u8]) {
    let people = People::parse(bytes);
    if let Ok(pairs) = Pairs::parse(bytes) {
        assert!(!pairs.rows.is_empty());
        for pair in &pairs.rows {
            assert!(pair.protocol < pairs.protocols.len());
            assert!(pair.images.iter().all(|image| *image < pairs.images.len()));
        }
        let _ = Subjects::identify(&pairs, None);
        let _ = Subjects::identify(&pairs, people.ok().as_ref());
    }
    if let Ok(presentations) = Presentation::parse_all(bytes) {
        assert!(!presentations.is_empty());
    }
}
