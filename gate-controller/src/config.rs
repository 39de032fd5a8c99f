//! The lane's configuration file (TOML). Paths are relative to the file's folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use egate_types::{AuthorityId, Direction, LaneId, Language};
use serde::Deserialize;

use crate::face::field::KEEP_MINUTES_MAX;

/// Everything one gate needs to know.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// This lane; must equal the common name of the client certificate.
    pub lane: LaneId,
    /// Which way it leads.
    pub direction: Direction,
    /// `true` allows the synthetic model set and simulated devices. Never on a gate for travellers.
    #[serde(default)]
    pub simulation: bool,
    /// Journal file.
    pub journal: PathBuf,
    /// Folder or file of trusted CSCA certificates (DER).
    pub trust: PathBuf,
    /// How the document checks weigh; the built-in run modes if absent.
    pub profile: Option<ProfileConfig>,
    /// The authority that answers for identity.
    pub identity_authority: AuthorityId,
    /// Every authority whose consent a release needs.
    pub authorities: Vec<AuthorityConfig>,
    /// Client certificate and the port's root.
    pub tls: TlsConfig,
    /// Devices.
    pub devices: DevicesConfig,
    /// Face models.
    pub models: ModelsConfig,
    /// The rule under which references outlive their inspection for the evaluation in the field; they do not if absent.
    pub reference_retention: Option<RetentionConfig>,
    /// Traveller display.
    pub display: DisplayConfig,
}

/// A profile of run modes. Its detached signature lies beside it, under its name with `.sig` added.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileConfig {
    /// The profile (JSON).
    pub file: PathBuf,
    /// Certificate or public key (PEM) of whoever may sign it.
    pub signer: PathBuf,
}

/// One authority's service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityConfig {
    /// Which.
    pub id: AuthorityId,
    /// Base URL of its `central`, `https://host:port`.
    pub url: String,
    /// Its Ed25519 public key, base64url.
    pub public_key: String,
}

/// TLS material (PEM).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// Root that signed the servers.
    pub root: PathBuf,
    /// This gate's certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Where the devices are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicesConfig {
    /// Lane controller, Modbus TCP.
    pub lane_controller: SocketAddr,
    /// Document scanner.
    pub scanner: ScannerSource,
    /// Chip reader.
    pub reader: ReaderSource,
    /// Camera: a device number, a URL or a file.
    pub camera: CameraSource,
}

/// How the document scanner is attached.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScannerSource {
    /// Serial device server, raw TCP.
    Tcp(SocketAddr),
    /// Serial line.
    Serial {
        /// Device file.
        device: PathBuf,
        /// Bits per second.
        baud: u32,
    },
}

/// How the chip reader is attached.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderSource {
    /// PC/SC, by reader name.
    Pcsc(String),
    /// A slot that virtual chips attach to by TCP; simulation only.
    Slot(SocketAddr),
}

/// Where the pictures come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraSource {
    /// `/dev/videoN`.
    Device(u16),
    /// RTSP or HTTP.
    Url(String),
}

/// Which face models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsConfig {
    /// `models/manifest.toml` of this release.
    pub manifest: PathBuf,
    /// Set of the manifest: `open` for real people, `synthetic` in simulation.
    pub set: String,
    /// Folder that `models fetch` filled; the cache folder of the gate's user if absent.
    #[serde(default)]
    pub folder: Option<PathBuf>,
}

/// A law that allows keeping the templates of chip portraits beyond the inspection, in memory alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Which law and section; it stands in the log and in the report.
    pub law: String,
    /// How long, minutes; at most [`KEEP_MINUTES_MAX`].
    pub keep_minutes: u32,
}

/// Traveller display.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayConfig {
    /// Language of the largest text.
    pub language: Language,
    /// Linux framebuffer, if there is one.
    #[serde(default)]
    pub framebuffer: Option<PathBuf>,
    /// Loopback address of the live picture and lane view, if wanted.
    #[serde(default)]
    pub stream: Option<SocketAddr>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration {path} cannot be read; give its path with --config")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file does not say what it must.
    #[error("configuration {path} is not valid")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// The identity authority is not among the required ones.
    #[error("identity_authority {0} is not among the authorities; add it or name another")]
    IdentityNotRequired(AuthorityId),
    /// A retention rule that names no law, or keeps too long.
    #[error(
        "reference_retention must name its law and keep for 1 to {KEEP_MINUTES_MAX} minutes; leave it out to keep nothing"
    )]
    Retention,
}

impl Config {
    /// Reads the file and resolves its paths against its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|source| ConfigError::Invalid {
            path: path.to_owned(),
            source,
        })?;
        if !config
            .authorities
            .iter()
            .any(|a| a.id == config.identity_authority)
        {
            return Err(ConfigError::IdentityNotRequired(config.identity_authority));
        }
        let keeps = 1..=KEEP_MINUTES_MAX;
        let retention = config.reference_retention.as_ref();
        if retention.is_some_and(|r| r.law.trim().is_empty() || !keeps.contains(&r.keep_minutes)) {
            return Err(ConfigError::Retention);
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        for relative in [
            &mut config.journal,
            &mut config.trust,
            &mut config.tls.root,
            &mut config.tls.certificate,
            &mut config.tls.key,
            &mut config.models.manifest,
        ]
        .into_iter()
        .chain(
            config
                .profile
                .iter_mut()
                .flat_map(|profile| [&mut profile.file, &mut profile.signer]),
        ) {
            *relative = folder.join(&*relative);
        }
        config.models.folder = config.models.folder.map(|models| folder.join(models));
        Ok(config)
    }
}
