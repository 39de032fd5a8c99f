//! Which names must meet and which must not, under the weights that are built in. The bearers are made up; all are born on one day.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::LazyLock;

use egate_rules::watch::{
    Outcome, PartialDate, Person, PreparedPerson, Score, Thresholds, Weights, WeightsError,
    WeightsFile, explain, score,
};

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights::from_file(&file()).unwrap());

fn file() -> WeightsFile {
    serde_json::from_str(include_str!("../../../central/watchlist-weights.json")).unwrap()
}

fn person(name: &str, birth: &str) -> Person {
    let mut person = Person::named(name);
    person.births.extend(PartialDate::parse(birth));
    person
}

fn compared(listed: &Person, traveller: &Person) -> Option<Score> {
    let of = |person| PreparedPerson::of(person, WEIGHTS.rarity());
    score(&of(listed), &of(traveller), &WEIGHTS)
}

fn points(listed: &str, traveller: &str) -> f32 {
    let of = |name| person(name, "1974-05-17");
    compared(&of(listed), &of(traveller)).unwrap().points
}

/// A common surname and given name in full have some 23 points, a surname and the date some 16.
const MEETING: f32 = 21.0;
const APART: f32 = 19.0;

fn meet(names: &[(&str, &str)]) {
    for (listed, traveller) in names {
        let points = [points(listed, traveller), points(traveller, listed)];
        let meet = points.iter().all(|points| *points > MEETING);
        assert!(meet, "{listed} | {traveller}: {points:?}");
    }
}

fn stay_apart(names: &[(&str, &str)]) {
    for (listed, traveller) in names {
        let points = points(listed, traveller);
        assert!(points < APART, "{listed} | {traveller}: {points}");
    }
}

#[test]
fn names_of_such_syllables_are_not_chinese_or_korean_without_a_surname() {
    meet(&[
        ("Hasan Salim", "SALEM<<HASSAN"),
        ("Yunus Kamal", "KAMEL<<YOUNES"),
        ("Ana Lima", "LIMA<<ANNA"),
        ("Anna Kim", "KIM<<ANA"),
        ("Kenji Honma", "HOMMA<<KENJI"),
        ("Michael Johnson", "JOHNSON<<MICHEAL"),
        ("Taro Mori", "MORI<<TARRO"),
        ("Karim Taha", "TAHA<<KAREEM"),
    ]);
    // With one, another syllable is another name.
    stay_apart(&[
        ("Kim Sung-min", "KIM<<SANGMIN"),
        ("Kim Sungmin", "KIM<<SANGMIN"),
        ("Lee Min-ho", "LEE<<MINHEE"),
        ("Huang Jianmin", "HUANG<<JIANMING"),
        ("Wang Fang", "WANG<<FENG"),
        ("Zhang Yuming", "ZHANG<<YOUMING"),
        ("Kim Su-kwang", "KIM<<JEONG<SU"),
        ("Lin Wei Ming", "LIN<<WEI<LING"),
        ("Umar al-Jamus", "ALLEN<<JAMES"),
        ("Abu Ishmael", "LI<<XUEMEI"),
        ("Abu Ishmael", "雪梅 李"),
    ]);
}

#[test]
fn syllables_meet_however_they_are_written() {
    meet(&[
        ("Wang Chien-kuo", "WANG<<JIANGUO"),
        ("Wang Jian Guo", "WANG<<JIANGUO"),
        ("Lin Yen-kang", "LIN<<YANGANG"),
        ("Chao Chün-yü", "ZHAO<<JUNYU"),
        ("Chao Ch'ü-ming", "ZHAO<<QUMING"),
        ("Chao Fang-yu", "ZHAO<<FANGYOU"),
        ("Chao I-ming", "ZHAO<<YIMING"),
        ("Chao Ts'u-ming", "ZHAO<<CUMING"),
        ("Ou Yang Ming", "OUYANG<<MING"),
        ("Bak Jeonghui", "PARK<<CHUNGHEE"),
        ("Kim Chong-il", "KIM<<JEONGIL"),
        ("Ri Chol-ho", "LEE<<CHEOLHO"),
        ("Yun Seok-yeol", "YOON<<SUKYEOL"),
    ]);
    // A spelling that tells the two vowels apart means what it says.
    stay_apart(&[("Kim Jongseok", "KIM<<JEONGSEOK")]);
}

