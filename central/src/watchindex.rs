//! Long lists on the shell's side: snapshots as mapped files, lists that change while they are searched, and what that costs.

pub mod bench;
pub mod live;
mod population;
