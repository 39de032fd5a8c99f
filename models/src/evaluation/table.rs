//! The tables an evaluation reads: pairs, people, presentations. Every refusal names the line and the rule.

use std::collections::BTreeMap;

/// A table that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct TableError {
    /// Counted from 1, the header included.
    pub line: usize,
    /// Which rule.
    pub rule: Rule,
}

/// What a table must keep to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The bytes are no text.
    #[error("the table must be UTF-8 text")]
    Utf8,
    /// A column is missing.
    #[error("the header must name the column {0:?}")]
    Column(&'static str),
    /// Nothing below the header.
    #[error("the table must have a row below its header")]
    Empty,
    /// Too short or too long a row.
    #[error("the row has {found} fields, the header {expected}")]
    Fields {
        /// In the row.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// A quote that does not end, or stands inside a field.
    #[error("a quoted field must end with a quote and a comma (RFC 4180)")]
    Quote,
    /// A field without content.
    #[error("{0} must not be empty")]
    Missing(&'static str),
    /// Neither 0 nor 1.
    #[error("label must be 1 (same person) or 0 (different people), not {0:?}")]
    PairLabel(String),
    /// Neither attack nor bona fide.
    #[error("label must be \"attack\" or \"bona_fide\", not {0:?}")]
    PresentationLabel(String),
    /// An attack of no species, or a bona fide presentation of one.
    #[error("an attack must name its pai_species, a bona fide presentation none")]
    Species,
    /// A name that leads out of the folder.
    #[error("image {0:?} must be a path below the folder of images, without \"..\"")]
    Path(String),
    /// One image, two rows.
    #[error("{0:?} is listed twice")]
    Twice(String),
    /// Labels that cannot all be true.
    #[error("{image_a:?} and {image_b:?} are labelled {label}, {source_of_truth} says otherwise")]
    Contradiction {
        /// First image.
        image_a: String,
        /// Second image.
        image_b: String,
        /// Same or different.
        label: &'static str,
        /// What contradicts.
        source_of_truth: &'static str,
    },
}

/// Pairs of images to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// Names of the protocols, in order of appearance.
    pub protocols: Vec<String>,
    /// Every image once, in order of appearance.
    pub images: Vec<String>,
    /// In the order of the table.
    pub rows: Vec<Pair>,
}

/// One row of the table of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Index of the protocol.
    pub protocol: usize,
    /// Indices of both images.
    pub images: [usize; 2],
    /// Whether they show the same person.
    pub genuine: bool,
    /// Where it stands in the table.
    pub line: usize,
}

/// What is known of the people on the images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Subject by image.
    pub subjects: BTreeMap<String, String>,
    /// Attribute, then image, then value; unknown values are absent.
    pub attributes: BTreeMap<&'static str, BTreeMap<String, String>>,
}

/// One presentation to the attack detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presentation {
    /// Path of the image.
    pub image: String,
    /// Kind of attack; `None` if bona fide.
    pub species: Option<String>,
    /// Captured or computed, if the table says so.
    pub origin: Option<String>,
    /// Where it stands in the table.
    pub line: usize,
}

impl Pairs {
    /// Columns `protocol,image_a,image_b,label`; further ones are passed over.
    ///
    /// # Errors
    /// The first rule that is broken, with its line.
    pub fn parse(bytes: &[u8]) -> Result<Self, TableError> {
        let table = Table::parse(bytes)?;
        let columns = ["protocol", "image_a", "image_b", "label"];
        let [protocol, image_a, image_b, label] = table.columns(columns)?;
        let (mut protocols, mut images) = (Names::default(), Names::default());
        let mut rows = Vec::with_capacity(table.rows.len());
        for (line, fields) in &table.rows {
            let refuse = |rule| TableError { line: *line, rule };
            if fields[protocol].is_empty() {
                return Err(refuse(Rule::Missing("protocol")));
            }
            let genuine = match fields[label].as_str() {
                "1" => true,
                "0" => false,
                other => return Err(refuse(Rule::PairLabel(other.to_owned()))),
            };
            for name in [&fields[image_a], &fields[image_b]] {
                inside(name).map_err(refuse)?;
            }
            rows.push(Pair {
                protocol: protocols.index(&fields[protocol]),
                images: [
                    images.index(&fields[image_a]),
                    images.index(&fields[image_b]),
                ],
                genuine,
                line: *line,
            });
        }
        Ok(Self {
            protocols: protocols.list,
            images: images.list,
            rows,
        })
    }
}

