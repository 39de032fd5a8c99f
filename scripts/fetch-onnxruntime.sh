#!/usr/bin/env bash
# Puts the pinned ONNX Runtime library at .runtime/onnxruntime/libonnxruntime.so.
# It comes out of the ordinary Python wheel; wheel and library must both have the hashes below.
# Safe to run again: with the right library in place it does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.32.0
wheel=onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl
wheel_sha256=5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d
member=onnxruntime/capi/libonnxruntime.so.1.32.0
library_sha256=6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f
target=.runtime/onnxruntime/libonnxruntime.so

fail() {
    echo "onnxruntime: $1" >&2
    echo "onnxruntime: next: $2" >&2
    exit 1
}

has_hash() { [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

if [ -f "$target" ] && has_hash "$target" "$library_sha256"; then
    echo "onnxruntime: $version is in place"
    exit 0
fi

machine=$(uname -m)
[ "$machine" = x86_64 ] || fail "no library is pinned for $machine yet, only for x86_64" \
    "install ONNX Runtime $version for $machine and point ORT_DYLIB_PATH at its libonnxruntime.so"
command -v python3 >/dev/null || fail "python3 is missing" "apt-get install python3"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if python3 -m pip --version >/dev/null 2>&1; then
    pip=(python3 -m pip)
else
    echo "onnxruntime: python3 has no pip, making a virtual environment for it"
    python3 -m venv "$scratch/venv" ||
        fail "no pip and no virtual environment to put it in" "apt-get install python3-venv"
    pip=("$scratch/venv/bin/python" -m pip)
fi

echo "onnxruntime: downloading $wheel (27 MB)"
"${pip[@]}" download --disable-pip-version-check --no-deps --only-binary :all: \
    --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 \
    --dest "$scratch" "onnxruntime==$version" ||
    fail "pip could not download onnxruntime $version" "check the network and pip's index settings, then run this again"
[ -f "$scratch/$wheel" ] || fail "pip downloaded something other than $wheel" "check pip's index settings"
has_hash "$scratch/$wheel" "$wheel_sha256" ||
    fail "$wheel does not have the pinned SHA-256" "do not use it; check pip's index settings"

echo "onnxruntime: extracting the library"
python3 - "$scratch/$wheel" "$member" "$scratch/library" <<'PYTHON'
import shutil, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, "wb") as out:
    shutil.copyfileobj(source, out)
PYTHON
has_hash "$scratch/library" "$library_sha256" ||
    fail "the library in $wheel does not have the pinned SHA-256" "do not use it; report this"

mkdir -p "$(dirname "$target")"
# Beside the target first, then renamed: an interrupted run leaves no half library.
mv "$scratch/library" "$target.new"
mv "$target.new" "$target"
echo "onnxruntime: $version is in place at $target"
