//! `central`: serves authorities, and the commands to set one up.

#![expect(
    clippy::print_stdout,
    reason = "the commands answer on standard output"
)]

use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use central::{
    App, Store,
    clock::{Clock as _, Random as _, SystemClock, SystemRandom},
    config::Config,
    list_command::{self, List},
    pki,
    screen_command::{self, ExplainArgs, Screen},
    server,
};
use clap::{Args, Parser, Subcommand};
use egate_types::{AuthorityId, LaneId, OfficerId};
use egate_wire::v1::AuthorityKey;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

/// The authorities' server of the e-gate system.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Issue certificates.
    #[command(subcommand)]
    Pki(Pki),
    /// Create an authority's signing key.
    #[command(subcommand)]
    Authority(AuthorityCommand),
    /// Serve gates and officers.
    Serve(ConfigArgs),
    /// Maintain lists.
    #[command(subcommand)]
    List(Box<List>),
    /// Match names, persons and documents against lists in files.
    #[command(subcommand)]
    Screen(Screen),
    /// Maintain officers.
    #[command(subcommand)]
    Officer(Officer),
    /// Check the record.
    #[command(subcommand)]
    Record(Record),
}

#[derive(Args)]
struct ConfigArgs {
    /// Configuration file.
    #[arg(long, default_value = "central.toml")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum Pki {
    /// Create the port's CA and central's server certificate.
    Init {
        /// Folder of the certificates.
        #[arg(long)]
        dir: PathBuf,
        /// A host name or address by which gates and browsers reach the server; may be given several times.
        #[arg(long = "name", default_values = ["localhost", "127.0.0.1"])]
        names: Vec<String>,
    },
    /// Create a gate's certificate.
    Gate {
        /// Folder of the certificates.
        #[arg(long)]
        dir: PathBuf,
        /// The lane it is for.
        #[arg(long)]
        lane: LaneId,
    },
}

#[derive(Subcommand)]
enum AuthorityCommand {
    /// Write `<id>.key` and `<id>.pub`; prints the public key that gates need.
    Add {
        /// Folder of the keys.
        #[arg(long)]
        dir: PathBuf,
        /// The authority's id.
        #[arg(long)]
        id: AuthorityId,
    },
}

#[derive(Subcommand)]
enum Officer {
    /// Add an officer; the password comes from EGATE_OFFICER_PASSWORD or standard input.
    Add {
        #[command(flatten)]
        config: ConfigArgs,
        /// The officer's authority.
        #[arg(long)]
        authority: AuthorityId,
        /// Login.
        #[arg(long)]
        login: OfficerId,
        /// Name on the console.
        #[arg(long)]
        name: String,
        /// The officer may draft, propose and approve changes of the authority's list.
        #[arg(long)]
        lists: bool,
    },
}

#[derive(Subcommand)]
enum Record {
    /// Recompute every authority's hash chain.
    Verify(ConfigArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = command().await else {
        return ExitCode::SUCCESS;
    };
    // Who reads the answer, such as `head`, has had enough of it.
    let cut = error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe);
    if !cut {
        // What went wrong and why, in one line; no trace of the program's innards, whatever the environment asks for.
        let _ = writeln!(std::io::stderr(), "Error: {error:#}");
    }
    ExitCode::FAILURE
}

async fn command() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let today = SystemClock.now().date();
    match Cli::parse().command {
        Command::Pki(Pki::Init { dir, names }) => {
            pki::init(&dir, names, today)?;
            println!("CA and server certificate are in {}", dir.display());
        }
        Command::Pki(Pki::Gate { dir, lane }) => {
            pki::gate(&dir, &lane, today)?;
            println!("certificate of {lane} is in {}", dir.display());
        }
        Command::Authority(AuthorityCommand::Add { dir, id }) => add_authority(&dir, &id)?,
        Command::Serve(args) => serve(&args).await?,
        Command::List(command) => {
            let config = Config::load(command.config())?;
            let app = open(&config).await?;
            list_command::run(&command, &config, &app, password).await?;
        }
        Command::Screen(Screen::Explain(ExplainArgs {
            inspection: Some(inspection),
            login: Some(login),
            config,
            ..
        })) => {
            let app = open(&Config::load(&config)?).await?;
            let officer = app.officer(login.as_str(), &password()?).await?;
            let derived = app.rederive(&officer, inspection).await?;
            println!("{}", serde_json::to_string_pretty(&derived)?);
            anyhow::ensure!(derived.same, "the verdict's hits do not come out again");
        }
        Command::Screen(command) => screen_command::run(&command)?,
        Command::Officer(Officer::Add {
            config,
            authority,
            login,
            name,
            lists,
        }) => {
            let app = open(&Config::load(&config.config)?).await?;
            app.add_officer(&authority, &login, &name, &password()?, lists)
                .await
                .context("the officer was not added; is the login already in use?")?;
            println!("{login} may sign in for {authority}");
        }
        Command::Record(Record::Verify(args)) => verify(&args).await?,
    }
    Ok(())
}

fn add_authority(dir: &Path, id: &AuthorityId) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let seed = Zeroizing::new(SystemRandom.bytes());
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(*seed));
    pki::write_secret(&dir.join(format!("{id}.key")), &secret)?;
    let public = AuthorityKey::from_seed(&seed).public();
    std::fs::write(dir.join(format!("{id}.pub")), public.to_string())?;
    println!("{public}");
    Ok(())
}

async fn open(config: &Config) -> anyhow::Result<App> {
    let store = store(config).await?;
    Ok(App::new(
        config.authorities()?,
        store,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
    ))
}

async fn store(config: &Config) -> anyhow::Result<Store> {
    Store::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database {}", config.database.display()))
}

async fn serve(args: &ConfigArgs) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let tls = server::tls_config(&config.tls)?;
    let app = open(&config).await?;
    tokio::spawn(app.clone().follow_lists());
    let router = central::router(app);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    if let Some(file) = &config.bound_address_file {
        // Renamed into place: a reader sees the whole address or nothing.
        let whole = file.with_extension("partial");
        std::fs::write(&whole, address.to_string())?;
        std::fs::rename(&whole, file)?;
    }
    println!("listening on https://{address}");
    server::serve(listener, tls, router).await;
    Ok(())
}

fn password() -> anyhow::Result<Zeroizing<String>> {
    if let Ok(password) = std::env::var("EGATE_OFFICER_PASSWORD") {
        return Ok(Zeroizing::new(password));
    }
    let mut password = Zeroizing::new(String::new());
    std::io::stdin().read_to_string(&mut password)?;
    let password = Zeroizing::new(password.trim_end_matches(['\r', '\n']).to_owned());
    if password.is_empty() {
        bail!("no password on standard input or in EGATE_OFFICER_PASSWORD");
    }
    Ok(password)
}

async fn verify(args: &ConfigArgs) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let store = store(&config).await?;
    for authority in &config.authorities {
        let records = store.verify_chain(&authority.id).await?;
        println!("{}: {records} records, the chain holds", authority.id);
    }
    Ok(())
}
