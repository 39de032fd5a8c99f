//! `gate-controller run --config FILE`: drives one lane. The other commands read documents without one.

mod cli;

use std::path::PathBuf;
use std::process::ExitCode;

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

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
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
