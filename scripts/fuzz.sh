#!/usr/bin/env bash
# Fuzzes parsers of outside bytes with libFuzzer and AddressSanitizer.
#   scripts/fuzz.sh SECONDS [TARGET...]         finds go to tests/fuzz/corpus-local; a crash leaves its input there and ends the
#                                               run with an error
#   scripts/fuzz.sh --keep SECONDS [TARGET...]  remakes tests/fuzz/corpus, which is in the repository, from our own seeds alone
set -euo pipefail
cd "$(dirname "$0")/../tests/fuzz"

mode=fuzz
if [ "${1:-}" = --keep ]; then
    mode=keep
    shift
fi
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
programs=$CARGO_TARGET_DIR/$host/release

if [ $# -eq 0 ]; then
    set -- $(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v egate-fuzz)
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Real structures to start from, where the developer data lies beside the repository.
shared=../../../shared/passport
shared_folders() {
    case $1 in
    cms) echo "$shared/sod" "$shared/trust/csca-id" "$shared/eac" "$shared"/synthetic/*/ ;;
    lds) echo "$shared"/lds/*/ "$shared"/synthetic/*/ ;;
    images) echo "$shared/images" ;;
    esac
}

# libFuzzer on a target; its words that matter. Its exit status is the pipe's.
run() {
    local target=$1
    shift
    "$programs/$target" "$@" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 2>&1 |
        grep -E '^(stat::number|stat::average|Done|SUMMARY|MERGE-OUTER:|==.*ERROR|ALARM)|panicked' ||
        [ "${PIPESTATUS[0]}" -eq 0 ]
}

fuzz() {
    local target=$1 from= folder
    mkdir -p "corpus-local/$target"
    # The seeds too: what a decoder in C does with them is not seen as code reached, so that the corpus may lack them.
    [ -d "$scratch/$target" ] || "$programs/seeds" "$scratch"
    for folder in "$scratch/$target" "corpus/$target" "regressions/$target" $(shared_folders "$target"); do
        [ -d "$folder" ] && from+=" $folder"
    done
    # shellcheck disable=SC2086
    run "$target" "corpus-local/$target" $from -max_total_time="$seconds" -max_len=32768 \
        -artifact_prefix="corpus-local/$target-"
}

# What is kept is small: it is replayed with every test run, and never leaves the repository's history.
files_max=150
bytes_max=300000
input_bytes_max=4096

# Grows a corpus where nothing but our own seeds is, and keeps the fewest inputs that reach as much code.
keep() {
    local target=$1 grown="$scratch/$1-grown" kept="$scratch/$1-kept"
    mkdir -p "$grown" "$kept" "corpus/$target"
    [ -d "$scratch/$target" ] || "$programs/seeds" "$scratch"
    run "$target" "$grown" "$scratch/$target" "corpus/$target" -max_total_time="$seconds" \
        -max_len=$input_bytes_max -artifact_prefix="corpus-local/$target-"
    run "$target" -set_cover_merge=1 -use_counters=0 -max_len=$input_bytes_max \
        "$kept" "$scratch/$target" "corpus/$target" "$grown"
    # The smallest reach least on their own.
    while [ "$(ls "$kept" | wc -l)" -gt $files_max ]; do rm "$kept/$(ls -Sr "$kept" | head -n 1)"; done
    while [ "$(cat "$kept"/* | wc -c)" -gt $bytes_max ]; do rm "$kept/$(ls -S "$kept" | head -n 1)"; done
    rm -rf "corpus/$target"
    mv "$kept" "corpus/$target"
}

mkdir -p corpus-local
for target in "$@"; do
    echo "fuzz: $target for $seconds s"
    "${mode}" "$target"
done