#[test]
fn an_arabic_h_is_heard_where_no_vowel_is_written() {
    meet(&[
        ("محمد كريم", "KARIM<<MOHAMMED"),
        ("محمود كريم", "KARIM<<MAHMOUD"),
        ("محسن كريم", "KARIM<<MOHSEN"),
        ("رحمن كريم", "KARIM<<RAHMAN"),
        ("MXHMD KRYM", "KARIM<<MOHAMMED"),
        ("MHMD KRYM", "KARIM<<MOHAMMED"),
        ("RXHYM NBYL", "NABIL<<RAHIM"),
        ("صالح نبيل", "NABIL<<SALEH"),
        ("Muhsin Karim", "KARIM<<MOHSEN"),
        // Persians and others say other consonants.
        ("حسین موسوی", "MOUSAVI<<HOSSEIN"),
        ("جواد ظریف", "ZARIF<<JAVAD"),
    ]);
    stay_apart(&[("محمد كريم", "KARIM<<MAJID"), ("محمد كريم", "KARIM<<AMMAD")]);
}

#[test]
fn the_article_is_said_as_the_sun_letter_behind_it() {
    meet(&[
        ("Abd al-Rahman Zahrani", "ZAHRANI<<ABDERRAHMANE"),
        ("Abdul Rahman Zahrani", "ZAHRANI<<ABDERRAHMANE"),
        ("Abdulrahman Zahrani", "ZAHRANI<<ABDERRAHMANE"),
        ("Abd al-Salam Zahrani", "ZAHRANI<<ABDESSALAM"),
        ("Nur al-Din Jaafar", "JAFAR<<NOUREDDINE"),
        ("Abd al-Qadir Zahrani", "ZAHRANI<<ABDELKADER"),
    ]);
    stay_apart(&[("Abd al-Rahman Zahrani", "ZAHRANI<<ABDELKARIM")]);
}

#[test]
fn short_forms_meet_their_names() {
    meet(&[
        ("Richard Tolvikon", "TOLVIKON<<DICK"),
        ("Richard Tolvikon", "TOLVIKON<<RICK"),
        ("Sanford Tolvikon", "TOLVIKON<<SANDY"),
        ("Randall Tolvikon", "TOLVIKON<<RANDY"),
        ("Mohd Tolvikon", "TOLVIKON<<MUHAMMAD"),
        ("Md. Karim Uddin", "UDDIN<<MOHAMMAD<KARIM"),
    ]);
    stay_apart(&[("Richard Tolvikon", "TOLVIKON<<SANDY")]);
}

#[test]
fn one_name_has_many_encodings() {
    meet(&[
        ("ﻣﺤﻤﺪ ﻛﺮﻳﻢ", "KARIM<<MOHAMMED"),
        ("ＫＡＲＩＭ　Ｎｉｃｏｌａｓ", "KARIM<<NICOLAS"),
        ("Ђорђе Ђукић", "DJUKIC<<DJORDJE"),
    ]);
    let hangul = points("박지성", "PARK<<JISUNG");
    let apart = "\u{1107}\u{1161}\u{11a8}\u{110c}\u{1175}\u{1109}\u{1165}\u{11bc}";
    assert!((points(apart, "PARK<<JISUNG") - hangul).abs() < 1e-3);
}

#[test]
fn a_full_zone_excuses_what_it_cut_and_not_what_it_contradicts() {
    let padded = |zone: &str| format!("{zone:<<39}");
    for (listed, zone) in [
        ("Marin Gorda Tolvikon", "TOLVIKON<<PETER"),
        ("Peter Marinko Tolvikon", "TOLVIKON<<PETER"),
    ] {
        let there = points(listed, zone);
        assert!(
            (points(listed, &padded(zone)) - there).abs() < 1e-3,
            "{listed}"
        );
    }
    let listed = "Abdurrahman Mustafa Kamaluddin Zahirovski";
    let full = "ZAHIROVSKI<<ABDURRAHMAN<MUSTAFA";
    assert_eq!(full.len(), 31);
    let longer = "Abdurrahman Mustafa Quentin Zahirovski";
    assert!(points(listed, full) > points(listed, &format!("{full}R")));
    assert!((points(listed, full) - points(longer, full)).abs() < 1e-3);
    // A given name that the list does not have is no cut one.
    let contradicting = "ZAHIROVSKI<<ABDURRAHMAN<QUENTIN";
    assert_eq!(contradicting.len(), 31);
    let other = points(listed, contradicting);
    assert!((points(listed, &padded(contradicting)) - other).abs() < 1e-3);
}

