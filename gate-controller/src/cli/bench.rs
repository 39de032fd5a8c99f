//! `gate-controller document bench`: how fast documents are read and judged here, against virtual chips in this process.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use egate_icao::chip::Reaction;
use egate_icao::chip::issue::{KeyKind, TestIssuer};
use egate_icao::chip::passport::{Generation, Passport};
use egate_icao::evidence::Evidence;
use egate_icao::portrait;
use egate_icao::session::{ReadOrder, ReadSession, Reading, SessionRandom, Step, TransportLimits};
use egate_icao::trust::TrustStore;
use egate_models::encode_jpeg;
use egate_types::{
    BgrFrame, CheckResult, Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument,
};
use gate_controller::clock::{self, Clock};
use serde::Serialize;

use super::output;

/// The portrait's size on the chip, bytes, as most documents have it.
const PORTRAIT_BYTES: usize = 15_000;

/// Reads and judges virtual documents in this process: full reads per second, commands and bytes, judgements per second.
///
/// `our_side_ms_median` is the time of the terminal alone: protocols, passive authentication and the decoding of the portrait, without
/// what the chip computes. Exit code 0.
#[derive(Args)]
pub struct Bench {
    /// Seconds per kind of document.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    portrait_bytes: usize,
    bac: Measured,
    pace: Measured,
    pace_cam: Measured,
    verify_only_per_s: f64,
    verify_only_ms_median: f64,
}

/// One kind of document.
#[derive(Serialize)]
struct Measured {
    reads: usize,
    /// Chip and terminal on one core.
    reads_per_s: f64,
    full_read_ms_median: f64,
    our_side_ms_median: f64,
    apdus: u32,
    bytes_sent: u64,
    bytes_received: u64,
}

/// Carries the command out.
///
/// # Errors
/// A document cannot be made or read, or the output cannot be written.
pub fn run(arguments: &Bench) -> anyhow::Result<ExitCode> {
    let lasting = Duration::try_from_secs_f64(arguments.seconds).context("--seconds")?;
    let today = Clock::start().utc().date();
    let issuer = TestIssuer::new(
        "UT",
        KeyKind::EcBrainpoolP256Explicit,
        today.plus_days(-365),
        today.plus_days(3_650),
    )?;
    let trust = TrustStore::from_certificates([issuer.csca_der()?])?;
    let portrait = portrait_jpeg()?;
    let document = document(today)?;
    let passport = |generation| {
        let random = clock::random()?;
        anyhow::Ok(Passport::issue(
            &issuer, generation, &document, &portrait, &random,
        )?)
    };
    let measure = |generation| measured(&passport(generation)?, &trust, today, lasting);
    let (bac, pace) = (measure(Generation::Bac)?, measure(Generation::Pace)?);
    let pace_cam = measure(Generation::PaceCam)?;
    let (verify_only_per_s, verify_only_ms_median) =
        judgements(&passport(Generation::PaceCam)?, &trust, today, lasting)?;
    let answer = Answer {
        portrait_bytes: portrait.len(),
        bac,
        pace,
        pace_cam,
        verify_only_per_s,
        verify_only_ms_median,
    };
    output::print(Ok(answer), arguments.json)
}

/// One full read, judged: the evidence, and the time that the chip took.
fn read(passport: &Passport) -> anyhow::Result<(Reading, Duration)> {
    let mut chip = passport.chip(Vec::new())?;
    chip.power_on();
    let order = ReadOrder::new(
        &passport.issued.access_key,
        SessionRandom::new(clock::random()?),
    );
    let mut session = ReadSession::new(order, TransportLimits::new(None, &chip.answer_to_reset()));
    let mut at_the_chip = Duration::ZERO;
    let mut step = session.start();
    loop {
        let command = match step {
            Step::Transmit(command) => command,
            Step::Done(reading) => return Ok((*reading, at_the_chip)),
            Step::Failed(error) => return Err(error.into()),
        };
        let random = clock::random()?;
        let began = now();
        let reaction = chip.transmit(&command, &random);
        at_the_chip += began.elapsed();
        let Reaction::Answer(answer) = reaction else {
            bail!("the virtual chip does not answer");
        };
        step = session.respond(&answer);
    }
}

