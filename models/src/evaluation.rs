//! Error rates of comparison (ISO/IEC 19795-1) and of attack detection (ISO/IEC 30107-3) from scores.
//!
//! **Invariant:** no I/O. Texts of tables and arrays of scores come in, rates and texts of reports go out; what
//! reads files and runs networks is the program `models`.
//!
//! Conventions, the same in every table this module makes:
//!
//! - A *score* has four decimals, as it is published; every figure is computed from the published scores, so
//!   anybody can compute it again from `scores.csv`.
//! - *FNMR(t)*: share of genuine comparisons with a score below `t`. *FMR(t)*: share of impostor comparisons at
//!   or above it. The threshold at an FMR is the smallest score at which no more than that share matches.
//! - An image without a face (failure to acquire) has no score. Its genuine comparisons count as non-matches at
//!   every threshold: that traveller is turned away. Its impostor comparisons count nowhere: a system must not
//!   lower its FMR by failing. The numbers of both are given, so that the rates of ISO/IEC 19795-1 over the
//!   comparisons made can be had from them; without failures the two are equal.
//! - Intervals are 95 %, by resampling people and not comparisons ([`bootstrap`]).

pub use egate_types::interval;

pub mod bootstrap;
pub mod comparison;
pub mod curve;
pub mod groups;
pub mod html;
pub mod markdown;
pub mod presentation;
pub mod score;
pub mod svg;
pub mod table;
