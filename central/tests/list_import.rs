//! Files of lists become checked entries, row by row. Everybody here is made up.

use std::io::{BufReader, Cursor, Read};

use central::lists::{
    entry::ListEntry,
    import::{Defaults, Format, Found, Row, as_listed, read, read_ofac},
};
use egate_rules::watch::Action;
use egate_types::{Date, StateCode};
use expect_test::{Expect, expect};

fn defaults() -> Defaults {
    Defaults {
        action: Some(Action::Refer),
        reason: "r".to_owned(),
        legal_basis: "l".to_owned(),
        ..Defaults::default()
    }
}

/// A row in a line: an entry as it is stored, or what is told instead.
fn shown(row: Row) -> String {
    let odd: String = row
        .odd
        .iter()
        .map(|odd| format!("\n   odd: {odd}"))
        .collect();
    let line = row.line;
    match row.found {
        Found::Entry(entry) => format!("{line} {}{odd}\n", entry.canonical()),
        Found::LeftOut(why) => format!("{line} left out: {why}\n"),
        Found::Bad(error) if error.ends_the_file() => format!("{line} END: {error}\n"),
        Found::Bad(error) => format!("{line} BAD: {error}\n"),
    }
}

fn rows(format: Format, bytes: &[u8]) -> String {
    read(format, bytes, &defaults()).map(shown).collect()
}

fn check(format: Format, text: &str, expected: &Expect) {
    expected.assert_eq(&rows(format, text.as_bytes()));
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.as_str()), Some(format));
    }
    assert_eq!(Format::parse("xlsx"), None);
}

