#!/usr/bin/env bash
# Installs what building, testing and the demo need on Debian 12 or Ubuntu, and nothing that is there.
# Safe to run again at any time; says nothing but one line when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

# One line per purpose: packages, then why.
packages=(
    build-essential pkg-config             # C compiler and library lookup for sqlx, ring, openssl
    libssl-dev                             # RSA and brainpool signatures of travel documents
    clang libclang-dev                     # the opencv crate generates its bindings with libclang
    libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libopencv-videoio-dev
    pcscd libpcsclite-dev                  # chip reader
    vsmartcard-vpcd                        # virtual reader: the simulated chip goes through real PC/SC
    fonts-noto-cjk fonts-noto-core         # type of the traveller display
    python3 python3-pip python3-venv       # fetches ONNX Runtime out of its Python package
)

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$1" >&2
    printf 'setup: next: %s\n' "$2" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

installed() { # prints those of its arguments that dpkg knows as installed
    # dpkg-query fails when one name is unknown and still lists the others.
    dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        sed -n 's/^installed //p' || true
}

has_browser() {
    local name
    if [ -n "$(installed chromium)" ] && [ "$distribution" = debian ]; then return 0; fi
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        # Ubuntu's /usr/bin/chromium-browser may be a mere hint to install the snap.
        if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

# A python3 that is not Debian's serves as well, as long as it can make a virtual environment.
has_python() { python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

missing_packages() {
    local present name
    present=$(installed "${packages[@]}")
    for name in "${packages[@]}"; do
        if grep -qxF "$name" <<<"$present"; then continue; fi
        case "$name" in python3*) if has_python; then continue; fi ;; esac
        echo "$name"
    done
    # Debian has a real chromium package; Ubuntu's is a snap, which a container cannot run.
    if [ "$distribution" = debian ] && ! has_browser; then echo chromium; fi
}

install_packages() {
    local missing=("$@") log
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        fail "these packages are missing and this is neither root nor is sudo here: ${missing[*]}" \
            "as root: apt-get install --no-install-recommends ${missing[*]}"
    fi
    log=$(mktemp)
    say "installing ${#missing[@]} missing packages: ${missing[*]}"
    say "1/2 reading package lists"
    as_root apt-get update -qq >"$log" 2>&1 || {
        tail -n 5 "$log" >&2
        fail "apt-get update failed" "check the network and /etc/apt/sources.list, then run it again"
    }
    say "2/2 downloading and unpacking (a few minutes on a bare machine)"
    # apt and dpkg speak line by line; one line per package is progress enough.
    as_root apt-get install -y --no-install-recommends "${missing[@]}" 2>&1 | tee "$log" |
        sed -u -n -e 's/^Need to get/setup:     need to get/p' -e 's/^Setting up \([^ ]*\).*/setup:     installed \1/p' || {
        grep -E '^(E|dpkg):' "$log" >&2 || tail -n 5 "$log" >&2
        fail "apt-get install failed" \
            "on Ubuntu enable 'universe' (add-apt-repository universe); else read the lines above"
    }
    rm -f "$log"
}

command -v apt-get >/dev/null ||
    fail "this is not Debian or Ubuntu: no apt-get" \
        "install the equivalents of: ${packages[*]} chromium; then set ORT_DYLIB_PATH and run cargo"
command -v cargo >/dev/null ||
    fail "cargo is not in PATH" "install Rust from https://rustup.rs, open a new shell, run it again"
distribution=$(. /etc/os-release && echo "${ID:-unknown}")

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then install_packages "${missing[@]}"; fi

has_browser || {
    say "warning: no Chromium or Chrome; the browser tests of the consoles will not run"
    say "next: 'snap install chromium' (Ubuntu), or install google-chrome-stable"
}

scripts/fetch-onnxruntime.sh

say "all there"
