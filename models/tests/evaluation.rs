//! Error rates against cases computed by hand, and what must hold for any scores.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use std::collections::BTreeMap;

use egate_models::evaluation::bootstrap::{Statistic, Trials, intervals};
use egate_models::evaluation::comparison::{OperatingPoint, ProtocolRates, Subjects, evaluate};
use egate_models::evaluation::curve::{Comparison, Comparisons};
use egate_models::evaluation::interval::{Rate, rule_of_three, wilson};
use egate_models::evaluation::presentation;
use egate_models::evaluation::score::Score;
use egate_models::evaluation::table::{Pairs, People, Presentation};
use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

/// Genuine comparisons of as many people, impostor comparisons of as many pairs of others.
fn comparisons(genuine: &[i32], impostor: &[i32]) -> Comparisons {
    let of = |(subject, score): (usize, &i32), apart: usize| Comparison {
        score: Some(Score(*score)),
        subjects: [subject, subject + apart],
    };
    let genuine_ones = genuine.iter().enumerate().map(|at| of(at, 0));
    let impostor_ones = impostor.iter().enumerate().map(|at| of(at, 1));
    Comparisons::new(genuine_ones.chain(impostor_ones))
}

#[test]
fn rates_are_shares_below_and_at_or_above_the_threshold() {
    let comparisons = comparisons(&[20, 40, 60, 80], &[10, 30, 50, 70]);
    let curve = comparisons.curve();
    for (threshold, fnmr, fmr) in [
        (10, 0.0, 1.0),
        (11, 0.0, 0.75),
        (50, 0.5, 0.5),
        (51, 0.5, 0.25),
        (81, 1.0, 0.0),
    ] {
        assert_eq!(curve.fnmr(Score(threshold)), Some(fnmr), "{threshold}");
        assert_eq!(curve.fmr(Score(threshold)), Some(fmr), "{threshold}");
    }
    assert_eq!(curve.equal_error_rate(), Some(0.5));
}

#[test]
fn the_equal_error_rate_of_separated_scores_is_zero_and_of_one_slip_each_the_slip() {
    assert_eq!(
        comparisons(&[50, 60], &[10, 20]).curve().equal_error_rate(),
        Some(0.0)
    );
    // At 41 one of five is below and one of four above: (0.2 + 0.25) / 2, and no threshold comes nearer.
    let slip = comparisons(&[30, 50, 60, 70, 80], &[10, 20, 25, 55]);
    assert_eq!(slip.curve().equal_error_rate(), Some(0.225));
    assert_eq!(comparisons(&[], &[10]).curve().equal_error_rate(), None);
    assert_eq!(comparisons(&[10], &[]).curve().equal_error_rate(), None);
}

#[test]
fn the_threshold_at_an_fmr_is_the_smallest_that_keeps_it() {
    let impostor: Vec<i32> = (0..200).collect();
    let distinct = comparisons(&[500], &impostor);
    // One in a hundred of 200 allows two matches: 198 and 199.
    assert_eq!(distinct.curve().threshold_at(100), Some(Score(198)));
    assert_eq!(distinct.curve().threshold_at(1000), Some(Score(200)));
    // Equal scores fall together: three at the top are more than two.
    let tied = comparisons(&[500], &[vec![7; 197], vec![9; 3]].concat());
    assert_eq!(tied.curve().threshold_at(100), Some(Score(10)));
    assert_eq!(comparisons(&[500], &[]).curve().threshold_at(100), None);
}

#[test]
fn intervals_of_a_proportion_are_those_of_the_textbook() {
    let close = |rate: Rate, low: f64, high: f64| {
        assert!(
            (rate.low - low).abs() < 5e-4 && (rate.high - high).abs() < 5e-4,
            "{rate:?}"
        );
    };
    close(wilson(1, 10).unwrap(), 0.0179, 0.4042);
    close(wilson(0, 10).unwrap(), 0.0, 0.2775);
    close(wilson(10, 10).unwrap(), 0.7225, 1.0);
    assert_eq!(wilson(0, 0), None);
    assert!((rule_of_three(100) - 0.0295).abs() < 1e-4);
    assert!((rule_of_three(1) - 0.95).abs() < 1e-9);
}

fn fnmr_at(threshold: Score) -> Statistic<'static> {
    Statistic {
        of: Box::new(move |curve| curve.fnmr(threshold)),
        trials: Trials::People,
    }
}