#[test]
fn kinds_of_british_nationals_are_british_and_nobody_shares_statelessness() {
    let of_state = |code: &str| {
        let mut person = person("Peter Marinko Tolvikon", "1974-05-17");
        person.nationalities.push(code.to_owned());
        person
    };
    let points = |one, other| compared(&of_state(one), &of_state(other)).unwrap().points;
    let (shared, other) = (points("GBR", "GBR"), points("GBR", "UTO"));
    for code in ["GBD", "GBO", "GBN", "GBP", "GBS"] {
        assert!((points("GBR", code) - shared).abs() < 1e-3, "{code}");
    }
    assert!((points("DEU", "D") - shared).abs() < 1e-3);
    for code in ["XXA", "XXB", "XXC", "XXX", "UNK"] {
        let unknown = points(code, code);
        assert!(unknown < shared && unknown > other, "{code}");
    }
}

const LOW: Thresholds = Thresholds {
    possible: 0.0,
    hit: 1.0,
};

#[test]
fn a_nationality_does_not_confirm_a_name_that_thousands_bear() {
    let judged = |name: &str| {
        let mut listed = person(name, "");
        listed.nationalities.push("EGY".into());
        let mut traveller = listed.clone();
        traveller.births.extend(PartialDate::parse("1974-05-17"));
        let score = compared(&listed, &traveller).unwrap();
        let explained = explain(&listed, &traveller, &WEIGHTS).unwrap();
        assert_eq!(explained.outcome(LOW), LOW.judge(&score));
        assert!(score.points > LOW.hit);
        LOW.judge(&score)
    };
    assert_eq!(judged("Mohammed Ali"), Outcome::Possible);
    assert_eq!(judged("Tewodros Zwingenberg"), Outcome::Hit);
}

#[test]
fn a_further_alias_takes_nothing_away() {
    let mut listed = person("Tewodros Zwingenberg", "");
    listed.nationalities.push("EGY".into());
    let mut traveller = person("ZWINGENBERG<<TEWODROS<QUENTIN", "1974-05-17");
    traveller.nationalities.push("EGY".into());
    traveller.names.push("Tewodros Zwingenberg".into());
    let before = LOW.judge(&compared(&listed, &traveller).unwrap());
    listed
        .names
        .push("Tewodros Quentin Abel Zwingenberg".into());
    let score = compared(&listed, &traveller).unwrap();
    assert_eq!((before, LOW.judge(&score)), (Outcome::Hit, Outcome::Hit));
    assert_eq!(score.names, (1, 0), "the further name has more points");
    let explained = explain(&listed, &traveller, &WEIGHTS).unwrap();
    assert_eq!(explained.outcome(LOW), Outcome::Hit);
}

#[test]
fn weights_that_say_less_is_more_are_refused() {
    let with = |name: &str, value: f32| {
        let mut file = file();
        assert!(file.points.insert(name.to_owned(), value).is_some());
        Weights::from_file(&file).unwrap_err()
    };
    for (name, value) in [
        ("nationality_same", -0.1),
        ("sex_other", 0.1),
        ("rarity.same", -0.1),
    ] {
        assert!(
            matches!(with(name, value), WeightsError::WrongSign(_)),
            "{name}"
        );
    }
    for (name, value) in [
        ("birth.far", 1.0),
        ("birth.exact", 0.0),
        ("part.initial", -9.0),
        ("one_part_only", 0.0),
    ] {
        assert!(
            matches!(with(name, value), WeightsError::WrongOrder { .. }),
            "{name}"
        );
    }
}
