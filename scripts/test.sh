#!/usr/bin/env bash
# Runs every test of the workspace; shows compilation, failures and sums; the whole log stays in
# target/test.log. Ends with the name of every test that was not run.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
log=$target/test.log
mkdir -p "$target"

status=0
# The programs first: tests of the whole system start them as processes of their own.
cargo build --workspace --release --locked --bins
cargo test --workspace --release --locked --no-fail-fast "$@" 2>&1 | tee "$log" |
    sed -u -e '/^test .* \.\.\. ok$/d' -e '/^running [0-9]* tests\{0,1\}$/d' -e '/^$/d' \
        -e '/^test result: ok\. 0 passed; 0 failed; 0 ignored;/d' || status=$?

echo
echo "Tests that were not run (set what they need in place to run them):"
awk '
    /^ +Running / { suite = $0; sub(/^ +Running /, "", suite); sub(/ \(.*/, "", suite)
                    binary = $0; sub(/.*\//, "", binary); sub(/-[0-9a-f]+\)$/, "", binary) }
    /^ +Doc-tests / { binary = $2; suite = "documentation" }
    /^test .* \.\.\. ignored/ {
        name = $0; sub(/^test /, "", name); sub(/ \.\.\. ignored,? ?/, "  -- ", name)
        print "  " binary " (" suite "): " name; ignored++
    }
    /^test result: / { passed += $4; failed += $6 }
    END { if (!ignored) print "  none"
          printf "Sum: %d passed, %d failed, %d not run\n", passed, failed, ignored }
' "$log"
exit "$status"
