//! `models`: fetches, verifies, tries and measures the face models.
//!
//! Exit code 0: done. 2: the input breaks a rule; standard error names file, line and rule. 1: anything else.

mod bench;
mod compare;
mod evaluate;
mod evaluate_pad;
mod fetch;
mod files;
mod images;
mod inspect;
mod list;
mod memory;
mod output;
mod picture;
mod place;
mod soak;
mod source;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    about = "Fetches, verifies, tries and measures the face models",
    version
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Arguments),
    Verify(verify::Arguments),
    Fetch(fetch::Arguments),
    Compare(compare::Arguments),
    Inspect(inspect::Arguments),
    Bench(bench::Arguments),
    Soak(soak::Arguments),
    Evaluate(evaluate::Arguments),
    EvaluatePad(evaluate_pad::Arguments),
}

fn main() -> ExitCode {
    command().unwrap_or_else(|error| {
        // What went wrong and why, in one line; no trace of the program's innards, whatever the environment asks for.
        let _ = writeln!(std::io::stderr(), "Error: {error:#}");
        ExitCode::FAILURE
    })
}

fn command() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::List(arguments) => list::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Fetch(arguments) => fetch::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::EvaluatePad(arguments) => evaluate_pad::run(&arguments),
    }
}