impl People {
    /// Columns `file,subject`, and of `gender` or `sex`, `age`, `ethnicity` those that are there.
    ///
    /// # Errors
    /// The first rule that is broken, with its line.
    pub fn parse(bytes: &[u8]) -> Result<Self, TableError> {
        let table = Table::parse(bytes)?;
        let [file, subject] = table.columns(["file", "subject"])?;
        let mut people = Self::default();
        for (line, fields) in &table.rows {
            let refuse = |rule| TableError { line: *line, rule };
            let image = &fields[file];
            inside(image).map_err(refuse)?;
            if fields[subject].is_empty() {
                return Err(refuse(Rule::Missing("subject")));
            }
            let known = people
                .subjects
                .insert(image.clone(), fields[subject].clone());
            if known.is_some() {
                return Err(refuse(Rule::Twice(image.clone())));
            }
            for (column, attribute) in ATTRIBUTES {
                let Some(at) = table.column(column) else {
                    continue;
                };
                if let Some(value) = group(attribute, &fields[at]) {
                    let values = people.attributes.entry(attribute).or_default();
                    values.insert(image.clone(), value);
                }
            }
        }
        Ok(people)
    }
}

impl Presentation {
    /// Columns `file,label,pai_species`, and `origin` if it is there.
    ///
    /// # Errors
    /// The first rule that is broken, with its line.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, TableError> {
        let table = Table::parse(bytes)?;
        let [file, label, species] = table.columns(["file", "label", "pai_species"])?;
        let origin = table.column("origin");
        let mut presentations: Vec<Self> = Vec::with_capacity(table.rows.len());
        let mut images = Names::default();
        for (line, fields) in &table.rows {
            let refuse = |rule| TableError { line: *line, rule };
            inside(&fields[file]).map_err(refuse)?;
            if images.index(&fields[file]) < presentations.len() {
                return Err(refuse(Rule::Twice(fields[file].clone())));
            }
            let named = !matches!(fields[species].as_str(), "" | "none");
            let attack = match fields[label].as_str() {
                "attack" => true,
                "bona_fide" => false,
                other => return Err(refuse(Rule::PresentationLabel(other.to_owned()))),
            };
            if attack != named {
                return Err(refuse(Rule::Species));
            }
            presentations.push(Self {
                image: fields[file].clone(),
                species: attack.then(|| fields[species].clone()),
                origin: origin
                    .map(|at| fields[at].clone())
                    .filter(|text| !text.is_empty()),
                line: *line,
            });
        }
        Ok(presentations)
    }
}

/// Names with a number each, in order of appearance.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl Names {
    fn index(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.list.len();
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

struct Table {
    header: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    fn parse(bytes: &[u8]) -> Result<Self, TableError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            TableError {
                line,
                rule: Rule::Utf8,
            }
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1..).zip(text.lines());
        let (_, first) = lines.next().unwrap_or((1, ""));
        let header = fields(first).ok_or(TableError {
            line: 1,
            rule: Rule::Quote,
        })?;
        let mut rows = Vec::new();
        for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
            let fields = fields(text).ok_or(TableError {
                line,
                rule: Rule::Quote,
            })?;
            let (found, expected) = (fields.len(), header.len());
            if found != expected {
                return Err(TableError {
                    line,
                    rule: Rule::Fields { found, expected },
                });
            }
            rows.push((line, fields));
        }
        Ok(Self { header, rows })
    }

    /// Where the columns are, after which the table must also have a row.
    fn columns<const N: usize>(&self, names: [&'static str; N]) -> Result<[usize; N], TableError> {
        let mut columns = [0; N];
        for (column, name) in columns.iter_mut().zip(names) {
            let missing = TableError {
                line: 1,
                rule: Rule::Column(name),
            };
            *column = self.column(name).ok_or(missing)?;
        }
        if self.rows.is_empty() {
            return Err(TableError {
                line: 2,
                rule: Rule::Empty,
            });
        }
        Ok(columns)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }
}

/// The fields of one line (RFC 4180; no line breaks inside a field); `None` if a quote is misplaced.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, tail) = rest
                .split_once(',')
                .map_or((rest, None), |(f, t)| (f, Some(t)));
            if field.contains('"') {
                return None;
            }
            fields.push(field.to_owned());
            match tail {
                Some(tail) => rest = tail,
                None => return Some(fields),
            }
            continue;
        };
        let mut field = String::new();
        let mut tail = quoted;
        loop {
            let (content, after) = tail.split_once('"')?;
            field.push_str(content);
            match after.strip_prefix('"') {
                Some(after) => {
                    field.push('"');
                    tail = after;
                }
                None => {
                    tail = after;
                    break;
                }
            }
        }
        fields.push(field);
        if tail.is_empty() {
            return Some(fields);
        }
        rest = tail.strip_prefix(',')?;
    }
}

fn inside(image: &str) -> Result<(), Rule> {
    if image.is_empty() {
        return Err(Rule::Missing("the path of an image"));
    }
    let part_is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    if image.split('/').all(part_is_plain) {
        Ok(())
    } else {
        Err(Rule::Path(image.to_owned()))
    }
}

