//! `gate-controller run --config FILE`: drives one lane. The other commands read documents without one.

mod cli;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use gate_controller::{config::Config, run};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(about = "Drives one lane of an e-gate", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Drive the lane until interrupted.
    Run {
        /// Configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    Mrz(cli::mrz::Arguments),
    Document(cli::document::Arguments),
    Trust(cli::trust::Arguments),
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(THREAD_KEPT)
        .build();
    let ended = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(command()));
    ended.unwrap_or_else(|error| {
        // What went wrong and why, in one line; no trace of the program's innards, whatever the environment asks for.
        let _ = writeln!(std::io::stderr(), "Error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn command() -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match Arguments::parse().command {
        Command::Run { config } => {
            let config = Config::load(&config)?;
            run::run(config, interrupted()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Mrz(arguments) => cli::mrz::run(&arguments),
        Command::Document(arguments) => cli::document::run(&arguments),
        Command::Trust(arguments) => cli::trust::run(&arguments),
    }
}

/// Completes on SIGINT or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    let terminated = terminate.recv();
    let interrupted = tokio::signal::ctrl_c();
    futures::future::select(std::pin::pin!(terminated), std::pin::pin!(interrupted)).await;
}

/// OpenCV 4.6 never gives back the 808 bytes it keeps for each thread that calls it. Blocking threads that ended between two travellers
/// would leak that much each time, so they stay; there are never more than captures have needed at once.
const THREAD_KEPT: Duration = Duration::from_secs(365 * 24 * 3600);
