//! `models fetch`: puts the model files that are not in the repository into a folder.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use egate_models::{EVALUATION, Manifest, ModelPath};
use reqwest::{Certificate, Client, StatusCode, header};

use crate::output;
use crate::place::Place;

/// Copies or downloads missing models and verifies them. Exit code 0 if all are in place afterwards, else 1.
///
/// Without --from each file comes from its publisher, if that has the file as it is; converted ones need a mirror: a folder or a
/// URL below which the files lie by name. An interrupted download goes on where it was. A file takes its name only after its
/// SHA-256 has been compared.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Mirror: a folder, or an http or https URL.
    #[arg(long)]
    from: Option<String>,
    /// Set to fetch; `evaluation` for the models that are for comparison only.
    #[arg(long, default_value = "open")]
    set: String,
    /// Certificates that https servers are checked against (PEM).
    #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt")]
    ca: PathBuf,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let manifest = arguments.place.manifest()?;
    if arguments.set != EVALUATION {
        manifest.set(&arguments.set)?;
    }
    let folder = manifest.models_folder(&arguments.set, arguments.place.named().as_deref())?;
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let failed = runtime.block_on(fetch_all(arguments, &manifest, &folder))?;
    output::line(&format!("models are in {}", folder.display()))?;
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// How many could not be fetched.
async fn fetch_all(
    arguments: &Arguments,
    manifest: &Manifest,
    folder: &Path,
) -> anyhow::Result<usize> {
    let mut failed = 0;
    let models = manifest.models().into_iter();
    for model in models.filter(|model| model.set == arguments.set) {
        let name = &model.file.name;
        let result = if model.file.read(folder).is_ok() {
            "is in place".to_owned()
        } else {
            match fetch(arguments, &model, folder).await {
                Ok(()) => "fetched, SHA-256 as in the manifest".to_owned(),
                Err(error) => {
                    failed += 1;
                    format!("FAILED: {error:#}")
                }
            }
        };
        output::line(&format!("{name:<32} {result}"))?;
    }
    Ok(failed)
}

async fn fetch(arguments: &Arguments, model: &ModelPath, folder: &Path) -> anyhow::Result<()> {
    let part = folder.join(format!("{}.part", model.file.name));
    let is_url = |from: &String| from.starts_with("http://") || from.starts_with("https://");
    match &arguments.from {
        Some(mirror) if is_url(mirror) => {
            let url = format!("{}/{}", mirror.trim_end_matches('/'), model.file.name);
            download(&url, model, &part, &arguments.ca).await?;
        }
        Some(mirror) => copy(&Path::new(mirror).join(&model.file.name), model, &part)?,
        None => {
            let url = model.url.as_ref().context(
                "its publisher does not have the file in this form: give a mirror with --from",
            )?;
            download(url, model, &part, &arguments.ca).await?;
        }
    }
    let bytes = read(&part, model.file.bytes)?;
    if let Err(error) = model.file.check(&part, &bytes) {
        // Nothing to resume: another try must begin anew.
        fs::remove_file(&part)?;
        return Err(error.into());
    }
    fs::rename(&part, folder.join(&model.file.name))?;
    Ok(())
}

fn copy(from: &Path, model: &ModelPath, part: &Path) -> anyhow::Result<()> {
    let bytes = read(from, model.file.bytes)?;
    fs::write(part, bytes).with_context(|| part.display().to_string())
}

/// At most one byte more than expected, so that a wrong file is noticed and never fills the memory.
fn read(path: &Path, expected: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| path.display().to_string())?;
    file.take(expected + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

async fn download(url: &str, model: &ModelPath, part: &Path, ca: &Path) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(part)
        .with_context(|| part.display().to_string())?;
    let mut have = file.seek(SeekFrom::End(0))?;
    if have > model.file.bytes {
        file.set_len(0)?;
        have = 0;
    }
    if have == model.file.bytes {
        return Ok(());
    }
    let mut request = client(url, ca)?.get(url);
    if have > 0 {
        request = request.header(header::RANGE, format!("bytes={have}-"));
    }
    let mut response = request.send().await?.error_for_status()?;
    if response.status() != StatusCode::PARTIAL_CONTENT {
        // The server does not resume: the whole file comes.
        file.set_len(0)?;
        have = 0;
    }
    let mut told = 0;
    while let Some(chunk) = response.chunk().await? {
        have += chunk.len() as u64;
        if have > model.file.bytes {
            file.set_len(0)?;
            bail!("more than the {} bytes of the manifest", model.file.bytes);
        }
        file.write_all(&chunk)?;
        let tenths = have * 10 / model.file.bytes;
        if tenths > told {
            told = tenths;
            let (name, all) = (&model.file.name, model.file.bytes);
            output::progress(format_args!("{name}: {have} of {all} bytes"));
        }
    }
    file.sync_all()?;
    Ok(())
}

fn client(url: &str, ca: &Path) -> anyhow::Result<Client> {
    // Fails only if a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT);
    if url.starts_with("https://") {
        let bundle = fs::read(ca).with_context(|| format!("--ca {}", ca.display()))?;
        for certificate in Certificate::from_pem_bundle(&bundle)? {
            client = client.add_root_certificate(certificate);
        }
    }
    Ok(client.build()?)
}

/// A mirror that cannot be reached is reported soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// A transfer that stands still this long is broken off; the next run resumes it.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
