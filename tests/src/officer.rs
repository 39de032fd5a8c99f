//! A simulated officer at a real console: signs in, sees the referred cases, decides with a reason.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use reqwest::Client;

/// A signed-in officer.
pub struct Officer {
    client: Client,
    console: String,
}

impl Officer {
    /// Signs in at `console` (`https://host:port`).
    pub async fn sign_in(
        console: &str,
        root_pem: &[u8],
        login: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        // Fails only if a provider is already installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .use_rustls_tls()
            .tls_built_in_root_certs(false)
            .add_root_certificate(reqwest::Certificate::from_pem(root_pem)?)
            .cookie_store(true)
            .no_proxy()
            .build()?;
        let response = client
            .post(format!("{console}/console/login"))
            .form(&[("login", login), ("password", password)])
            .send()
            .await?;
        ensure!(
            response.status().is_success(),
            "{login} cannot sign in: {}",
            response.status()
        );
        Ok(Self {
            client,
            console: console.to_owned(),
        })
    }

    /// The inspections on the page of referred cases.
    pub async fn cases(&self) -> anyhow::Result<BTreeSet<String>> {
        let page = self.page("/console/cases").await?;
        let link = "href=\"/console/cases/";
        Ok(page
            .split(link)
            .skip(1)
            .filter_map(|rest| rest.get(..36))
            .map(str::to_owned)
            .collect())
    }

    /// The page of one case.
    pub async fn case(&self, inspection: &str) -> anyhow::Result<String> {
        self.page(&format!("/console/cases/{inspection}")).await
    }

    /// The report on face comparisons.
    pub async fn comparisons(&self) -> anyhow::Result<serde_json::Value> {
        let report = self.page("/console/comparisons.json").await?;
        Ok(serde_json::from_str(&report)?)
    }

    /// Decides a case as the form on its page would.
    pub async fn decide(
        &self,
        inspection: &str,
        decision: &str,
        reason: &str,
    ) -> anyhow::Result<()> {
        let page = self.case(inspection).await?;
        let csrf = page
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .context("the case page has no form")?;
        let form = [
            ("csrf", csrf),
            ("decision", decision),
            ("reason", reason),
            ("remark", "decided at the simulated console"),
        ];
        let url = format!("{}/console/cases/{inspection}/decision", self.console);
        let response = self.client.post(url).form(&form).send().await?;
        ensure!(
            response.status().is_success(),
            "decision refused: {}",
            response.status()
        );
        Ok(())
    }

    async fn page(&self, path: &str) -> anyhow::Result<String> {
        let response = self
            .client
            .get(format!("{}{path}", self.console))
            .send()
            .await?;
        Ok(response.error_for_status()?.text().await?)
    }
}