#[test]
fn own_csv_has_columns_in_any_order() {
    let text = "\u{feff}sex,surname,given,name,aliases,id,date_of_birth,nationality,place_of_birth,issuer,class,number,last_number,action,reason,legal_basis,source,listed_on,valid_from,valid_until,review_on\r\n\
        F,Müßigbrodt,Grete Anna,G. M.,\"Greta M.; \"\"La Gata\"\"\",a:1,1970-05-06; 1969/1971,UTO;D,Springfield,D,I,X0B1,,detain,\"wanted,\r\nsince\",Act 1,elsewhere,2026-01-02,2026-01-03,2027-01-04,2026-06-05\r\n\
        \r\n\
        ,,,,,a:2,,,,UTO,,AB100,AB199,,,,,,,,\r\n\
        X,\"Vega, y\",,,,a:3,1970,,,,,X 1,,,,,,,,,\r\n";
    check(
        Format::Csv,
        text,
        &expect![[r#"
        2 {"id":"a:1","names":["Müßigbrodt, Grete Anna","G. M.","Greta M.","\"La Gata\""],"births":["1970-05-06","1969/1971"],"nationalities":["UTO","DEU"],"sex":"female","places_of_birth":["Springfield"],"documents":[{"issuer":"DEU","class":"I","number":"X0B1"}],"action":"detain","reason":"wanted,\r\nsince","legal_basis":"Act 1","source":"elsewhere","listed_on":"2026-01-02","valid_from":"2026-01-03","valid_until":"2027-01-04","review_on":"2026-06-05"}
        5 {"id":"a:2","documents":[{"issuer":"UTO","class":"P","number":"AB100","last_number":"AB199"}],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
        6 {"id":"a:3","names":["Vega y"],"births":["1970"],"sex":"unspecified","documents":[{"class":"P","number":"X 1"}],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
           odd: a document without an issuing state, which no traveller's document is compared with
    "#]],
    );
}

#[test]
fn the_first_columns_of_own_csv_go_on_working() {
    let text = "issuer,number,surname,given,date_of_birth,action,reason,legal_basis,valid_from,valid_until\n\
        UTO,L898902C3,,,,refuse,\"stolen, reported\",Act 1,,\n\
        ,,O'Brien-Smith,Anna  Maria,1974-08-12,refer,contact tracing,Act 2,2026-01-01,2026-12-31\n";
    check(
        Format::Csv,
        text,
        &expect![[r#"
        2 {"id":"csv:e9d70a33b9b1a24f","documents":[{"issuer":"UTO","class":"P","number":"L898902C3"}],"action":"refuse","reason":"stolen, reported","legal_basis":"Act 1","source":"file"}
        3 {"id":"csv:33534c5a0c4a4bcc","names":["O'Brien-Smith, Anna Maria"],"births":["1974-08-12"],"action":"refer","reason":"contact tracing","legal_basis":"Act 2","source":"file","valid_from":"2026-01-01","valid_until":"2026-12-31"}
    "#]],
    );
}

#[test]
fn an_id_of_what_names_an_entry_stays_and_tells_entries_apart() {
    let ids = |row: &str| {
        let text =
            format!("surname,given,aliases,date_of_birth,issuer,class,number,reason\n{row}\n");
        let row = read(Format::Csv, text.as_bytes(), &defaults())
            .next()
            .unwrap();
        let Found::Entry(entry) = row.found else {
            panic!("line {} is no entry", row.line)
        };
        entry.id().to_owned()
    };
    let first = ids("Vega,Lucinda,,1970,UTO,P,X1,wanted");
    assert_eq!(first, ids(" Vega ,Lucinda,,1970,UTO,,X1,found"));
    for other in [
        "Vega,Lucinda M,,1970,UTO,P,X1,wanted",
        "Vega,Lucinda,M,1970,UTO,P,X1,wanted",
        "Vega,Lucinda,,1971,UTO,P,X1,wanted",
        "Vega,Lucinda,,1970,QAA,P,X1,wanted",
        "Vega,Lucinda,,1970,UTO,I,X1,wanted",
        "Vega,Lucinda,,1970,UTO,P,X2,wanted",
        "Vega,,Lucinda,1970,UTO,P,X1,wanted",
    ] {
        assert_ne!(first, ids(other), "{other}");
    }
}

#[test]
fn bad_rows_of_own_csv_are_told_without_their_content() {
    let head = "id,surname,given,date_of_birth,nationality,sex,issuer,class,number,last_number,action,legal_basis,valid_from,valid_until\n";
    let text = [
        head,
        "a:1,SECRETSON,,1970-13,,,,,,,,,,\n",
        "a:1,SECRETSON,,1940/1999,,,,,,,,,,\n",
        "a:1,SECRETSON,,,SECRETIA,,,,,,,,,\n",
        "a:1,SECRETSON,,,,SECRET,,,,,,,,\n",
        "a:1,,,,,,UTO,,,,,,,\n",
        "a:1,,,,,,,,,SECRET9,,,,\n",
        "a:1,,,,,,UTO;QAA,P,X1,,,,,\n",
        "a:1,,,,,,UTO,1,SECRET1,,,,,\n",
        "a:1,,,,,,UTO,P,SECRET(1),,,,,\n",
        "a:1,,,,,,UTO,P,SECRET1,SECRET22,,,,\n",
        "a:1,SECRETSON,,,,,,,,,admit SECRETSON,,,\n",
        "a:1,SECRETSON,,,,,,,,,,,SECRETSON,\n",
        "a:1,SECRETSON,,,,,,,,,,,2026-02-02,2026-01-01\n",
        "SECRET SON,SECRETSON,,,,,,,,,,,,\n",
        "a:1,,,,,,,,,,,,,\n",
        "a:1,SECRETSON\n",
        "a:1,Anna,,,,,,,,,,,,\n",
    ]
    .concat();
    let told = rows(Format::Csv, text.as_bytes());
    assert!(!told.contains("SECRET"), "{told}");
    expect![[r#"
        2 BAD: births: a date is none of YYYY, YYYY-MM, YYYY-MM-DD
        3 BAD: births: a range of years is empty or too long
        4 BAD: nationality is not an ICAO code of one to three letters
        5 BAD: sex is not F, M or X
        6 BAD: issuer without number
        7 BAD: last_number without number
        8 BAD: issuer is not one state
        9 BAD: documents: document class does not begin with a letter
        10 BAD: documents: number has no letters or digits, or too many, or others
        11 BAD: documents: the ends of the range differ in length, in more than digits, or in order
        12 BAD: action is not silent_alert, health_check, refer, detain or refuse
        13 BAD: valid_from is not YYYY-MM-DD
        14 BAD: valid_until lies before valid_from
        15 BAD: id is empty, longer than 96 bytes, or not of letters, digits and - _ . : /
        16 BAD: neither a name, a document nor a rule
        17 BAD: 2 fields instead of 14
        18 {"id":"a:1","names":["Anna"],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
    "#]].assert_eq(&told);
}

#[test]
fn a_heading_of_no_list_is_told_and_nothing_is_read() {
    let told = |text: &str| rows(Format::Csv, text.as_bytes());
    let all: String = [
        "",
        "\n\n",
        "Secretson,Anna,1970-05-06\nSecretson,Berta,1971-05-06\n",
        "surname,givn\nSecretson,Anna\n",
        "surname,date_of_brith\n",
        "surname,Given Name\n",
        "surname,shoe_size\n",
        "surname,SECRETSON 1970\n",
        "surname,\n",
        "surname,given,surname\n",
    ]
    .map(told)
    .concat();
    assert!(!all.contains("SECRET") && !all.contains("Secret"), "{all}");
    expect![[r#"
        1 END: no heading with columns of a list
        1 END: no heading with columns of a list
        1 END: no heading with columns of a list
        1 END: unknown column "givn"; the nearest is "given"
        1 END: unknown column "date_of_brith"; the nearest is "date_of_birth"
        1 END: unknown column number 2
        1 END: unknown column "shoe_size"
        1 END: unknown column number 2
        1 END: unknown column number 2
        1 END: column "surname" stands twice
    "#]]
    .assert_eq(&all);
}

#[test]
fn a_row_without_end_is_not_held() {
    let long = "x".repeat(70_000);
    let quoted = format!("surname\n\"{long}\n{long}\"\nVega\n");
    check(
        Format::Csv,
        &quoted,
        &expect![[r#"
            2 BAD: longer than 65536 bytes or 64 fields, up to line 3
            4 {"id":"csv:83781a33242e09d4","names":["Vega"],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
        "#]],
    );
    let open = format!("surname\nVega\n\"{long}\n{long}\nVega\n");
    check(
        Format::Csv,
        &open,
        &expect![[r#"
        2 {"id":"csv:83781a33242e09d4","names":["Vega"],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
        3 END: the row has no end; is a quote not closed?
    "#]],
    );
    let fields = format!("surname\n{}\nVega\n", ",".repeat(100));
    check(
        Format::Csv,
        &fields,
        &expect![[r#"
            2 BAD: longer than 65536 bytes or 64 fields, up to line 2
            3 {"id":"csv:83781a33242e09d4","names":["Vega"],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
        "#]],
    );
    let line = format!(
        "{{\"id\":\"a:1\",\"names\":[\"{long}\"]}}\n{{\"id\":\"a:2\",\"names\":[\"Vega\"]}}"
    );
    check(
        Format::JsonLines,
        &line,
        &expect![[r#"
        1 BAD: longer than 65536 bytes or 64 fields, up to line 1
        2 {"id":"a:2","names":["Vega"],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
    "#]],
    );
}

/// A file that never ends must not be held either: rows come before it has been read.
#[test]
fn rows_come_while_the_file_is_read() {
    let endless = Cursor::new(b"surname\n".to_vec()).chain(Repeated(b"Vega\n"));
    let defaults = defaults();
    let rows = read(Format::Csv, BufReader::new(endless), &defaults).take(100_000);
    assert!(
        rows.into_iter()
            .all(|row| matches!(row.found, Found::Entry(_)))
    );
}

/// The same bytes for ever.
struct Repeated(&'static [u8]);

impl Read for Repeated {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len() / self.0.len() * self.0.len();
        for chunk in buffer[..count].chunks_mut(self.0.len()) {
            chunk.copy_from_slice(self.0);
        }
        Ok(count)
    }
}

#[test]
fn a_reader_that_fails_ends_the_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    for format in Format::ALL {
        let defaults = defaults();
        let told: String = read(format, BufReader::new(Failing), &defaults)
            .map(shown)
            .collect();
        assert_eq!(
            told, "1 END: cannot be read: connection reset\n",
            "{format:?}"
        );
    }
}

#[test]
fn json_lines_are_entries_or_persons_of_a_parser() {
    let text = [
        "\u{feff}",
        r#"{"id":"a:1","names":["Vega, Lucinda"],"births":["1970-05-06"],"nationalities":["D"],"sex":"female","documents":[{"issuer":"UTO","class":"P","number":"X1"}],"action":"silent_alert","reason":"wanted","legal_basis":"Act 1","source":"elsewhere","review_on":"2026-06-05"}"#,
        "\r\n\r\n",
        r#"{"id":"a:2","documents":[{"class":"P","number":"X1"}]}"#,
        "\n",
        r#"{"id":"x:1","source":"MADE-UP","primary_identifier":"VEGA","secondary_identifier":"Lucinda","name":"Lucinda VEGA","aliases":[{"name":"La Gata","quality":"weak","type":"aka"}],"dob":[{"value":"1970/1972","quality":"range"}],"nationality":["UTO","nowhere"],"sex":"F","documents":[{"number":"Passport no. X 12","issuer":"UTO"},{"number":"Utopian","issuer":""}],"original_script":["Вега"],"place_of_birth":["Springfield"]}"#,
        "\n",
        r#"{"id":"x:2","name":"Lucinda VEGA","sex":"?"}"#,
    ]
    .concat();
    check(
        Format::JsonLines,
        &text,
        &expect![[r#"
        1 {"id":"a:1","names":["Vega, Lucinda"],"births":["1970-05-06"],"nationalities":["DEU"],"sex":"female","documents":[{"issuer":"UTO","class":"P","number":"X1"}],"action":"silent_alert","reason":"wanted","legal_basis":"Act 1","source":"elsewhere","review_on":"2026-06-05"}
        3 {"id":"a:2","documents":[{"class":"P","number":"X1"}],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
           odd: a document without an issuing state, which no traveller's document is compared with
        4 {"id":"x:1","names":["VEGA, Lucinda","La Gata","Вега"],"births":["1970/1972"],"nationalities":["UTO"],"sex":"female","places_of_birth":["Springfield"],"documents":[{"issuer":"UTO","class":"P","number":"X 12"}],"action":"refer","reason":"r","legal_basis":"l","source":"MADE-UP"}
           odd: nationalities: no known state; left out
           odd: documents: a number that cannot be read; left out
        5 {"id":"x:2","names":["Lucinda VEGA"],"action":"refer","reason":"r","legal_basis":"l","source":"file"}
           odd: sex: neither of the publisher's words; left out
    "#]],
    );
}

#[test]
fn bad_json_lines_are_told_without_their_content() {
    let text = r#"{"id":"a:1","names":["SECRETSON"],"SECRET":1}
{"names":["SECRETSON"]}
{"id":"a:1","names":"SECRETSON"}
{"id":"a:1","id":"SECRETSON","names":["SECRETSON"]}
{"id":"a:1","names":["SECRETSON"],"action":"SECRET"}
{"id":"a:1","names":["SECRETSON"],"nationalities":["SECRETIA"]}
{"id":"a:1","names":["SECRETSON"],"listed_on":"SECRET"}
{"id":"a:1","names":["SECRETSON"],"listed_on":"2026-02-30"}
{"id":"a:1","names":["SECRETSON"],"documents":[{"number":"SECRET1"}]}
{"id":"a:1","names":["SECRETSON"],"births":["SECRET"]}
{"id":"a:1","names":[" "]}
{"id":"x:1","name":"SECRETSON","SECRET":1}
{"id":"x:1","name":"SECRETSON","dob":[{"value":"SECRET"}]}
{"id":"x:1","name":7}
["SECRETSON"]
SECRETSON
{"id":"a:1","names":["SECRETSON"
"#;
    let told = rows(Format::JsonLines, text.as_bytes());
    assert!(!told.contains("SECRET"), "{told}");
    expect![[r#"
        1 BAD: a field that no entry has at column 42
        2 BAD: no id at column 23
        3 BAD: a value of another type than the field's at column 31
        4 BAD: a field that stands twice at column 16
        5 BAD: a word that the field does not take at column 51
        6 BAD: a state code that is not one to three letters at column 62
        7 BAD: a date that is not YYYY-MM-DD at column 55
        8 BAD: a date that is not YYYY-MM-DD at column 59
        9 BAD: a field is missing at column 67
        10 BAD: births: a date is none of YYYY, YYYY-MM, YYYY-MM-DD
        11 BAD: names is empty
        12 BAD: a field that no person has at column 1
        13 BAD: births: a date is none of YYYY, YYYY-MM, YYYY-MM-DD
        14 BAD: a value of another type than the field's at column 20
        15 BAD: not a JSON object at column 1
        16 BAD: not a JSON object at column 1
        17 BAD: an object that does not end at column 32
    "#]]
    .assert_eq(&told);
}

const SDN: &str = "\
    1,\"VEGA, Lucinda\",\"individual\",\"MADE] [UP\",\"Directora\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 06 May 1970; alt. DOB circa 1969; alt. DOB May 1968; alt. DOB 01 Jan 1971 to 31 Dec 1972; alt. DOB 01 Oct 1974 to 31 Oct 1974; POB Springfield, Austria; nationality Austria; citizen Burma; alt. citizen The Gambia; Gender Female; Passport X0B1 (Austria) issued 01 Jan 2001 expires 31 Dec 2010; alt. Passport X 2/3; Diplomatic Passport D7, Diplomatic (Korea, North); National ID No. 12-34 (Burma); a.k.a. 'LA GATA'; a.k.a. 'D'ORO, Ana'; Passport X0B1 issued under another name; SSN 1-2-3; Linked To: NOBODY.\"\r\n\
    2,\"NOBODY LTD\",-0- ,\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n\
    3,\"EL NADIE\",\"individual\",\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 1940 to 1999; DOB long ago; nationality Nowhere; Gender Other; Passport issued in Springfield; Passport X9 (Nowhere).\"\r\n\
    1,\"SECRETSON, Anna\",\"individual\",\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n\
    SECRET,\"SECRETSON, Anna\",\"individual\",\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n\
    5,\"SECRETSON, Anna\",\"individual\"\r\n\
    6,-0- ,\"individual\",\"MADE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n\
    \u{1a}";
const ALT: &str = "1,7,\"aka\",\"VEGA, Lucía\",-0- \r\n3,8,\"fka\",-0- ,-0- \r\nSECRET,9,\"aka\",\"SECRETSON\",-0- \r\n2,9,\"aka\",\"NADIE SA\",-0- \r\n\u{1a}";

#[test]
fn designations_of_ofac_are_read_with_their_other_names() {
    let defaults = Defaults {
        reason: String::new(),
        ..defaults()
    };
    let told: String = read_ofac(SDN.as_bytes(), ALT.as_bytes(), &defaults)
        .map(shown)
        .collect();
    assert!(!told.contains("SECRET"), "{told}");
    expect![[r#"
        3 BAD: file of other names: ent_num is not a number
        1 {"id":"ofac:1","names":["VEGA, Lucinda","VEGA, Lucía","LA GATA","D'ORO, Ana"],"births":["1970-05-06","1967/1971","1968-05","1971/1972","1974-10"],"nationalities":["AUT","MMR","GMB"],"sex":"female","places_of_birth":["Springfield, Austria"],"documents":[{"issuer":"AUT","class":"P","number":"X0B1"},{"class":"P","number":"X 2/3"},{"issuer":"PRK","class":"P","number":"D7"},{"issuer":"MMR","class":"I","number":"12-34"}],"action":"refer","reason":"OFAC SDN, program MADE, UP","legal_basis":"l","source":"OFAC-SDN"}
           odd: a document without an issuing state, which no traveller's document is compared with
        2 left out: not a person
        3 {"id":"ofac:3","names":["EL NADIE"],"documents":[{"class":"P","number":"X9"}],"action":"refer","reason":"OFAC SDN, program MADE","legal_basis":"l","source":"OFAC-SDN"}
           odd: a document without an issuing state, which no traveller's document is compared with
           odd: documents: no known state; left out
           odd: nationalities: no known state; left out
           odd: births: a date that cannot be read; left out
           odd: documents: a number that cannot be read; left out
           odd: sex: neither of the publisher's words; left out
        4 BAD: its id stands in line 1 already
        5 BAD: ent_num is not a number
        6 BAD: 3 fields instead of 12
        7 BAD: neither a name, a document nor a rule
    "#]].assert_eq(&told);
}

#[test]
fn remarks_that_the_publisher_cut_are_told() {
    let remarks = format!("DOB 1970; {}", "x".repeat(990));
    let text = format!("1,\"VEGA\",\"individual\",\"MADE\",,,,,,,,\"{remarks}\"\n");
    check(
        Format::OfacCsv,
        &text,
        &expect![[r#"
        1 {"id":"ofac:1","names":["VEGA"],"births":["1970"],"action":"refer","reason":"r","legal_basis":"l","source":"OFAC-SDN"}
           odd: remarks: cut by the publisher; what follows is in SDN_COMMENTS.CSV, which is not read
    "#]],
    );
}

const UN: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27"><INDIVIDUALS>
<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>LUCINDA</FIRST_NAME><SECOND_NAME>VEGA &amp; MAR&#205;A</SECOND_NAME><THIRD_NAME>DE,</THIRD_NAME><FOURTH_NAME>LA LUZ</FOURTH_NAME>
  <UN_LIST_TYPE>Made</UN_LIST_TYPE><REFERENCE_NUMBER>Mi.001</REFERENCE_NUMBER><LISTED_ON>2012-12-31-04:00</LISTED_ON><GENDER>Female</GENDER><NAME_ORIGINAL_SCRIPT><![CDATA[Вега ]]></NAME_ORIGINAL_SCRIPT>
  <NATIONALITY><VALUE>Iran (Islamic Republic of)</VALUE><VALUE>Nowhere</VALUE></NATIONALITY>
  <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>La Gata; El Gato</ALIAS_NAME><DATE_OF_BIRTH>1971-05-06</DATE_OF_BIRTH><COUNTRY_OF_BIRTH>Austria</COUNTRY_OF_BIRTH></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Gata (original script: Гата)</ALIAS_NAME></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Lucy (birth name)</ALIAS_NAME></INDIVIDUAL_ALIAS><INDIVIDUAL_ALIAS><QUALITY /><ALIAS_NAME /></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1970-05-06</DATE></INDIVIDUAL_DATE_OF_BIRTH>
  <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1969</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
  <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1968</FROM_YEAR><TO_YEAR>1971</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
  <INDIVIDUAL_DATE_OF_BIRTH><NOTE>Nov. 1973</NOTE></INDIVIDUAL_DATE_OF_BIRTH><INDIVIDUAL_DATE_OF_BIRTH><NOTE>long ago</NOTE></INDIVIDUAL_DATE_OF_BIRTH>
  <INDIVIDUAL_PLACE_OF_BIRTH><CITY>Springfield</CITY><COUNTRY>Austria</COUNTRY></INDIVIDUAL_PLACE_OF_BIRTH>
  <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>Utopian passport no. X0B1 (expired)</NUMBER><ISSUING_COUNTRY>Austria</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT>
  <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>Utopian X0B2</NUMBER></INDIVIDUAL_DOCUMENT>
  <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>National Identification Number</TYPE_OF_DOCUMENT><NUMBER>12-34</NUMBER><COUNTRY_OF_ISSUE>Austria</COUNTRY_OF_ISSUE></INDIVIDUAL_DOCUMENT>
</INDIVIDUAL>
<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>SECRETSON</FIRST_NAME></INDIVIDUAL>
<INDIVIDUAL><DATAID>SECRET</DATAID><FIRST_NAME>SECRETSON</FIRST_NAME></INDIVIDUAL>
<INDIVIDUAL><DATAID>2</DATAID></INDIVIDUAL>
</INDIVIDUALS><ENTITIES><ENTITY><DATAID>3</DATAID><FIRST_NAME>NOBODY LTD</FIRST_NAME></ENTITY></ENTITIES></CONSOLIDATED_LIST>
"#;

#[test]
fn persons_of_the_united_nations_are_read() {
    let defaults = Defaults {
        reason: String::new(),
        ..defaults()
    };
    let told: String = read(Format::UnXml, UN.as_bytes(), &defaults)
        .map(shown)
        .collect();
    assert!(!told.contains("SECRET"), "{told}");
    expect![[r#"
        3 {"id":"un:1","names":["LUCINDA VEGA & MARÍA DE LA LUZ","Вега","La Gata","El Gato","Gata","Гата","Lucy"],"births":["1970-05-06","1969","1968/1971","1973-11","1971-05-06"],"nationalities":["IRN"],"sex":"female","places_of_birth":["Springfield, Austria","Austria"],"documents":[{"issuer":"AUT","class":"P","number":"X0B1"},{"issuer":"AUT","class":"I","number":"12-34"}],"action":"refer","reason":"UN Security Council, list Made, Mi.001","legal_basis":"l","source":"UN-SC","listed_on":"2012-12-31"}
           odd: nationalities: no known state; left out
           odd: births: a date that cannot be read; left out
           odd: documents: a number that cannot be read; left out
        18 BAD: its id stands in line 3 already
        19 BAD: DATAID is not a number
        20 BAD: neither a name, a document nor a rule
        21 left out: not a person
    "#]].assert_eq(&told);
}

#[test]
fn files_that_are_not_the_list_of_the_united_nations_end_where_that_shows() {
    let person = "<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>SECRETSON";
    let list = |inner: &str| format!("<CONSOLIDATED_LIST>\n<INDIVIDUALS>\n{inner}");
    let told = |text: String| rows(Format::UnXml, text.as_bytes());
    let all: String = [
        String::new(),
        "SECRETSON".to_owned(),
        "<html><INDIVIDUALS></INDIVIDUALS></html>".to_owned(),
        "<!DOCTYPE x [<!ENTITY s \"SECRETSON\">]><CONSOLIDATED_LIST></CONSOLIDATED_LIST>"
            .to_owned(),
        list(person),
        list(&format!("{person}&secret;</FIRST_NAME></INDIVIDUAL>")),
        list(&format!("{person}</SECRETSON></INDIVIDUAL>")),
        list(&format!("{person}</FIRST_NAME>{}", "<A>".repeat(20))),
        list(&"<A>".repeat(20)),
        list(&format!("{person}{}", "x".repeat(2 << 20))),
        list(""),
    ]
    .map(told)
    .concat();
    assert!(!all.contains("SECRET") && !all.contains("secret"), "{all}");
    expect![[r#"
        1 END: not well-formed: it ends before the list does
        1 END: not well-formed: it ends before the list does
        1 END: not well-formed: the root is not the consolidated list
        1 END: not well-formed: it has a document type
        3 END: not well-formed: it ends before the list does
        3 END: not well-formed: an entity that XML itself does not have
        3 END: not well-formed: its tags do not fit together, or it is not UTF-8
        3 END: not well-formed: it nests too deep
        3 END: not well-formed: it nests too deep
        3 END: not well-formed: one part of it is too long
        3 END: not well-formed: it ends before the list does
    "#]]
    .assert_eq(&all);
    let latin = b"<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><FIRST_NAME>\xff</FIRST_NAME>";
    assert!(rows(Format::UnXml, latin).starts_with("1 END: not well-formed"));
    assert_eq!(
        rows(Format::Csv, b"surname\n\xff\nVega\n").lines().count(),
        2
    );
}

#[test]
fn no_entry_is_without_the_owner_s_law_and_order() {
    let lawless = Defaults {
        legal_basis: " ".to_owned(),
        ..defaults()
    };
    let orderless = Defaults {
        action: None,
        ..defaults()
    };
    for (defaults, error) in [
        (lawless, "legal_basis is empty"),
        (orderless, "action is empty"),
    ] {
        for (format, text) in [
            (Format::Csv, "surname\nVega\n"),
            (Format::JsonLines, r#"{"id":"a:1","names":["Vega"]}"#),
            (
                Format::OfacCsv,
                "1,\"VEGA\",\"individual\",\"MADE\",,,,,,,,\n",
            ),
            (
                Format::UnXml,
                "<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>VEGA</FIRST_NAME></INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>",
            ),
        ] {
            let told: String = read(format, text.as_bytes(), &defaults)
                .map(shown)
                .collect();
            assert!(told.ends_with(&format!("BAD: {error}\n")), "{told}");
        }
    }
}

#[test]
fn what_the_owner_says_for_all_stands_in_every_entry() {
    let defaults = Defaults {
        source: "elsewhere".to_owned(),
        review_on: Date::parse("2027-01-01").ok(),
        ..defaults()
    };
    let told: String = read(Format::Csv, &b"surname,id\nVega,a:1\n"[..], &defaults)
        .map(shown)
        .collect();
    expect![[r#"
        2 {"id":"a:1","names":["Vega"],"action":"refer","reason":"r","legal_basis":"l","source":"elsewhere","review_on":"2027-01-01"}
    "#]].assert_eq(&told);
}

#[test]
fn lists_hold_one_code_for_each_state() {
    let listed = |code| as_listed(StateCode::parse(code).unwrap()).to_string();
    assert_eq!(
        ["D", "DEU", "D<<", "UTO"].map(listed),
        ["DEU", "DEU", "DEU", "UTO"]
    );
}

#[test]
fn more_names_than_an_entry_may_have_are_no_entry() {
    let names: Vec<String> = (0..20_000).map(|number| format!("{number:x}")).collect();
    let text = format!("aliases\n{}\n", names[..9_000].join(";"));
    check(
        Format::Csv,
        &text,
        &expect![[r#"
        2 BAD: more than 500 names
    "#]],
    );
    let rows: String = names
        .iter()
        .map(|name| format!("1,2,\"aka\",\"{name}\",-0-\n"))
        .collect();
    let defaults = defaults();
    let told: String = read_ofac(SDN.as_bytes(), rows.as_bytes(), &defaults)
        .take(1)
        .map(shown)
        .collect();
    expect![[r#"
        1 BAD: more than 500 names
    "#]]
    .assert_eq(&told);
}

#[test]
fn every_entry_survives_json() {
    let defaults = defaults();
    let texts = [(Format::OfacCsv, SDN), (Format::UnXml, UN)];
    for (format, text) in texts {
        for row in read(format, text.as_bytes(), &defaults) {
            if let Found::Entry(entry) = row.found {
                let again: ListEntry = serde_json::from_str(&entry.canonical()).unwrap();
                assert!(again == *entry);
            }
        }
    }
}
