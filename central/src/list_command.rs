//! `central list`: the list maintained on the server, under the same four eyes as on the console.
//!
//! Commands that change something act as an officer with the duty of lists; the password comes from EGATE_OFFICER_PASSWORD or standard
//! input. Standard output has one JSON object with `--json`, else a few lines to read.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use egate_rules::watch::Action;
use egate_types::{AuthorityId, OfficerId};
use zeroize::Zeroizing;

use crate::{
    App, DraftReport, DraftRow, ListOfficer,
    config::Config,
    lists::{
        change::ChangeKind,
        import::{self, Defaults, Format},
    },
};

/// Maintain lists.
#[derive(Subcommand)]
pub enum List {
    /// Read a file and compare it with the list: a draft, of which nothing is in force until it is proposed and approved.
    Import(Box<Import>),
    /// Ask for a second person's approval of a draft.
    Propose {
        /// Who acts.
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
        /// Who acts.
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
        /// Who acts.
        #[command(flatten)]
        who: Who,
        /// Number of the change.
        #[arg(long)]
        change: i64,
        /// Why.
        #[arg(long)]
        remark: String,
    },
    /// The list is as it should be although nothing has come: its age begins anew.
    Confirm {
        /// Who acts.
        #[command(flatten)]
        who: Who,
        /// How that was found.
        #[arg(long)]
        remark: String,
    },
    /// Draft the way back to an earlier version.
    Return {
        /// Who acts.
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
        /// Whose list.
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
        /// Whose list.
        #[command(flatten)]
        whose: Whose,
        /// The package.
        file: PathBuf,
    },
    /// Recompute the chain of a list's versions from its entries.
    Verify {
        /// Whose list.
        #[command(flatten)]
        whose: Whose,
    },
}

/// A file to be read.
#[derive(Args)]
pub struct Import {
    /// Who acts.
    #[command(flatten)]
    who: Who,
    /// How the file is written: csv, jsonl, ofac, un.
    #[arg(long, value_parser = format, default_value = "csv")]
    format: Format,
    /// With ofac: the file of other names.
    #[arg(long)]
    alt: Option<PathBuf>,
    /// The file puts entries beside those there are. Without this it is a whole edition: of the sources that its entries name, what it lacks
    /// is withdrawn; entries of other sources stay, and so do rules and canaries unless it brings some of the same source. To withdraw more,
    /// draft it by id.
    #[arg(long)]
    amend: bool,
    /// What a hit demands, where the file does not say it: silent_alert, health_check, refer, detain, refuse.
    #[arg(long, value_parser = action)]
    action: Option<Action>,
    /// Why the entries exist, where the file does not say it.
    #[arg(long, default_value = "")]
    reason: String,
    /// The law they rest on, where the file does not say it.
    #[arg(long, default_value = "")]
    legal_basis: String,
    /// Who made the file, where it does not say it.
    #[arg(long, default_value = "")]
    source: String,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
    /// The file.
    file: PathBuf,
}

fn format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| "none of csv, jsonl, ofac, un".to_owned())
}

fn action(text: &str) -> Result<Action, String> {
    Action::parse(text)
        .ok_or_else(|| "none of silent_alert, health_check, refer, detain, refuse".to_owned())
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
            Self::Import(import) => &import.who.config,
            Self::Propose { who, .. }
            | Self::Approve { who, .. }
            | Self::Reject { who, .. }
            | Self::Confirm { who, .. }
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
        List::Import(import) => {
            let officer = officer(app, &import.who, password).await?;
            tell(&draft(app, &officer, import).await?, import.json)?;
        }
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
        List::Confirm { who, remark } => {
            let officer = officer(app, who, password).await?;
            app.confirm_list(&officer, remark).await?;
            writeln!(out, "the list is confirmed")?;
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
            // It holds the names of everybody listed: its owner alone may read it.
            let package = File::options()
                .create(true)
                .truncate(true)
                .write(true)
                .mode(0o600)
                .open(path);
            let package = BufWriter::new(package.with_context(file)?);
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

async fn draft(app: &App, officer: &ListOfficer, import: &Import) -> anyhow::Result<DraftReport> {
    let open = |path: &Path| {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::Ok(BufReader::new(file))
    };
    let defaults = Defaults {
        action: import.action,
        reason: import.reason.clone(),
        legal_basis: import.legal_basis.clone(),
        source: import.source.clone(),
        review_on: None,
    };
    let list = open(&import.file)?;
    let rows = match (&import.alt, import.format) {
        (None, format) => import::read(format, list, &defaults),
        (Some(alt), Format::OfacCsv) => import::read_ofac(list, open(alt)?, &defaults),
        (Some(_), _) => bail!("--alt is for --format ofac"),
    };
    let kind = if import.amend {
        ChangeKind::Amend
    } else {
        ChangeKind::Replace
    };
    let name = import.file.file_name().unwrap_or_default();
    let source = format!("{} {}", import.format.as_str(), name.to_string_lossy());
    let rows = rows.map(DraftRow::from);
    Ok(app.draft_change(officer, kind, &source, rows).await?)
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
            "{} rows, {} left out: adds {}, changes {}, withdraws {}; {} entries then",
            report.rows,
            report.left_out,
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
