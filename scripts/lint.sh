#!/usr/bin/env bash
# Formatting, clippy, licences, sources, banned crates, advisories.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets --release --locked --quiet -- -D warnings
echo "lint: rustfmt and clippy passed"

if ! command -v cargo-deny >/dev/null; then
    echo "lint: installing cargo-deny (takes some minutes, once)"
    # Own target folder: its release build must not evict ours, nor be kept.
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    CARGO_TARGET_DIR=$scratch cargo install cargo-deny --locked --quiet || {
        echo "lint: NOT CHECKED: licences, bans, sources, advisories: cargo-deny cannot be installed"
        echo "lint: next: check the network, then: cargo install cargo-deny --locked"
        exit 0
    }
fi

cargo deny --locked --log-level error check --hide-inclusion-graph licenses bans sources

# The advisory database is a git repository of its own and may be out of reach where crates are not.
advisories=https://github.com/rustsec/advisory-db
if timeout 20 git ls-remote --quiet "$advisories" HEAD >/dev/null 2>&1; then
    cargo deny --locked --log-level error check --hide-inclusion-graph advisories
else
    echo "lint: NOT CHECKED: advisories: $advisories cannot be reached from here"
fi
