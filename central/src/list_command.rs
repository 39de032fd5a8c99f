//! `central list`: the list maintained on the server, under the same four eyes as on the console.
//!
//! Commands that change something act as an officer with the duty of lists; the password comes from EGATE_OFFICER_PASSWORD or standard
//! input. Standard output has one JSON object with `--json`, else a few lines to read.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use egate_types::{AuthorityId, OfficerId};
use zeroize::Zeroizing;

use crate::{App, DraftReport, ListOfficer, config::Config};

/// Maintain lists.
#[derive(Subcommand)]
pub enum List {
    /// Ask for a second person's approval of a draft.
    Propose {
        #[command(flatten)]
        who: Who,
        /// Number of the change.
        #[arg(long)]
        change: i64,
        /// Why.
        #[arg(long)]
        reason: String,
        /// The size of the change is unusual and right.
        #[arg(long)]
        accept_size: bool,
    },
    /// Put a proposed change in force.
    Approve {
        #[command(flatten)]
        who: Who,
        /// Number of the change.
        #[arg(long)]
        change: i64,
        /// What was checked.
        #[arg(long)]
        remark: String,
    },
    /// Say no to a proposed change.
    Reject {
        #[command(flatten)]
        who: Who,
        /// Number of the change.
        #[arg(long)]
        change: i64,
        /// Why.
        #[arg(long)]
        remark: String,
    },
    /// Draft the way back to an earlier version.
    Return {
        #[command(flatten)]
        who: Who,
        /// The version.
        #[arg(long)]
        version: u64,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write versions for another central, signed by the authority.
    Export {
        #[command(flatten)]
        whose: Whose,
        /// The version that the other one has; 0 for the whole list.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// Where the package goes.
        #[arg(long)]
        out: PathBuf,
    },
    /// Take over versions that the authority's publisher has signed: all of a package or none.
    Receive {
        #[command(flatten)]
        whose: Whose,
        /// The package.
        file: PathBuf,
    },
    /// Recompute the chain of a list's versions from its entries.
    Verify {
        #[command(flatten)]
        whose: Whose,
    },
}

/// Who acts.
#[derive(Args)]
pub struct Who {
    /// Configuration file.
    #[arg(long, default_value = "central.toml")]
    pub config: PathBuf,
    /// Login of an officer who maintains lists.
    #[arg(long = "as")]
    pub login: OfficerId,
}

/// Whose list.
#[derive(Args)]
pub struct Whose {
    /// Configuration file.
    #[arg(long, default_value = "central.toml")]
    pub config: PathBuf,
    /// The authority.
    #[arg(long)]
    pub authority: AuthorityId,
}

impl List {
    /// The configuration that the command is about.
    pub fn config(&self) -> &Path {
        match self {
            Self::Propose { who, .. }
            | Self::Approve { who, .. }
            | Self::Reject { who, .. }
            | Self::Return { who, .. } => &who.config,
            Self::Export { whose, .. } | Self::Receive { whose, .. } | Self::Verify { whose } => {
                &whose.config
            }
        }
    }
}

/// Runs a command. `password` is asked where an officer acts.
pub async fn run(
    command: &List,
    config: &Config,
    app: &App,
    password: impl FnOnce() -> anyhow::Result<Zeroizing<String>>,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match command {
        List::Propose {
            who,
            change,
            reason,
            accept_size,
        } => {
            let officer = officer(app, who, password).await?;
            app.propose_change(&officer, *change, reason, *accept_size)
                .await?;
            writeln!(out, "change {change} waits for another officer's approval")?;
        }
        List::Approve {
            who,
            change,
            remark,
        } => {
            let officer = officer(app, who, password).await?;
            let version = app.approve_change(&officer, *change, remark).await?;
            writeln!(out, "change {change} is in force as version {version}")?;
        }
        List::Reject {
            who,
            change,
            remark,
        } => {
            let officer = officer(app, who, password).await?;
            app.reject_change(&officer, *change, remark).await?;
            writeln!(out, "change {change} is rejected; the list is as it was")?;
        }
        List::Return { who, version, json } => {
            let officer = officer(app, who, password).await?;
            tell(&app.draft_return(&officer, *version).await?, *json)?;
        }
        List::Export {
            whose,
            after,
            out: path,
        } => {
            let file = || format!("cannot write {}", path.display());
            let package = BufWriter::new(File::create(path).with_context(file)?);
            let version = app.export_list(&whose.authority, *after, package).await?;
            writeln!(
                out,
                "{}: versions {} to {version}",
                path.display(),
                after + 1
            )?;
        }
        List::Receive { whose, file } => {
            let publisher = config.publisher(&whose.authority)?;
            let package =
                File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
            let received = app
                .receive_list(&whose.authority, publisher, BufReader::new(package))
                .await
                .with_context(|| format!("{}: the list is as it was", file.display()))?;
            writeln!(out, "{}", serde_json::to_string(&received)?)?;
        }
        List::Verify { whose } => {
            let versions = app.verify_list(&whose.authority).await?;
            writeln!(
                out,
                "{}: {versions} versions, the chain holds",
                whose.authority
            )?;
        }
    }
    Ok(())
}

async fn officer(
    app: &App,
    who: &Who,
    password: impl FnOnce() -> anyhow::Result<Zeroizing<String>>,
) -> anyhow::Result<ListOfficer> {
    let officer = app.officer(who.login.as_str(), &password()?).await;
    officer.with_context(|| format!("{} cannot act on a list", who.login))
}

/// What came of a draft; an error if a row cannot be used.
fn tell(report: &DraftReport, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
    } else {
        for line in report.bad.iter().chain(&report.odd) {
            writeln!(out, "line {}: {}", line.line, line.reason)?;
        }
        let difference = report.difference;
        writeln!(
            out,
            "{} rows: adds {}, changes {}, withdraws {}; {} entries then",
            report.rows,
            difference.added,
            difference.changed,
            difference.withdrawn,
            difference.entries
        )?;
        for why in &report.beyond_limits {
            writeln!(out, "unusual: {why}")?;
        }
        match report.change {
            Some(change) => writeln!(out, "drafted as change {change}; nothing is in force by it")?,
            None if report.confirmed => {
                writeln!(out, "the list is as the file says, and confirmed")?
            }
            None => writeln!(out, "nothing was drafted")?,
        }
    }
    if report.bad_count > 0 {
        bail!(
            "{} rows cannot be read; nothing was drafted",
            report.bad_count
        );
    }
    Ok(())
}
