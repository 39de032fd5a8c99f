//! ICAO Doc 9303: from the lines of a machine readable zone to a judged electronic document.
//!
//! **Invariant:** no I/O, no clock, no randomness: bytes, dates and random numbers are arguments.
//!
//! | step | module |
//! |---|---|
//! | the MRZ names the document and opens its chip | [`mrz`] |
//! | commands and responses of ISO 7816-4 | [`apdu`], [`tlv`] |
//! | which access protocols the chip offers, over which groups | [`security_infos`], [`domain_parameters`] |
//! | Basic Access Control | [`bac`] |
//! | Password Authenticated Connection Establishment | [`pace`], [`key_derivation`] |
//! | the protected channel | [`secure_messaging`] |
//! | reading the chip, one response at a time | [`session`] |
//! | what the files say | [`lds`], [`sod`] |
//! | portraits as pixels | [`portrait`] |
//! | signed data and certificates | [`cms`], [`certificate`] |
//! | who signed them, and whether they are intact | [`trust`], [`verify`] |
//! | is it the chip that was issued | [`active_authentication`], [`chip_authentication`] |
//! | may the terminal read fingers | [`cv_certificate`], [`terminal_authentication`] |
//! | all of it kept, and judged again elsewhere | [`evidence`] |
//! | judgements as JSON with fixed keys | [`report`] |
//! | the chip's own side, for simulators (feature `chip`) | `chip` |
//!
//! Structures are read with our own TLV reader over the bytes as received, because signatures are over those bytes and
//! never over a re-encoding; OpenSSL does the mathematics, as it alone knows every curve and parameter form in use.

pub mod active_authentication;
pub mod apdu;
pub mod bac;
pub mod certificate;
#[cfg(feature = "chip")]
pub mod chip;
pub mod chip_authentication;
mod ciphers;
pub mod cms;
mod countries;
pub mod cv_certificate;
mod der;
pub mod domain_parameters;
pub mod evidence;
pub mod key_derivation;
pub mod lds;
pub mod limits;
pub mod mrz;
pub mod pace;
pub mod portrait;
pub mod report;
pub mod secure_messaging;
pub mod security_infos;
pub mod session;
mod signature;
pub mod sod;
pub mod terminal_authentication;
pub mod tlv;
pub mod trust;
pub mod verify;

pub use der::DerError;