/// The group a value belongs to; `None` if it is unknown. Ages are banded, or every group would have one member.
fn group(attribute: &str, value: &str) -> Option<String> {
    if value.is_empty() || matches!(value, "NA" | "unknown") {
        return None;
    }
    if attribute != "age" {
        return Some(value.to_owned());
    }
    let age: u32 = value.parse().ok()?;
    let band = AGE_BANDS.iter().rfind(|(from, _)| age >= *from);
    band.map(|(_, name)| (*name).to_owned())
}

/// Column, and the attribute it holds.
const ATTRIBUTES: [(&str, &str); 4] = [
    ("age", "age"),
    ("ethnicity", "ethnicity"),
    ("gender", "sex"),
    ("sex", "sex"),
];
/// First year of each band.
const AGE_BANDS: [(u32, &str); 6] = [
    (0, "under 18"),
    (18, "18 to 24"),
    (25, "25 to 34"),
    (35, "35 to 49"),
    (50, "50 to 64"),
    (65, "65 and over"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Pairs::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn pairs_keep_their_order_and_lines() {
        let text = "\u{feff}protocol,image_a,image_b,label\r\nx,a.jpg,b/c.jpg,1\r\n\r\n\"y, z\",a.jpg,d.jpg,0\r\n";
        let pairs = Pairs::parse(text.as_bytes()).unwrap();
        assert_eq!(pairs.protocols, ["x", "y, z"]);
        assert_eq!(pairs.images, ["a.jpg", "b/c.jpg", "d.jpg"]);
        let rows: Vec<_> = pairs
            .rows
            .iter()
            .map(|row| (row.images, row.genuine, row.line))
            .collect();
        assert_eq!(rows, [([0, 1], true, 2), ([0, 2], false, 4)]);
    }

    #[test]
    fn a_broken_rule_is_named_with_its_line() {
        let header = "protocol,image_a,image_b,label\n";
        for (rows, message) in [
            ("", "line 2: the table must have a row below its header"),
            (
                "x,a,b,2\n",
                "line 2: label must be 1 (same person) or 0 (different people), not \"2\"",
            ),
            (
                "x,a,b,1\nx,a,b\n",
                "line 3: the row has 3 fields, the header 4",
            ),
            (
                "x,../a,b,1\n",
                "line 2: image \"../a\" must be a path below the folder of images, without \"..\"",
            ),
            (
                "x,/a,b,1\n",
                "line 2: image \"/a\" must be a path below the folder of images, without \"..\"",
            ),
            ("x,a,,1\n", "line 2: the path of an image must not be empty"),
            (",a,b,1\n", "line 2: protocol must not be empty"),
            (
                "x,\"a,b,1\n",
                "line 2: a quoted field must end with a quote and a comma (RFC 4180)",
            ),
        ] {
            assert_eq!(refused(&format!("{header}{rows}")), message);
        }
        assert_eq!(
            refused("protocol,image_a,label\n"),
            "line 1: the header must name the column \"image_b\""
        );
        assert_eq!(
            refused(""),
            "line 1: the header must name the column \"protocol\""
        );
        let latin = [header.as_bytes(), b"x,\xe9,b,1\n"].concat();
        assert_eq!(Pairs::parse(&latin).unwrap_err().rule, Rule::Utf8);
    }

    #[test]
    fn people_have_groups_where_something_is_known() {
        let text =
            "file,subject,gender,age,ethnicity\na,1,female,24,\nb,2,,NA,white\nc,3,male,50,black\n";
        let people = People::parse(text.as_bytes()).unwrap();
        assert_eq!(people.subjects["b"], "2");
        assert_eq!(people.attributes["sex"].len(), 2);
        assert_eq!(people.attributes["age"]["a"], "18 to 24");
        assert_eq!(people.attributes["age"].get("b"), None);
        let twice = People::parse(b"file,subject\na,1\na,2\n").unwrap_err();
        assert_eq!(twice.to_string(), "line 3: \"a\" is listed twice");
    }

    #[test]
    fn an_attack_has_a_species_and_a_bona_fide_presentation_none() {
        let good = b"file,label,pai_species\na,attack,print\nb,bona_fide,none\nc,bona_fide,\n";
        assert_eq!(Presentation::parse_all(good).unwrap().len(), 3);
        for row in ["a,attack,none", "a,bona_fide,print", "a,attack,"] {
            let text = format!("file,label,pai_species\n{row}\n");
            assert_eq!(
                Presentation::parse_all(text.as_bytes()).unwrap_err().rule,
                Rule::Species
            );
        }
    }

    #[test]
    fn any_bytes_are_an_answer_and_never_a_panic() {
        proptest::proptest!(|(bytes in proptest::collection::vec(0u8..=255, 0..200))| {
            let text = [b"protocol,image_a,image_b,label\n".as_slice(), &bytes].concat();
            let _ = (Pairs::parse(&text), People::parse(&bytes), Presentation::parse_all(&bytes));
        });
    }
}
