//! A virtual passport is read through the real PC/SC stack: pcscd, vpcd's reader, the `pcsc` crate.
//!
//! Needs the Debian packages `pcscd` and `vsmartcard-vpcd`; `make test` installs them. A pcscd that runs already is used; otherwise
//! one is started in the foreground and stopped at the end.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod passport;

use std::{
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use egate_hardware::card::{
    AttachedChip, CardReader, Detached, PcscReader, Remover, read_document,
};
use passport::{Passport, serve};

/// vpcd's first slot and the name Debian's package gives it.
const PORT: u16 = 35_963;
const READER: &str = "Virtual PCD 00 00";

/// The machine has one such reader: tests take turns.
static READER_IN_USE: Mutex<()> = Mutex::new(());

struct Service {
    started: Option<Child>,
    _turn: MutexGuard<'static, ()>,
}

impl Service {
    fn running() -> Self {
        let turn = READER_IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        if pcsc::Context::establish(pcsc::Scope::User).is_ok() {
            return Self {
                started: None,
                _turn: turn,
            };
        }
        std::fs::create_dir_all("/run/pcscd")
            .expect("pcscd needs the folder /run/pcscd: run as root or create it");
        let mut child = Command::new("pcscd")
            .args(["--foreground", "--info"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pcscd does not start: apt-get install pcscd vsmartcard-vpcd");
        // pcscd opens its socket some moments after it logs that it is ready, and tells nobody: ask until it answers.
        let answers = (0..250).any(|_| {
            thread::park_timeout(Duration::from_millis(20));
            pcsc::Context::establish(pcsc::Scope::User).is_ok()
        });
        let ended = child.try_wait().unwrap();
        assert!(answers, "pcscd does not answer; ended: {ended:?}");
        Self {
            started: Some(child),
            _turn: turn,
        }
    }
}

impl Drop for Service {
    /// SIGTERM, so that pcscd removes its socket.
    fn drop(&mut self) {
        if let Some(mut child) = self.started.take() {
            let told = Command::new("kill").arg(child.id().to_string()).status();
            if !told.is_ok_and(|status| status.success()) {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}

/// Puts a passport on the reader once the one before is known to be gone.
fn attach() -> AttachedChip {
    let mut reader = PcscReader::new(READER).unwrap();
    let empty = (0..20).any(|_| reader.wait_for_removal(1_000).unwrap());
    assert!(empty, "another card lies on the virtual reader");
    AttachedChip::connect(("127.0.0.1", PORT))
        .expect("no vpcd behind pcscd: apt-get install vsmartcard-vpcd, then restart pcscd")
}

/// Changes of the reader may come in several steps; each wait returns at the latest after its time.
fn wait(reader: &mut PcscReader) -> egate_hardware::card::Card {
    (0..20)
        .find_map(|_| reader.wait_for_card(1_000).unwrap())
        .expect("pcscd reports no card in the virtual reader")
}

/// Takes the passport away also when the test fails, which would wait for the chip's thread for ever.
struct TakenAway(Remover);

impl Drop for TakenAway {
    fn drop(&mut self) {
        let _ = self.0.remove();
    }
}

#[test]
fn pcsc_end_to_end() {
    let service = Service::running();
    let passport = Passport::new();
    let attached = attach();
    let remover = TakenAway(attached.remover().unwrap());
    let chip = passport.chip(vec![]);
    thread::scope(|scope| {
        let remover = remover;
        let serving = scope.spawn(move || serve(attached, chip));
        let mut reader = PcscReader::new(READER).unwrap();
        let mut card = wait(&mut reader);
        let mut commands = 0;
        let key = passport.printed().access_key;
        let files = read_document(card.as_mut(), &key, [3; 8], [4; 16], |_| commands += 1).unwrap();
        passport.assert_genuine(&files);
        assert!(
            commands < 25,
            "{commands} commands: extended length was not used"
        );
        drop(card);
        drop(remover);
        assert_eq!(serving.join().unwrap(), Detached::ByReader);
    });
    drop(service);
}