#[test]
fn a_comparison_counts_as_often_as_both_its_people_were_drawn() {
    let of = |score: i32, subjects: [usize; 2]| Comparison {
        score: Some(Score(score)),
        subjects,
    };
    let all = [
        of(10, [0, 0]),
        of(90, [1, 1]),
        of(10, [0, 1]),
        of(90, [0, 2]),
        of(90, [1, 2]),
    ];
    let comparisons = Comparisons::new(all);
    // The first person three times, the second twice, the third once: weights 3, 2; 6, 3, 2.
    let curve = comparisons.resampled(&[3, 2, 1]);
    assert_eq!(curve.fnmr(Score(50)), Some(3.0 / 5.0));
    assert_eq!(curve.fmr(Score(50)), Some(5.0 / 11.0));
    let without = comparisons.resampled(&[1, 0, 0]);
    assert_eq!(
        (without.fnmr(Score(50)), without.fmr(Score(50))),
        (Some(1.0), None)
    );
}

#[test]
fn people_and_not_comparisons_are_drawn() {
    // Twenty people with ten comparisons each; two of them are never recognised.
    let of = |subject: usize| Comparison {
        score: Some(Score(if subject < 2 { 10 } else { 90 })),
        subjects: [subject, subject],
    };
    let all = Comparisons::new((0..200).map(|number| of(number / 10)));
    let rate = intervals(&all, 20, &[fnmr_at(Score(50))])[0].unwrap();
    assert_eq!(rate.point, 0.1);
    // Two of 20: the spread of 20 trials (0.07), not that of 200 (0.02).
    assert!(
        rate.low < 0.03 && (0.2..0.35).contains(&rate.high),
        "{rate:?}"
    );
}

#[test]
fn no_error_is_not_certainty() {
    let scores = vec![90; 30];
    let rate = intervals(&comparisons(&scores, &[]), 30, &[fnmr_at(Score(50))])[0].unwrap();
    assert_eq!((rate.point, rate.low), (0.0, 0.0));
    assert!((rate.high - rule_of_three(30)).abs() < 1e-12);
    let nobody = intervals(&comparisons(&[], &[10]), 2, &[fnmr_at(Score(50))]);
    assert_eq!(nobody, [None]);
}

#[test]
fn about_nineteen_of_twenty_intervals_hold_the_truth() {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};
    // Each person's own rate is 0 or 0.4, half of them each: the population's is 0.2.
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut unit = || f64::from(random.next_u32()) / f64::from(u32::MAX);
    let held = (0..100).filter(|_| {
        let people = (0..60).flat_map(|subject| {
            let own = if unit() < 0.5 { 0.0 } else { 0.4 };
            let scores: Vec<bool> = (0..8).map(|_| unit() < own).collect();
            scores.into_iter().map(move |error| Comparison {
                score: Some(Score(if error { 10 } else { 90 })),
                subjects: [subject, subject],
            })
        });
        let rate = intervals(&Comparisons::new(people), 60, &[fnmr_at(Score(50))])[0].unwrap();
        (rate.low..=rate.high).contains(&0.2)
    });
    let held = held.count();
    assert!((88..=99).contains(&held), "{held} of 100");
}

fn measured(
    rows: &str,
    failed: &[&str],
    score: impl Fn(&str, &str) -> i32,
) -> BTreeMap<String, ProtocolRates> {
    let text = format!("protocol,image_a,image_b,label\n{rows}");
    let pairs = Pairs::parse(text.as_bytes()).unwrap();
    let subjects = Subjects::identify(&pairs, None).unwrap();
    let failed: Vec<bool> = pairs
        .images
        .iter()
        .map(|image| failed.contains(&image.as_str()))
        .collect();
    let scores: Vec<Option<Score>> = pairs
        .rows
        .iter()
        .map(|row| {
            let [a, b] = row.images;
            let works = !failed[a] && !failed[b];
            works.then(|| Score(score(&pairs.images[a], &pairs.images[b])))
        })
        .collect();
    let points = [OperatingPoint {
        name: "test".to_owned(),
        threshold: Score(50),
    }];
    evaluate(&pairs, &subjects, None, &scores, &failed, &points)
}

