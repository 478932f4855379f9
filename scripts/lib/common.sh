# Sourced by the scripts beside it: where the project is, how to say what happens, how to become root.
# shellcheck shell=bash

POLYSYNC_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export POLYSYNC_ROOT
export LC_ALL=C.UTF-8

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' plain=''
fi

step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
warn() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; }
good() { printf '%s%s%s\n' "$green" "$*" "$plain"; }
die() {
    warn "$*"
    exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "need root (or sudo) for: $*"
    fi
}

# Compilers that may run at once: all cores, but no more than the memory carries (about 1.5 GB each).
build_jobs() {
    local cores memory_kib by_memory
    cores=$(nproc)
    memory_kib=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo 2>/dev/null || echo 4000000)
    by_memory=$((memory_kib / 1500000))
    [ "$by_memory" -ge 1 ] || by_memory=1
    [ "$cores" -le "$by_memory" ] && echo "$cores" || echo "$by_memory"
}

# build PRESET [TARGET…]: configures and builds; quiet unless it fails.
build() {
    local preset=$1 log
    shift
    log=$POLYSYNC_ROOT/build/$preset.log
    mkdir -p "$POLYSYNC_ROOT/build"
    local command=(cmake --build "$POLYSYNC_ROOT/build/$preset" -j "$(build_jobs)")
    [ $# = 0 ] || command+=(--target "$@")
    if ! (cd "$POLYSYNC_ROOT" && cmake --preset "$preset" && "${command[@]}") >"$log" 2>&1; then
        grep -nE 'error|FAILED|Error' -A6 "$log" | head -n 80 >&2
        warn "the build of preset $preset failed; all of it is in build/$preset.log"
        return 1
    fi
}

# install_node_packages FOLDER: what its lock file names, once.
install_node_packages() {
    local folder=$1 log=$POLYSYNC_ROOT/build/npm.log
    ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed" || return 0
    mkdir -p "$POLYSYNC_ROOT/build"
    if ! (cd "$folder" && npm ci --no-audit --no-fund && cp package-lock.json node_modules/.installed) >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        warn "npm ci failed in $folder; all of it is in build/npm.log"
        return 1
    fi
}
