//! The link to one authority's `central`: HTTPS over TLS 1.3 with the gate's client certificate.
//!
//! What comes back is believed only as far as its signature goes: a verdict that does not verify is no verdict.

use std::time::Duration;

use egate_types::{AuthorityId, InspectionId, LaneId};
use egate_wire::v1::{
    AuthorityPublicKey, ComparisonBatch, DecisionEnvelope, ErrorBody, EvidenceSubmission, LaneView,
    ListState, OpenInspection, PassageRecord, ReferralNotice, SignedVerdict, path,
};
use reqwest::{Client, Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{AuthorityConfig, TlsConfig};

/// One request until its answer; a verdict later than the lane's limit is of no use.
const REQUEST_MS_MAX: u64 = 4_000;
/// Held open by the server while there is no decision.
const DECISION_WAIT_MS: u64 = 10_000;

/// Why an authority did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No connection, or it broke.
    #[error("authority {authority} cannot be reached")]
    Unreachable {
        /// Who.
        authority: AuthorityId,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It answered, with a refusal.
    #[error("authority {authority} answered {status}: {what}; {next}")]
    Refused {
        /// Who.
        authority: AuthorityId,
        /// HTTP status.
        status: u16,
        /// What it said.
        what: String,
        /// What to do.
        next: String,
    },
}

/// Why no link can be set up.
#[derive(Debug, thiserror::Error)]
pub enum LinkSetupError {
    /// A PEM file cannot be read.
    #[error("TLS file {path} cannot be used; issue it again with `central pki gate`")]
    Pem {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The TLS library refuses the material.
    #[error("TLS material is refused")]
    Tls(#[source] reqwest::Error),
    /// The authority's key is not a key.
    #[error("public key of authority {0} is not valid")]
    Key(AuthorityId),
}

/// The link to one authority; clones share the connections.
#[derive(Debug, Clone)]
pub struct Link {
    authority: AuthorityId,
    base: String,
    key: AuthorityPublicKey,
    client: Client,
}

/// One HTTPS client for all authorities of the gate.
pub fn client(tls: &TlsConfig) -> Result<Client, LinkSetupError> {
    // Fails only if a provider is already installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = |path: &std::path::Path| {
        std::fs::read(path).map_err(|source| LinkSetupError::Pem {
            path: path.to_owned(),
            source,
        })
    };
    let mut identity = read(&tls.certificate)?;
    identity.extend(read(&tls.key)?);
    let root = reqwest::Certificate::from_pem(&read(&tls.root)?).map_err(LinkSetupError::Tls)?;
    let identity = reqwest::Identity::from_pem(&identity).map_err(LinkSetupError::Tls)?;
    Client::builder()
        .use_rustls_tls()
        .tls_built_in_root_certs(false)
        .add_root_certificate(root)
        .identity(identity)
        .min_tls_version(reqwest::tls::Version::TLS_1_3)
        .https_only(true)
        .no_proxy()
        .connect_timeout(Duration::from_millis(REQUEST_MS_MAX / 2))
        .build()
        .map_err(LinkSetupError::Tls)
}

impl Link {
    /// Sets up the link; nothing is sent yet.
    pub fn new(config: &AuthorityConfig, client: Client) -> Result<Self, LinkSetupError> {
        let key = AuthorityPublicKey::parse(&config.public_key)
            .map_err(|_| LinkSetupError::Key(config.id.clone()))?;
        let base = config.url.trim_end_matches('/').to_owned();
        Ok(Self {
            authority: config.id.clone(),
            base,
            key,
            client,
        })
    }

    /// Whose link this is.
    pub fn authority(&self) -> &AuthorityId {
        &self.authority
    }

    /// The key its verdicts are signed with.
    pub fn key(&self) -> &AuthorityPublicKey {
        &self.key
    }

    /// Announces an inspection so that screening starts while the chip is still being read.
    pub async fn open(&self, message: &OpenInspection) -> Result<ListState, LinkError> {
        let path = path::inspection(&self.authority, message.inspection);
        self.answer(self.request(Method::PUT, &path).json(message))
            .await
    }

    /// Submits the evidence; the verdict comes back signed.
    pub async fn verdict(
        &self,
        inspection: InspectionId,
        evidence: &EvidenceSubmission,
    ) -> Result<SignedVerdict, LinkError> {
        let path = path::verdict(&self.authority, inspection);
        self.answer(self.request(Method::POST, &path).json(evidence))
            .await
    }

    /// Calls the authority's officers.
    pub async fn refer(&self, notice: &ReferralNotice) -> Result<(), LinkError> {
        self.put(&path::referral(&self.authority, notice.inspection), notice)
            .await
    }

    /// Delivers a record; delivering it again changes nothing.
    pub async fn record(&self, record: &PassageRecord) -> Result<(), LinkError> {
        self.put(&path::record(&self.authority, record.inspection), record)
            .await
    }

    /// Delivers what was counted of face comparisons; delivering it again changes nothing.
    pub async fn comparisons(&self, batch: &ComparisonBatch) -> Result<(), LinkError> {
        let path = path::comparisons(&self.authority, &batch.lane, batch.began_at);
        self.put(&path, batch).await
    }

    /// Shows the officers what the lane is doing.
    pub async fn view(&self, view: &LaneView) -> Result<(), LinkError> {
        self.put(&path::view(&self.authority, &view.lane), view)
            .await
    }

    /// Waits for officers' decisions later than `after`; empty if there were none for a while.
    pub async fn decisions(
        &self,
        lane: &LaneId,
        after: u64,
    ) -> Result<Vec<DecisionEnvelope>, LinkError> {
        let path = path::decisions(&self.authority, lane, after, DECISION_WAIT_MS);
        let patience = Duration::from_millis(DECISION_WAIT_MS + REQUEST_MS_MAX);
        self.answer(self.request(Method::GET, &path).timeout(patience))
            .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .timeout(Duration::from_millis(REQUEST_MS_MAX))
    }

    async fn put<T: Serialize + Sync>(&self, path: &str, body: &T) -> Result<(), LinkError> {
        self.send(self.request(Method::PUT, path).json(body))
            .await
            .map(|_| ())
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, LinkError> {
        let response = self.send(request).await?;
        response
            .json()
            .await
            .map_err(|source| self.unreachable(source))
    }

    async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response, LinkError> {
        let response = request
            .send()
            .await
            .map_err(|source| self.unreachable(source))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let (what, next) = match response.json::<ErrorBody>().await {
            Ok(body) => (body.what, body.next),
            Err(_) => (
                String::from("no explanation"),
                String::from("see the service's log"),
            ),
        };
        Err(LinkError::Refused {
            authority: self.authority.clone(),
            status,
            what,
            next,
        })
    }

    fn unreachable(&self, source: reqwest::Error) -> LinkError {
        LinkError::Unreachable {
            authority: self.authority.clone(),
            source: source.without_url(),
        }
    }
}
