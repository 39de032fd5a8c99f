//! Documents in travellers' hands: whole virtual passports that attach to the lane's reader when they are placed on it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use egate_hardware::card::{AttachedChip, Remover};
use egate_hardware::sim::{DocumentId, DocumentSlot};
use egate_icao::chip::ChipFault;
use egate_icao::chip::passport::Passport;

use crate::clock::random;

/// A document and how its chip misbehaves.
#[derive(Clone)]
pub struct Document {
    /// Files, zone, chip.
    pub passport: Passport,
    /// Faults of its chip.
    pub faults: Vec<ChipFault>,
}

/// The chips of one lane's travellers.
pub struct Chips {
    reader: Mutex<Option<SocketAddr>>,
    documents: Mutex<BTreeMap<u64, Document>>,
    lying: Mutex<Option<DocumentId>>,
    on_reader: Arc<Mutex<Option<Remover>>>,
}

impl Chips {
    /// None yet; the reader's address is told later, when the gate has chosen its port.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            reader: Mutex::new(None),
            documents: Mutex::new(BTreeMap::new()),
            lying: Mutex::new(None),
            on_reader: Arc::new(Mutex::new(None)),
        })
    }

    /// Where the gate's reader listens. A document that lies there already is in the new reader's field at once.
    pub fn set_reader(&self, address: SocketAddr) {
        *lock(&self.reader) = Some(address);
        let lying = *lock(&self.lying);
        if let Some(id) = lying {
            self.attach(id);
        }
    }

    /// Puts a document into a traveller's hands.
    pub fn hand_out(&self, id: DocumentId, document: Document) {
        lock(&self.documents).insert(id.0, document);
    }

    fn attach(&self, id: DocumentId) {
        let (Some(document), Some(reader)) = (
            lock(&self.documents).get(&id.0).cloned(),
            *lock(&self.reader),
        ) else {
            return;
        };
        let on_reader = self.on_reader.clone();
        tokio::task::spawn_blocking(move || {
            let Ok(attached) = AttachedChip::connect(reader) else {
                return;
            };
            let Ok(remover) = attached.remover() else {
                return;
            };
            *lock(&on_reader) = attached.remover().ok();
            let Ok(mut chip) = document.passport.chip(document.faults) else {
                return;
            };
            let _ = attached.serve(&mut chip, random);
            // A chip that left the field by its own fault: now its line is dead too.
            let _ = remover.remove();
        });
    }
}

impl DocumentSlot for Chips {
    fn place(&self, id: DocumentId) {
        *lock(&self.lying) = Some(id);
        self.attach(id);
    }

    fn remove(&self) {
        *lock(&self.lying) = None;
        if let Some(remover) = lock(&self.on_reader).take() {
            let _ = remover.remove();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