#[test]
fn a_failed_image_is_a_non_match_for_its_owner_and_nothing_for_a_stranger() {
    let rows = "p,a_1,a_2,1\np,b_1,b_2,1\np,a_1,b_1,0\np,a_1,b_2,0\n";
    let rates = &measured(rows, &["b_2"], |_, _| 70)["p"];
    assert_eq!((rates.genuine, rates.impostor), (2, 2));
    assert_eq!(
        (
            rates.failed_images,
            rates.failed_genuine,
            rates.failed_impostor
        ),
        (1, 1, 1)
    );
    let point = &rates.at_operating_points[0];
    assert_eq!(point.fnmr.unwrap().point, 0.5);
    // One of the one that was made.
    assert_eq!(point.fmr.unwrap().point, 1.0);
}

#[test]
fn an_fmr_that_the_pairs_do_not_allow_is_null_and_says_why() {
    let impostors: String = (0..150).map(|n| format!("p,a_1,x{n},0\n")).collect();
    let rates = &measured(&format!("p,a_1,a_2,1\n{impostors}"), &[], |_, b| {
        if b == "a_2" { 90 } else { 10 }
    })["p"];
    assert_eq!(rates.fnmr_at["1e-2"].unwrap().point, 0.0);
    assert_eq!(rates.threshold_at["1e-2"], Some(Score(11)));
    for fmr in ["1e-3", "1e-4", "1e-5", "1e-6"] {
        assert_eq!((rates.fnmr_at[fmr], rates.threshold_at[fmr]), (None, None));
    }
    assert_eq!(
        rates.not_measurable["1e-3"],
        "needs 1000 impostor comparisons, there are 150"
    );
    let without = &measured(&impostors, &[], |_, _| 10)["p"];
    assert_eq!((without.eer, without.fnmr_at["1e-2"]), (None, None));
    assert_eq!(
        without.not_measurable["1e-2"],
        "there is no genuine comparison"
    );
}

#[test]
fn people_are_told_apart_by_table_by_name_or_by_labels() {
    let parse = |rows: &str| {
        Pairs::parse(format!("protocol,image_a,image_b,label\n{rows}").as_bytes()).unwrap()
    };
    let people = |text: &str| People::parse(format!("file,subject\n{text}").as_bytes()).unwrap();
    // Ann_3 is in no genuine pair: her name makes her the same person.
    let named = parse("p,Ann_1,Ann_2,1\np,Ann_3,Bob_1,0\n");
    assert_eq!(Subjects::identify(&named, None).unwrap().of, [0, 0, 0, 1]);
    let listed = people("Ann_1,x\nAnn_2,x\nAnn_3,y\nBob_1,z\n");
    assert_eq!(
        Subjects::identify(&named, Some(&listed)).unwrap().of,
        [0, 0, 1, 2]
    );
    // Names that say nothing: every picture is called "img".
    let unnamed = parse("p,img_1,img_2,1\np,img_1,img_3,0\n");
    assert_eq!(Subjects::identify(&unnamed, None).unwrap().of, [0, 0, 2]);
    let wrong = people("img_1,x\nimg_3,x\n");
    let refused = Subjects::identify(&unnamed, Some(&wrong)).unwrap_err();
    assert_eq!(refused.line, 3);
    let chain = parse("p,a,b,1\np,b,c,1\np,a,c,0\n");
    assert_eq!(Subjects::identify(&chain, None).unwrap_err().line, 4);
}

#[test]
fn groups_count_strangers_who_share_the_group() {
    let pairs =
        Pairs::parse(b"protocol,image_a,image_b,label\np,a1,a2,1\np,a1,b1,0\np,a1,c1,0\n").unwrap();
    let people = People::parse(
        b"file,subject,sex,age\na1,a,female,20\na2,a,female,21\nb1,b,female,70\nc1,c,male,\n",
    )
    .unwrap();
    let subjects = Subjects::identify(&pairs, Some(&people)).unwrap();
    let points = [OperatingPoint {
        name: "test".to_owned(),
        threshold: Score(50),
    }];
    let scores = [Some(Score(40)), Some(Score(60)), Some(Score(10))];
    let rates = &evaluate(
        &pairs,
        &subjects,
        Some(&people),
        &scores,
        &[false; 4],
        &points,
    )["p"];
    let [female] = rates.groups["sex"].as_slice() else {
        panic!("{:?}", rates.groups)
    };
    assert_eq!(
        (female.group.as_str(), female.genuine, female.impostor),
        ("female", 1, 1)
    );
    assert_eq!(female.rates[0].fnmr.unwrap().point, 1.0);
    assert_eq!(female.rates[0].fmr.unwrap().point, 1.0);
    let [young] = rates.groups["age"].as_slice() else {
        panic!("{:?}", rates.groups)
    };
    assert_eq!(
        (young.group.as_str(), young.genuine, young.impostor),
        ("18 to 24", 1, 0)
    );
}

