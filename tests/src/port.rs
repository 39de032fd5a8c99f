//! A port in a box: `central` with two authorities, gates with simulated lanes, officers at their consoles.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use egate_hardware::sim::{
    DocumentId, EscapeSide, SimulatedLane, SimulatedLaneConfig, SyntheticFrames, Traveller,
    TravellerEnd, TravellerHandle, WorldView,
};
use egate_types::Coaching;
use egate_wire::v1::PassageRecord;
use futures::future::{Either, select};
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::chips::Chips;
use crate::clock;
use crate::network::Relay;
use crate::officer::Officer;
use crate::onlooker::Onlooker;
use crate::script::{
    GENUINE, Issuers, LISTED_BIRTH, LISTED_GIVEN, LISTED_NUMBER, LISTED_SURNAME, OfficerScript,
    Script,
};

/// The two authorities of the box.
pub const AUTHORITIES: [&str; 2] = ["border", "quarantine"];
/// Password of the simulated officers; the box is on loopback and forgets everything.
pub const OFFICER_PASSWORD: &str = "simulated officer";
/// A program that is starting must say where it listens within this time; model loading takes a second or two.
const START: Duration = Duration::from_secs(60);
/// People walk and wait this much faster than life.
pub const PACE: u32 = 4;
/// How long a traveller may take, officer included, before the box is considered stuck.
const PASSAGE: Duration = Duration::from_secs(60);
/// An officer looks at the pictures before deciding.
const THINK: Duration = Duration::from_millis(1_500);
/// Between two glances of an onlooker at the lane.
const GLANCE: Duration = Duration::from_millis(5);
/// Between two looks at a console page or at the record.
const LOOK: Duration = Duration::from_millis(100);

/// The running port. Dropping it kills the programs it started.
pub struct Port {
    /// Lanes in order.
    pub lanes: Vec<Lane>,
    /// Base URL of the officer console.
    pub console: String,
    /// Who issues the travellers' documents.
    pub issuers: Issuers,
    officers: Vec<(&'static str, Officer)>,
    records: SqlitePool,
    _central: Child,
}

/// How a lane reaches the chips of its travellers' documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipReader {
    /// A slot of the gate itself, into which virtual chips dial.
    Slot,
    /// A virtual reader of the machine's PC/SC service: its name, and the port on which it takes chips.
    Pcsc(&'static str, u16),
}

/// One lane of the port.
pub struct Lane {
    /// Its id.
    pub id: String,
    world: SimulatedLane,
    chips: Arc<Chips>,
    quarantine: Relay,
    _border: Relay,
    gate: Gate,
}

/// One gate controller.
struct Gate {
    child: Child,
    config: PathBuf,
    log: PathBuf,
    reader: ChipReader,
    /// Where virtual chips connect to lie on its reader.
    takes_chips: SocketAddr,
    display: SocketAddr,
}

/// How a traveller's visit went.
pub struct Passage {
    /// What the world saw.
    pub end: TravellerEnd,
    /// What each authority recorded.
    pub records: Vec<(String, PassageRecord)>,
    /// What the display asked for while the picture was taken, in order.
    pub coaching: Vec<Coaching>,
}

impl Port {
    /// Sets up and starts everything under `folder`, which is emptied first, with a lane per chip reader. `say` hears of
    /// each step.
    pub async fn start(
        folder: &Path,
        readers: &[ChipReader],
        say: impl Fn(&str),
    ) -> anyhow::Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let issuers = Issuers::new(clock::utc().date())?;
        let trust = folder.join("trust");
        std::fs::create_dir_all(&trust)?;
        std::fs::write(trust.join("csca.der"), issuers.state.csca_der()?)?;

        say("issuing certificates, keys, lists and officers");
        set_up_central(folder, readers.len()).await?;
        say("starting central");
        let (central, address) = start_central(folder).await?;
        let console = format!("https://{address}");
        let root = std::fs::read(folder.join("pki/ca.pem"))?;
        let mut officers = Vec::new();
        for authority in AUTHORITIES {
            let login = format!("officer.{authority}");
            let officer = Officer::sign_in(&console, &root, &login, OFFICER_PASSWORD).await?;
            officers.push((authority, officer));
        }
        let mut started = Vec::new();
        for (n, reader) in (1..).zip(readers) {
            say(&format!("starting lane {n}, loading face models"));
            started.push(start_lane(folder, n, *reader, address).await?);
        }
        let options = SqliteConnectOptions::new()
            .filename(folder.join("central.db"))
            .read_only(true)
            .busy_timeout(Duration::from_secs(5));
        let records = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await?;
        Ok(Self {
            lanes: started,
            console,
            issuers,
            officers,
            records,
            _central: central,
        })
    }

