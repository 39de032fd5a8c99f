//! `models`: measures a model set.
//!
//! Exit code 0: measured. 2: the input breaks a rule; standard error names file, line and rule. 1: anything else.

mod evaluate;
mod evaluate_pad;
mod files;
mod images;
mod source;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Face model sets of the e-gate", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Evaluate(evaluate::Arguments),
    EvaluatePad(evaluate_pad::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::EvaluatePad(arguments) => evaluate_pad::run(&arguments),
    }
}
