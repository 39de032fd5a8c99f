//! The port in a box. `demo` keeps running and prints its URLs; `demo --headless --travellers 40` runs that many
//! passages, writes `target/demo/report.json` and exits 0 only if every traveller ended as scripted.

#![expect(
    clippy::print_stdout,
    reason = "this program talks to the person who started it"
)]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use egate_hardware::card::{Pcscd, VIRTUAL_READERS};
use egate_tests::clock::Stopwatch;
use egate_tests::port::{ChipReader, OFFICER_PASSWORD, Port, workspace_root};
use egate_tests::report::{PassageReport, Report};
use egate_tests::script::{GENUINE, SCRIPTS, Script};
use futures::future::{Either, select};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;

#[derive(Parser)]
struct Arguments {
    /// Run `--travellers` passages, print a table and end.
    #[arg(long)]
    headless: bool,
    /// How many travellers come; without end if neither this nor --headless is given.
    #[arg(long)]
    travellers: Option<u64>,
    /// How many lanes.
    #[arg(long, default_value_t = 2)]
    lanes: usize,
    /// The first two lanes read through the machine's PC/SC service (pcscd with vpcd), started if it does not run.
    #[arg(long)]
    pcsc: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let travellers = arguments.travellers.or(arguments.headless.then_some(40));
    let folder = workspace_root().join("target/demo");
    let watch = Stopwatch::start();
    let _service = arguments.pcsc.then(Pcscd::running).transpose()?;
    let virtual_readers = VIRTUAL_READERS.map(|(name, port)| ChipReader::Pcsc(name, port));
    let readers: Vec<ChipReader> = virtual_readers
        .into_iter()
        .filter(|_| arguments.pcsc)
        .chain(std::iter::repeat(ChipReader::Slot))
        .take(arguments.lanes)
        .collect();
    let port = Port::start(&folder, &readers, |step| println!("demo: {step}")).await?;
    print_addresses(&port);

    let next = AtomicU64::new(0);
    let passages = Arc::new(Mutex::new(Vec::new()));
    let lane_loops = (0..port.lanes.len()).map(|lane| {
        let (port, next, passages) = (&port, &next, passages.clone());
        async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if travellers.is_some_and(|travellers| n >= travellers) {
                    return;
                }
                let script = script_of(n, travellers.is_some());
                let visit = port.pass(lane, script, n).await;
                let report = PassageReport::new(n, &port.lanes[lane].id, script, visit);
                print_passage(&report);
                let mut passages = passages.lock().await;
                if travellers.is_some() {
                    passages.push(report);
                }
            }
        }
    });
    let all = pin!(futures::future::join_all(lane_loops));
    let mut told_to_end = signal(SignalKind::terminate())?;
    if let Either::Right(_) = select(all, pin!(told_to_end.recv())).await {
        // The port ends the programs it started; an interrupt from the terminal reaches them by itself.
        return Ok(());
    }

    let passages = std::mem::take(&mut *passages.lock().await);
    let wall_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = Report::new(passages, port.comparisons().await?, wall_ms);
    let path = folder.join("report.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&report)?)?;
    println!("\n{}report: target/demo/report.json", report.table());
    if !report.passed() {
        anyhow::bail!("not every traveller ended as scripted; logs are in target/demo/*.log");
    }
    Ok(())
}

/// A counted run goes through all scripts in turn; the endless one is mostly genuine travellers.
fn script_of(n: u64, counted: bool) -> Script {
    if !counted && !n.is_multiple_of(3) {
        return GENUINE;
    }
    let turn = if counted { n } else { n / 3 };
    SCRIPTS[(turn % SCRIPTS.len() as u64) as usize]
}

fn print_addresses(port: &Port) {
    println!("\nofficer console   {}/", port.console);
    println!(
        "                  sign in as officer.border or officer.quarantine, password {OFFICER_PASSWORD:?}"
    );
    for lane in &port.lanes {
        println!("{} traveller  http://{}/", lane.id, lane.display());
        println!("{} lane view  http://{}/lane", lane.id, lane.display());
    }
    println!();
}

fn print_passage(report: &PassageReport) {
    let outcome = report
        .outcome
        .map_or("-".to_owned(), |o| format!("{o:?}").to_lowercase());
    let verdicts: Vec<String> = report
        .verdicts
        .iter()
        .map(|(authority, verdict)| format!("{authority} {verdict}"))
        .collect();
    let asked = match report.coaching.as_slice() {
        [] => String::new(),
        asked => format!("  display: {}", asked.join(", ")),
    };
    println!(
        "{:>4}  {}  {:<26} {:<9} {:>6} ms  {}{asked}{}",
        report.traveller,
        report.lane,
        report.script,
        outcome,
        report.duration_ms.unwrap_or_default(),
        verdicts.join(", "),
        report
            .deviation
            .as_ref()
            .map_or(String::new(), |why| format!("  DEVIATION: {why}"))
    );
}