    /// What the border authority's console reports of face comparisons, once the lanes have told of every face on record.
    pub async fn comparisons(&self) -> anyhow::Result<Value> {
        let mut compared = 0;
        for lane in &self.lanes {
            let records = self.records_of(&lane.id).await?;
            let own = records.iter().filter(|(whose, _)| whose == AUTHORITIES[0]);
            compared += own.filter(|(_, r)| r.match_score.is_some()).count() as u64;
        }
        let (_, officer) = self.officers.first().context("no officer")?;
        let told = async {
            loop {
                let report = officer.comparisons().await?;
                if told_of(&report) >= compared {
                    return anyhow::Ok(report);
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let told = tokio::time::timeout(PASSAGE, told).await;
        told.with_context(|| format!("the lanes have not told of all {compared} faces"))?
    }

    /// Sends traveller `n` through a lane, lets the officers do what the script says, and waits for the record.
    pub async fn pass(&self, lane: usize, script: Script, n: u64) -> anyhow::Result<Passage> {
        let lane = self.lanes.get(lane).context("no such lane")?;
        let known = self.records_of(&lane.id).await?.len();
        let onlooker = Onlooker::at(lane.display());
        let finished = self.send(lane, script, n)?.finished();
        lane.quarantine.stall(script.quarantine_silent);
        let visit = async {
            let end = self.attended(finished, &lane.id, script.officer).await?;
            lane.quarantine.stall(false);
            let records = self.new_records(lane, known).await?;
            Ok(Passage {
                end,
                records,
                coaching: onlooker.coaching(),
            })
        };
        let passage = tokio::time::timeout(PASSAGE, visit).await;
        lane.quarantine.stall(false);
        passage.with_context(|| {
            let (script, lane) = (script.name, &lane.id);
            format!("{script} on {lane} did not end within {PASSAGE:?}")
        })?
    }

    /// Sends a genuine traveller, kills the gate (SIGKILL) as soon as an onlooker sees `moment`, starts it again, and
    /// lets an officer send back whoever is left inside.
    pub async fn pass_with_kill(
        &mut self,
        lane: usize,
        n: u64,
        moment: impl Fn(&WorldView) -> bool,
    ) -> anyhow::Result<Passage> {
        let known = self.records_of(&self.lanes[lane].id).await?.len();
        let at_rest = |seen: &WorldView| {
            seen.entry_permille == 0 && seen.exit_permille == 0 && seen.people_cm.is_empty()
        };
        self.lanes[lane].seen(at_rest).await?;
        let finished = self.send(&self.lanes[lane], GENUINE, n)?.finished();
        self.lanes[lane].seen(moment).await?;
        self.lanes[lane].gate.child.kill().await?;
        self.lanes[lane].restart().await?;
        let officer = OfficerScript {
            authority: "border",
            decision: "return",
            reason: "technical_fault",
        };
        let lane = &self.lanes[lane];
        let visit = async {
            let end = self.attended(finished, &lane.id, Some(officer)).await?;
            let records = self.new_records(lane, known).await?;
            let coaching = Vec::new();
            Ok(Passage {
                end,
                records,
                coaching,
            })
        };
        tokio::time::timeout(PASSAGE, visit)
            .await
            .context("the passage did not end")?
    }

    fn send(&self, lane: &Lane, script: Script, n: u64) -> anyhow::Result<TravellerHandle> {
        let (document, face_seed) = self.issuers.document(script.document, n)?;
        let traveller = Traveller {
            face_seed,
            attack: script.attack,
            document: DocumentId(n),
            mrz: Some(document.passport.issued.mrz.clone()),
            behaviour: script.behaviour,
            patience_ms: 60_000,
        };
        lane.chips.hand_out(DocumentId(n), document);
        Ok(lane.world.send_traveller(traveller))
    }

    /// Waits for the traveller to be gone, with officers at hand. Whom no script foresees is sent back, so that one
    /// passage gone wrong does not block the lane for the next.
    async fn attended(
        &self,
        gone: impl Future<Output = Option<TravellerEnd>>,
        lane: &str,
        order: Option<OfficerScript>,
    ) -> anyhow::Result<TravellerEnd> {
        let (gone, attended) = (pin!(gone), pin!(self.attend(lane, order)));
        let end = match select(gone, attended).await {
            Either::Left((end, _)) => end,
            Either::Right((attended, gone)) => {
                attended?;
                gone.await
            }
        };
        end.context("the simulated lane stopped")
    }

    /// Waits for a case of the lane at any authority's console and decides it.
    async fn attend(&self, lane: &str, order: Option<OfficerScript>) -> anyhow::Result<()> {
        let decidable = |page: &str| page.contains(lane) && page.contains("name=\"decision\"");
        loop {
            for (authority, officer) in &self.officers {
                for inspection in officer.cases().await? {
                    let seen = officer.case(&inspection).await;
                    if !seen.is_ok_and(|page| decidable(&page)) {
                        continue;
                    }
                    tokio::time::sleep(THINK).await;
                    // What was turned away before the lane has ended by now.
                    let seen = officer.case(&inspection).await;
                    if !seen.is_ok_and(|page| decidable(&page)) {
                        continue;
                    }
                    let (decision, reason) = order
                        .filter(|order| order.authority == *authority)
                        .map_or(("return", "technical_fault"), |o| (o.decision, o.reason));
                    return officer.decide(&inspection, decision, reason).await;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until every authority has on record whatever the gate has opened since, which is one inspection or more.
    async fn new_records(
        &self,
        lane: &Lane,
        known: usize,
    ) -> anyhow::Result<Vec<(String, PassageRecord)>> {
        loop {
            let opened = lane.inspections()?;
            let records = self.records_of(&lane.id).await?;
            let recorded = |id: &&String| {
                let records = records.iter();
                records
                    .filter(|(_, r)| r.inspection.to_string() == **id)
                    .count()
                    >= AUTHORITIES.len()
            };
            if records.len() > known && opened.iter().all(|id| recorded(&id)) {
                return Ok(records.into_iter().skip(known).collect());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn records_of(&self, lane: &str) -> anyhow::Result<Vec<(String, PassageRecord)>> {
        let rows = sqlx::query("SELECT authority, body FROM records ORDER BY seq")
            .fetch_all(&self.records)
            .await?;
        let mut records = Vec::new();
        for row in rows {
            let record: PassageRecord = serde_json::from_slice(row.get::<&[u8], _>("body"))?;
            if record.lane.as_str() == lane {
                records.push((row.get("authority"), record));
            }
        }
        Ok(records)
    }
}

/// Faces that a report of comparisons speaks of: compared with their own portrait, left out or skipped.
fn told_of(report: &Value) -> u64 {
    let figures = report["figures"].as_array().into_iter().flatten();
    let mut deciding =
        figures.filter(|figure| figure["in_force"] == true && figure["group"] == "all");
    let mated = deciding.next().map(|figure| &figure["mated_comparisons"]);
    let batches = &report["batches"];
    let counts = [mated, Some(&batches["left_out"]), Some(&batches["skipped"])];
    counts.into_iter().flatten().filter_map(Value::as_u64).sum()
}

/// A program of the workspace, built beside the one that runs.
pub fn program(name: &str) -> anyhow::Result<Command> {
    let mut folder = std::env::current_exe()?;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder.join(name);
    ensure!(
        path.exists(),
        "{} is not built; run `cargo build --release --workspace --bins`",
        path.display()
    );
    let mut command = Command::new(path);
    command.kill_on_drop(true).stdin(Stdio::null());
    Ok(command)
}

async fn central(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = program("central")?
        .args(arguments)
        .current_dir(folder)
        .env("EGATE_OFFICER_PASSWORD", OFFICER_PASSWORD)
        .output()
        .await?;
    if !output.status.success() {
        bail!(
            "central {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

async fn set_up_central(folder: &Path, lanes: usize) -> anyhow::Result<()> {
    central(folder, &["pki", "init", "--dir", "pki"]).await?;
    for n in 1..=lanes {
        central(
            folder,
            &[
                "pki",
                "gate",
                "--dir",
                "pki",
                "--lane",
                &format!("lane-{n}"),
            ],
        )
        .await?;
    }
    let mut config = String::from(
        "listen = \"127.0.0.1:0\"\ndatabase = \"central.db\"\nbound_address_file = \"central.address\"\n\
         [tls]\nca = \"pki/ca.pem\"\ncertificate = \"pki/server.pem\"\nkey = \"pki/server.key\"\n",
    );
    for authority in AUTHORITIES {
        central(
            folder,
            &["authority", "add", "--dir", "keys", "--id", authority],
        )
        .await?;
        let identity = authority == "border";
        let name = if identity {
            "Border inspection"
        } else {
            "Quarantine"
        };
        config += &format!(
            "[[authority]]\nid = \"{authority}\"\nname = \"{name}\"\nidentity = {identity}\n\
             key = \"keys/{authority}.key\"\nlist = \"{authority}-demo\"\nlist_age_limit_s = 86400\n"
        );
        if identity {
            config += "trust = \"trust\"\n";
        }
    }
    std::fs::write(folder.join("central.toml"), config)?;
    let head = "issuer,number,surname,given,date_of_birth,action,reason,legal_basis,valid_from,valid_until\n";
    let border = format!("{head}UTO,{LISTED_NUMBER},,,,refuse,reported stolen,Demo Act 1,,\n");
    let quarantine = format!(
        "{head},,{LISTED_SURNAME},{LISTED_GIVEN},{LISTED_BIRTH},refer,contact tracing,Demo Act 2,,\n"
    );
    for (authority, list) in AUTHORITIES.into_iter().zip([border, quarantine]) {
        for (role, lists) in [("officer", false), ("keeper", true), ("second", true)] {
            let login = format!("{role}.{authority}");
            let name = format!("{role} of {authority}");
            let mut officer = vec!["officer", "add", "--authority", authority];
            officer.extend(["--login", &login, "--name", &name]);
            officer.extend(lists.then_some("--lists"));
            central(folder, &officer).await?;
        }
        let file = format!("{authority}.csv");
        std::fs::write(folder.join(&file), list)?;
        install_list(folder, authority, &file).await?;
    }
    Ok(())
}

/// A list comes in force as in a port: one officer drafts and proposes it, another one approves.
async fn install_list(folder: &Path, authority: &str, file: &str) -> anyhow::Result<()> {
    let (keeper, second) = (format!("keeper.{authority}"), format!("second.{authority}"));
    let import = ["list", "import", "--as", &keeper, "--json", file];
    let report: Value = serde_json::from_str(&central(folder, &import).await?)?;
    let change = report["change"].to_string();
    let step = ["list", "propose", "--as", &keeper, "--change", &change];
    central(
        folder,
        &[&step[..], &["--reason", "list of the demo"]].concat(),
    )
    .await?;
    let step = ["list", "approve", "--as", &second, "--change", &change];
    central(folder, &[&step[..], &["--remark", "as announced"]].concat()).await?;
    Ok(())
}

async fn start_central(folder: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let log = std::fs::File::create(folder.join("central.log"))?;
    let mut child = program("central")?
        .arg("serve")
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()?;
    let lines = listening(&mut child, &["listening on"]).await;
    let lines = lines.with_context(|| format!("see {}", folder.join("central.log").display()))?;
    Ok((child, lines[0]))
}

async fn start_lane(
    folder: &Path,
    n: usize,
    reader: ChipReader,
    central: SocketAddr,
) -> anyhow::Result<Lane> {
    let id = format!("lane-{n}");
    let chips = Chips::new();
    let world = SimulatedLane::start(SimulatedLaneConfig {
        seed: n as u64,
        pace: PACE,
        escape: EscapeSide::Entry,
        slot: chips.clone(),
        frames: Box::new(SyntheticFrames::default()),
    })
    .await?;
    let (border, quarantine) = (Relay::start(central).await?, Relay::start(central).await?);
    let relays = [border.address(), quarantine.address()];
    let config = gate_config(folder, &id, reader, &world, relays)?;
    let path = folder.join(format!("{id}.toml"));
    std::fs::write(&path, config)?;
    let log = folder.join(format!("{id}.log"));
    let gate = Gate::start(path, log, reader).await?;
    chips.set_reader(gate.takes_chips);
    Ok(Lane {
        id,
        world,
        chips,
        quarantine,
        _border: border,
        gate,
    })
}

impl Lane {
    /// Where the lane's traveller display and lane view are served.
    pub fn display(&self) -> SocketAddr {
        self.gate.display
    }

    /// Waits for a moment in the simulated world.
    async fn seen(&self, moment: impl Fn(&WorldView) -> bool) -> anyhow::Result<()> {
        let seen = async {
            while !moment(&self.world.view()) {
                tokio::time::sleep(GLANCE).await;
            }
        };
        tokio::time::timeout(PASSAGE, seen)
            .await
            .with_context(|| format!("the moment waited for on {} never came", self.id))
    }

    /// Every inspection that the gate's log speaks of, across its restarts.
    fn inspections(&self) -> anyhow::Result<BTreeSet<String>> {
        let log = std::fs::read_to_string(&self.gate.log)?;
        let ids = log.split("inspection.id=").skip(1);
        Ok(ids
            .filter_map(|rest| rest.split_whitespace().next())
            .map(str::to_owned)
            .collect())
    }

    async fn restart(&mut self) -> anyhow::Result<()> {
        let Gate { config, log, .. } = &self.gate;
        self.gate = Gate::start(config.clone(), log.clone(), self.gate.reader).await?;
        self.chips.set_reader(self.gate.takes_chips);
        Ok(())
    }
}

impl Gate {
    async fn start(config: PathBuf, log: PathBuf, reader: ChipReader) -> anyhow::Result<Self> {
        let errors = OpenOptions::new().create(true).append(true).open(&log)?;
        let mut child = program("gate-controller")?
            .args(["run", "--config"])
            .arg(&config)
            .env("ORT_DYLIB_PATH", onnx_runtime())
            // Latest picture, not the oldest in a buffer (FFmpeg behind OpenCV).
            .env(
                "OPENCV_FFMPEG_CAPTURE_OPTIONS",
                "fflags;nobuffer|flags;low_delay",
            )
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()?;
        let words: &[&str] = match reader {
            ChipReader::Slot => &["reader", "display"],
            ChipReader::Pcsc(..) => &["display"],
        };
        let addresses = listening(&mut child, words).await;
        let addresses = addresses.with_context(|| format!("see {}", log.display()))?;
        let takes_chips = match reader {
            ChipReader::Slot => addresses[0],
            ChipReader::Pcsc(_, port) => SocketAddr::from(([127, 0, 0, 1], port)),
        };
        Ok(Self {
            child,
            config,
            log,
            reader,
            takes_chips,
            display: addresses[words.len() - 1],
        })
    }
}

fn gate_config(
    folder: &Path,
    id: &str,
    reader: ChipReader,
    world: &SimulatedLane,
    relays: [SocketAddr; 2],
) -> anyhow::Result<String> {
    let devices = world.addresses();
    let models = workspace_root().join("models/manifest.toml");
    let reader = match reader {
        ChipReader::Slot => "slot = \"127.0.0.1:0\"".to_owned(),
        ChipReader::Pcsc(name, _) => format!("pcsc = {name:?}"),
    };
    let mut config = format!(
        "lane = \"{id}\"\ndirection = \"entry\"\nsimulation = true\njournal = \"{id}.journal\"\n\
         trust = \"trust\"\nidentity_authority = \"border\"\n\
         [tls]\nroot = \"pki/ca.pem\"\ncertificate = \"pki/{id}.pem\"\nkey = \"pki/{id}.key\"\n\
         [devices]\nlane_controller = \"{}\"\nscanner = {{ tcp = \"{}\" }}\n\
         reader = {{ {reader} }}\ncamera = {{ url = \"{}\" }}\n\
         [models]\nmanifest = {:?}\nset = \"synthetic\"\n\
         [reference_retention]\nlaw = \"Demo Act 3\"\nkeep_minutes = 30\n[display]\nlanguage = \"zh-Hans\"\nstream = \"127.0.0.1:0\"\n",
        devices.lane_controller, devices.scanner, devices.camera_url, models,
    );
    for (authority, relay) in AUTHORITIES.into_iter().zip(relays) {
        let key = std::fs::read_to_string(folder.join(format!("keys/{authority}.pub")))?;
        config += &format!(
            "[[authorities]]\nid = \"{authority}\"\nurl = \"https://{relay}\"\npublic_key = \"{}\"\n",
            key.trim()
        );
    }
    Ok(config)
}

/// The root of the checkout.
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Where `make setup` puts ONNX Runtime, unless the environment says otherwise.
fn onnx_runtime() -> PathBuf {
    std::env::var_os("ORT_DYLIB_PATH").map_or_else(
        || workspace_root().join(".runtime/onnxruntime/libonnxruntime.so"),
        PathBuf::from,
    )
}

/// Reads the addresses that a starting program prints, one line per word of `what`, in that order.
async fn listening(child: &mut Child, what: &[&str]) -> anyhow::Result<Vec<SocketAddr>> {
    let stdout = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    let read = async {
        let mut found = Vec::new();
        for word in what {
            let line = lines
                .next_line()
                .await?
                .context("the program ended while starting")?;
            let address = line
                .strip_prefix(word)
                .with_context(|| format!("it said {line:?}"))?;
            let address = address.trim().trim_start_matches("https://");
            found.push(
                address
                    .parse()
                    .with_context(|| format!("it said {line:?}"))?,
            );
        }
        anyhow::Ok(found)
    };
    let found = tokio::time::timeout(START, read)
        .await
        .context("it does not get ready")??;
    // Whatever it prints later is read, so that it never blocks on a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(found)
}
