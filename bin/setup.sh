# Sourced by bin/run, bin/test and bin/prove: native parts and Python packages, installed only where they are missing.
# Callers work from the project's root; `fail` and `say` name the caller.
# shellcheck shell=sh

cd "$(dirname "$0")/.." || exit 1
me=bin/${0##*/}

say() { printf '%s: %s\n' "$me" "$*"; }
fail() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }

# Two of these commands started at once wait for each other until the set-up is done; `environment` ends that.
if command -v flock >/dev/null; then
    exec 9>.setup.lock
    flock 9
fi

# python PROGRAM: runs it with the first Python that may carry the environment.
python() { python3 -c "$1" >/dev/null 2>&1; }

# The questions that decide what to install: each asks for the thing, not for a package, so other systems can have it too.
has_python() { python 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'; }
has_pango() {
    python 'import ctypes
for name in ("libgobject-2.0.so.0", "libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"): ctypes.CDLL(name)'
}
has_postgresql() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
has_chromium_headless_shell() { command -v chromium-headless-shell >/dev/null; }
has_libatomic() { python 'import ctypes; ctypes.CDLL("libatomic.so.1")'; } # what drives the browser is linked to it

# native PART...: makes the parts be there, or says in one line what to install.
native() {
    packages=
    for part; do
        "has_$part" && continue
        case $part in
            python) packages="$packages python3 python3-venv" ;;
            pango) packages="$packages libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" ;;
            libatomic) packages="$packages libatomic1" ;;
            chromium_headless_shell) packages="$packages chromium-headless-shell" ;;
            *) packages="$packages $part" ;;
        esac
    done
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "please install these first (names of Debian packages):$packages"
    fi
    say "installing Debian packages:$packages"
    log=$(mktemp)
    # shellcheck disable=SC2086
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $packages; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        fail "apt-get could not install:$packages (its whole output: $log)"
    fi
    rm -f "$log"
    for part; do "has_$part" || fail "$part is still not usable after installing:$packages"; done
}

# What .venv was made from: this place (its scripts name it) and the lock file.
made_from() { pwd && cat "$1"; }

# environment LOCK: .venv holds what LOCK names, checked against its hashes, and the command `portal`. The last step of set-up.
environment() {
    install_environment "$1"
    exec 9>&-
}

install_environment() {
    if ! .venv/bin/python -c '' 2>/dev/null || [ "$(head -n 1 .venv/made-from-requirements.lock 2>/dev/null)" != "$(pwd)" ]; then
        say "making the Python environment .venv"
        python3 -m venv --clear .venv
    fi
    if made_from "$1" | cmp -s - ".venv/made-from-$1"; then return 0; fi
    rm -f .venv/made-from-*
    say "installing Python packages from $1 (about a minute, only when it changed)"
    pip install --require-hashes --only-binary :all: --requirement "$1" || fail "pip could not install $1"
    # From here, with the locked setuptools and nothing from outside: an editable install is one path and one script.
    pip install --no-deps --no-build-isolation --no-index --config-settings editable_mode=compat --editable . \
        || fail "pip could not install the project"
    for lock in requirements.lock "$1"; do made_from "$lock" >".venv/made-from-$lock"; done
}

pip() { .venv/bin/python -m pip --quiet --disable-pip-version-check --no-input "$@"; }