fn measured(
    passport: &Passport,
    trust: &TrustStore,
    today: Date,
    lasting: Duration,
) -> anyhow::Result<Measured> {
    let (mut whole, mut ours) = (Vec::new(), Vec::new());
    let began = now();
    let mut statistics = None;
    while began.elapsed() < lasting || whole.is_empty() {
        let one = now();
        let (reading, at_the_chip) = read(passport)?;
        statistics = Some(reading.statistics);
        judge(
            &reading.into_evidence(Some(passport.issued.mrz.clone())),
            trust,
            today,
        )?;
        let took = one.elapsed();
        whole.push(took);
        ours.push(took.saturating_sub(at_the_chip));
    }
    let statistics = statistics.context("nothing was read")?;
    Ok(Measured {
        reads: whole.len(),
        reads_per_s: per_second(whole.len(), began.elapsed()),
        full_read_ms_median: median_ms(whole),
        our_side_ms_median: median_ms(ours),
        apdus: statistics.commands,
        bytes_sent: statistics.bytes_sent,
        bytes_received: statistics.bytes_received,
    })
}

fn judgements(
    passport: &Passport,
    trust: &TrustStore,
    today: Date,
    lasting: Duration,
) -> anyhow::Result<(f64, f64)> {
    let (reading, _) = read(passport)?;
    let evidence = reading.into_evidence(Some(passport.issued.mrz.clone()));
    let mut each = Vec::new();
    let began = now();
    while began.elapsed() < lasting || each.is_empty() {
        let one = now();
        judge(&evidence, trust, today)?;
        each.push(one.elapsed());
    }
    Ok((per_second(each.len(), began.elapsed()), median_ms(each)))
}

/// Judges and decodes the portrait; a document that is not genuine here would be measured for nothing.
fn judge(evidence: &Evidence, trust: &TrustStore, today: Date) -> anyhow::Result<()> {
    let report = evidence.judge(trust, today);
    if report.checks.result != CheckResult::Successful {
        bail!("a genuine document is not recognised");
    }
    let picture = report.portrait.context("no portrait")?;
    portrait::decode(&picture.bytes)?;
    Ok(())
}

fn per_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

/// Median in milliseconds, to a microsecond.
fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    median.as_micros() as f64 / 1_000.0
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stopwatch finer than the lane's clock"
)]
fn now() -> Instant {
    Instant::now()
}

/// A picture of passport size that fills its bytes: noise on a gradient, as grained as it may be.
fn portrait_jpeg() -> anyhow::Result<Vec<u8>> {
    let (width, height) = (413_usize, 531_usize);
    let mut noise = 0x2545_F491_u32;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for index in 0..width * height * 3 {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let shade = (index / (width * 3)) * 160 / height + 40;
        pixels.push((shade as u32 + noise % 9) as u8);
    }
    let frame = BgrFrame::new(width as u32, height as u32, pixels)?;
    let mut best = encode_jpeg(&frame, 1)?;
    for quality in 2..=100 {
        let coded = encode_jpeg(&frame, quality)?;
        if coded.len() > PORTRAIT_BYTES {
            break;
        }
        best = coded;
    }
    Ok(best)
}

fn document(today: Date) -> anyhow::Result<TravelDocument> {
    let state = StateCode::parse("UTO").context("state")?;
    Ok(TravelDocument {
        code: "P".to_owned(),
        issuer: state.clone(),
        number: DocumentNumber::parse("L898902C3").context("number")?,
        date_of_expiry: Some(today.plus_days(1_500)),
        holder: Holder {
            name: PersonName {
                surname: "SPECIMEN".to_owned(),
                given: "ANNA".to_owned(),
            },
            date_of_birth: Some(Date::parse("1990-01-17")?),
            sex: Sex::Female,
            nationality: state,
        },
    })
}