#[test]
fn attack_rates_are_per_species_and_the_worst_counts() {
    let shown = Presentation::parse_all(
        b"file,label,pai_species,origin\na,attack,print,\nb,attack,print,\nc,attack,mask,\nd,attack,mask,\ne,bona_fide,none,\nf,bona_fide,none,\ng,bona_fide,none,\nh,bona_fide,none,\n",
    )
    .unwrap();
    let score = |value: i32| Some(Score(value));
    // A mask passes; the other mask and one traveller show no face.
    let scores = [
        score(10),
        score(20),
        score(50),
        None,
        score(50),
        score(90),
        score(49),
        None,
    ];
    let rates = presentation::evaluate("test", &shown, &scores, Score(50), Vec::new());
    assert_eq!(rates.apcer["print"], Some(0.0));
    assert_eq!(rates.apcer["mask"], Some(1.0));
    assert_eq!(rates.bpcer, Some(0.5));
    assert_eq!(rates.acer, Some(0.75));
    let print = &rates.species["print"];
    assert_eq!((print.errors, print.trials, print.non_responses), (0, 2, 0));
    assert!((print.rate_not_excluded.unwrap() - rule_of_three(2)).abs() < 1e-12);
    assert_eq!(rates.species["mask"].non_responses, 1);
}

fn scores() -> impl Strategy<Value = Vec<i32>> {
    prop::collection::vec(-1000..1000i32, 1..80)
}

proptest! {
    #[test]
    fn rates_are_monotonous_and_thresholds_the_smallest(genuine in scores(), impostor in scores(), denominator in 1..50u64) {
        let comparisons = comparisons(&genuine, &impostor);
        let curve = comparisons.curve();
        let rates: Vec<(f64, f64)> = comparisons
            .thresholds()
            .iter()
            .map(|threshold| (curve.fnmr(*threshold).unwrap(), curve.fmr(*threshold).unwrap()))
            .collect();
        prop_assert!(rates.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 >= pair[1].1));
        let threshold = curve.threshold_at(denominator).unwrap();
        let allowed = impostor.len() as u64 / denominator;
        let matches = |threshold: i32| impostor.iter().filter(|score| **score >= threshold).count() as u64;
        prop_assert!(matches(threshold.0) <= allowed);
        prop_assert!(matches(threshold.0 - 1) > allowed || allowed as usize == impostor.len());
    }

    #[test]
    fn the_equal_error_rate_is_the_same_from_the_other_side(genuine in scores(), impostor in scores(), shift in -500..500i32) {
        let rate = |genuine: &[i32], impostor: &[i32]| comparisons(genuine, impostor).curve().equal_error_rate().unwrap();
        let moved = |scores: &[i32]| scores.iter().map(|score| score + shift).collect::<Vec<_>>();
        let turned = |scores: &[i32]| scores.iter().map(|score| -score).collect::<Vec<_>>();
        let plain = rate(&genuine, &impostor);
        prop_assert!((0.0..=1.0).contains(&plain));
        prop_assert_eq!(plain, rate(&moved(&genuine), &moved(&impostor)));
        prop_assert!((plain - rate(&turned(&impostor), &turned(&genuine))).abs() < 1e-12);
    }

    #[test]
    fn drawing_everybody_once_is_the_whole(genuine in scores(), impostor in scores(), threshold in any::<i16>()) {
        let comparisons = comparisons(&genuine, &impostor);
        let once = comparisons.resampled(&vec![1; 100]);
        let threshold = Score(i32::from(threshold));
        prop_assert_eq!(comparisons.curve().fnmr(threshold), once.fnmr(threshold));
        prop_assert_eq!(comparisons.curve().fmr(threshold), once.fmr(threshold));
    }

    #[test]
    fn intervals_hold_their_point_and_repeat(genuine in prop::collection::vec(0..100i32, 1..25), threshold in 0..100i32) {
        let comparisons = comparisons(&genuine, &[]);
        let all = || intervals(&comparisons, genuine.len(), &[fnmr_at(Score(threshold))]);
        let Rate { point, low, high } = all()[0].unwrap();
        prop_assert!(0.0 <= low && low <= point && point <= high && high <= 1.0);
        prop_assert_eq!(all(), all());
    }
}
