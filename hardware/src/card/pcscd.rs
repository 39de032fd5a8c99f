//! A PC/SC service with virtual readers for simulations and tests (Debian's `pcscd` and `vsmartcard-vpcd`).

use std::{
    io,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Names of vpcd's two readers, and the loopback port on which each takes a virtual chip.
pub const VIRTUAL_READERS: [(&str, u16); 2] =
    [("Virtual PCD 00 00", 35_963), ("Virtual PCD 00 01", 35_964)];

/// How often a starting service is asked whether it answers, and how long apart.
const ASKED: u32 = 250;
const ASK_MS: u64 = 20;

/// The machine's PC/SC service: one that runs already, or one started here and stopped when this is dropped.
pub struct Pcscd(Option<Child>);

impl Pcscd {
    /// Uses the running service or starts one. Blocks until it answers.
    pub fn running() -> io::Result<Self> {
        let answers = || pcsc::Context::establish(pcsc::Scope::User).is_ok();
        if answers() {
            return Ok(Self(None));
        }
        let advice =
            |error: io::Error, what: &str| io::Error::new(error.kind(), format!("{what}: {error}"));
        std::fs::create_dir_all("/run/pcscd").map_err(|e| {
            advice(
                e,
                "pcscd needs the folder /run/pcscd; run as root or create it",
            )
        })?;
        let child = Command::new("pcscd")
            .arg("--foreground")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| {
                advice(
                    e,
                    "pcscd does not start; apt-get install pcscd vsmartcard-vpcd",
                )
            })?;
        let service = Self(Some(child));
        // It opens its socket some moments after it has started, and tells nobody.
        let up = (0..ASKED).any(|_| {
            thread::park_timeout(Duration::from_millis(ASK_MS));
            answers()
        });
        if up {
            Ok(service)
        } else {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "pcscd does not answer",
            ))
        }
    }
}

impl Drop for Pcscd {
    /// SIGTERM, so that pcscd removes its socket.
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else {
            return;
        };
        let told = Command::new("kill").arg(child.id().to_string()).status();
        if !told.is_ok_and(|status| status.success()) {
            let _ = child.kill();
        }
        let _ = child.wait();
    }
}
