//! The configuration file, and opening what it names. Paths are relative to the file's own folder.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use egate_icao::trust::{TrustStore, material::MaterialError};
use egate_icao::verify::profile::{Profile, SignedProfile};
use egate_types::AuthorityId;
use egate_wire::v1::{AuthorityKey, AuthorityPublicKey};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    Authority,
    lists::{screening::AlertBudget, weights::MatcherWeights},
};

/// `central.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// SQLite file; created if absent.
    pub database: PathBuf,
    /// Where to write the bound address once listening.
    pub bound_address_file: Option<PathBuf>,
    /// Certificates.
    pub tls: Tls,
    /// The authorities served.
    #[serde(rename = "authority")]
    pub authorities: Vec<AuthorityConfig>,
}

/// Files of the server's identity, PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Issuer of the gates' certificates.
    pub ca: PathBuf,
    /// Server certificate chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// One authority.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityConfig {
    /// Identifier on the wire.
    pub id: AuthorityId,
    /// Name on the console.
    pub name: String,
    /// Whether it answers for identity: refers unless document, face and presentation checks succeeded.
    #[serde(default)]
    pub identity: bool,
    /// File of the signing key, written by `central authority add`.
    pub key: PathBuf,
    /// Identity of its list.
    pub list: String,
    /// Oldest list it answers from, seconds.
    pub list_age_limit_s: u64,
    /// Folder of trusted CSCA certificates, DER or PEM. With it the authority judges every document again from the gate's evidence.
    pub trust: Option<PathBuf>,
    /// How its checks of a document weigh; the built-in run modes if absent.
    pub profile: Option<ProfileConfig>,
    /// Weights of the watch-list matcher, from `central screen calibrate`; those built in if absent.
    pub weights: Option<PathBuf>,
    /// Shares of unlisted travellers that may be shown by mistake.
    pub alert_budget: Option<AlertBudget>,
    /// Public key of the central where the list is kept, if it is not kept here: `central list receive` takes over what it has signed.
    pub publisher: Option<AuthorityPublicKey>,
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

impl Config {
    /// Reads the file and makes its paths absolute.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        let mut config: Self = toml::from_str(&text)
            .with_context(|| format!("{} is not a configuration of central", path.display()))?;
        let dir = path.parent().unwrap_or(Path::new("."));
        let tls = &mut config.tls;
        for file in [
            &mut config.database,
            &mut tls.ca,
            &mut tls.certificate,
            &mut tls.key,
        ]
        .into_iter()
        .chain(config.bound_address_file.as_mut())
        .chain(
            config
                .authorities
                .iter_mut()
                .flat_map(AuthorityConfig::files),
        ) {
            *file = dir.join(&*file);
        }
        Ok(config)
    }

    /// The key that signs an authority's list where it is kept.
    pub fn publisher(&self, authority: &AuthorityId) -> anyhow::Result<AuthorityPublicKey> {
        let known = self.authorities.iter().find(|known| known.id == *authority);
        let known = known.with_context(|| format!("{authority} is not in the configuration"))?;
        known.publisher.with_context(|| {
            format!(
                "{authority} has no `publisher` in the configuration, whose public key it would be"
            )
        })
    }

    /// The authorities with their keys.
    pub fn authorities(&self) -> anyhow::Result<Vec<Authority>> {
        self.authorities.iter().map(AuthorityConfig::open).collect()
    }
}

impl AuthorityConfig {
    fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let profile = self.profile.iter_mut();
        let profile = profile.flat_map(|profile| [&mut profile.file, &mut profile.signer]);
        [&mut self.key]
            .into_iter()
            .chain(&mut self.trust)
            .chain(&mut self.weights)
            .chain(profile)
    }

    fn open(&self) -> anyhow::Result<Authority> {
        Ok(Authority {
            id: self.id.clone(),
            name: self.name.clone(),
            identity: self.identity,
            key: read_key(&self.key)?,
            list: self.list.clone(),
            list_age_limit_s: self.list_age_limit_s,
            trust: self.trust.as_deref().map(read_trust).transpose()?,
            weights: match &self.weights {
                Some(path) => Arc::new(read_weights(path)?),
                None => MatcherWeights::built_in(),
            },
            budget: self.alert_budget.unwrap_or_default(),
            profile: Arc::new(match &self.profile {
                Some(config) => read_profile(config)?,
                None => Profile::default(),
            }),
        })
    }
}

/// An authority whose profile cannot be believed does not start with another one.
fn read_profile(config: &ProfileConfig) -> anyhow::Result<Profile> {
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let signature = read(&config.file.with_added_extension("sig"))?;
    let signed = SignedProfile::open(&read(&config.file)?, &signature, &read(&config.signer)?);
    let signed = signed.with_context(|| {
        format!(
            "{} cannot be taken as the profile of run modes",
            config.file.display()
        )
    })?;
    tracing::info!(profile = %signed, "run modes");
    Ok(signed.profile)
}

fn read_weights(path: &Path) -> anyhow::Result<MatcherWeights> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    MatcherWeights::parse(&bytes)
        .with_context(|| format!("{} cannot be taken as weights", path.display()))
}

fn read_trust(folder: &Path) -> anyhow::Result<Arc<TrustStore>> {
    let unreadable = || {
        format!(
            "cannot read the trusted certificates in {}",
            folder.display()
        )
    };
    let mut material = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let bytes = fs::read(&path).with_context(unreadable)?;
        material.push((path, bytes));
    }
    let mut store = TrustStore::default();
    let refused = |(path, error): (PathBuf, MaterialError)| {
        anyhow!(
            "{} cannot be taken into the trust store: {error}",
            path.display()
        )
    };
    let left = store.add_all(material, |path| path.display().to_string());
    if let Some(first) = left.map_err(refused)?.into_iter().next() {
        return Err(refused(first));
    }
    anyhow::ensure!(
        !store.is_empty(),
        "{} holds no certificate",
        folder.display()
    );
    Ok(Arc::new(store))
}

fn read_key(path: &Path) -> anyhow::Result<AuthorityKey> {
    let text = Zeroizing::new(fs::read_to_string(path).with_context(|| {
        format!(
            "cannot read {}; create it with `central authority add`",
            path.display()
        )
    })?);
    let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map(Zeroizing::new);
    let seed = bytes
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
    let seed = Zeroizing::new(seed.ok_or_else(|| {
        anyhow!(
            "{} is not a signing key: 32 bytes in base64url are expected",
            path.display()
        )
    })?);
    Ok(AuthorityKey::from_seed(&seed))
}
