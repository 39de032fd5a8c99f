#!/usr/bin/env bash
# Fuzzes parsers of outside bytes with libFuzzer and AddressSanitizer: scripts/fuzz.sh SECONDS [TARGET...]
# Corpora grow in tests/fuzz/corpus; a crash leaves its input beside them and ends the run with an error.
set -euo pipefail
cd "$(dirname "$0")/../tests/fuzz"

seconds=${1:?how many seconds per target}
shift
host=$(rustc -vV | sed -n 's/^host: //p')
# The sanitizer and its coverage are unstable flags; the pinned stable compiler takes them with this switch.
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target}/fuzz
cargo build --release --locked --target "$host"

if [ $# -eq 0 ]; then
    set -- $(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v egate-fuzz)
fi
# Real structures to start from, where the developer data lies beside the repository.
shared=../../../shared/passport
seeds() {
    case $1 in
    cms) echo "$shared/sod" "$shared/trust/csca-id" "$shared/eac" "$shared"/synthetic/* ;;
    lds) echo "$shared"/lds/* "$shared"/synthetic/* ;;
    images) echo "$shared/images" ;;
    esac
}

for target in "$@"; do
    mkdir -p "corpus/$target"
    echo "fuzz: $target for $seconds s"
    from=
    for folder in $(seeds "$target"); do [ -d "$folder" ] && from+=" $folder"; done
    # shellcheck disable=SC2086
    "$CARGO_TARGET_DIR/$host/release/$target" "corpus/$target" $from -max_total_time="$seconds" -timeout=10 -max_len=32768 \
        -rss_limit_mb=2048 -artifact_prefix="corpus/$target-" -print_final_stats=1 2>&1 |
        grep -E '^(stat::number|stat::average|Done|SUMMARY|==.*ERROR|ALARM)|panicked' || [ "${PIPESTATUS[0]}" -eq 0 ]
done
