# What ./run and ./check share: packages, the Python environment, builds. Sourced by them, with the
# project's folder as the current one. Everything here is silent and quick when there is nothing to do.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die MESSAGE [REMEDY]: a message says what failed, a remedy what to do about it.
die() {
    say "$1"
    if [ $# -gt 1 ]; then printf '  %s\n' "$2" >&2; fi
    exit 1
}

setup_log=artifacts/logs/setup.log

# The lines of a list file without its comments.
list_of() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"; }

# setup_packages FILE...: installs the Debian packages named there that are missing.
setup_packages() {
    local wanted missing="" package as_root=() update install
    if [ -n "${FORKERNEL_NO_PACKAGES:-}" ]; then return; fi
    wanted=$(list_of "$@")
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        die "cannot install packages: this is not Debian or one of its relatives" \
            "install these yourself, then set FORKERNEL_NO_PACKAGES=1: ${wanted//$'\n'/ }"
    fi
    local installed
    # shellcheck disable=SC2086  # one word a package
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true)
    for package in $wanted; do
        if ! grep -qx "installed $package" <<<"$installed"; then missing+=" $package"; fi
    done
    if [ -z "$missing" ]; then return; fi

    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            die "cannot install packages: neither root nor sudo" \
                "as root: apt-get update && apt-get install --no-install-recommends$missing"
        fi
        as_root=(sudo)
    fi
    mkdir -p "${setup_log%/*}"
    say "installing Debian packages:$missing"
    # sudo may ask for the password, and does so on the terminal, not on these descriptors.
    update=("${as_root[@]}" apt-get update -q)
    install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y
        --no-install-recommends -o DPkg::Lock::Timeout=300)
    if ! "${update[@]}" </dev/null >"$setup_log" 2>&1; then
        # One unreachable source among several is no reason to stop.
        say "apt-get update had errors, see $setup_log; going on"
    fi
    # shellcheck disable=SC2086
    if ! "${install[@]}" $missing </dev/null >>"$setup_log" 2>&1; then
        tail -n 15 "$setup_log" >&2
        die "cannot install packages:$missing" \
            "the end of $setup_log is above; is the network up, and is this Debian 12 or newer?"
    fi
}

# setup_python FILE...: makes .venv and installs the requirement files that it does not have yet.
setup_python() {
    local file stamp want need=()
    # A moved checkout has a .venv whose scripts name the old place; it is made anew.
    if [ -d .venv ] && [ "$(cat .venv/.project 2>/dev/null || true)" != "$PWD" ]; then
        rm -rf .venv
    fi
    if [ ! -x .venv/bin/python ]; then
        say "making the Python environment .venv"
        # Debian's own Python, whatever else is first on the PATH.
        local python=/usr/bin/python3
        if [ ! -x "$python" ]; then python=python3; fi
        rm -rf .venv
        if ! "$python" -m venv .venv; then
            rm -rf .venv
            die "cannot make the Python environment .venv" "is python3-venv installed?"
        fi
        printf '%s\n' "$PWD" >.venv/.project
    fi
    for file in "$@"; do
        stamp=.venv/.installed-${file##*/}
        want=$(sha256sum <"$file")
        if [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ]; then need+=("$file"); fi
    done
    if [ ${#need[@]} -eq 0 ]; then return; fi

    mkdir -p "${setup_log%/*}"
    say "installing Python packages: $(list_of "${need[@]}" | tr '\n' ' ')"
    if ! .venv/bin/python -m pip install --disable-pip-version-check -q \
        "${need[@]/#/--requirement=}" </dev/null >>"$setup_log" 2>&1; then
        tail -n 15 "$setup_log" >&2
        die "cannot install Python packages from ${need[*]}" \
            "the end of $setup_log is above; is the network up? then run the same command again"
    fi
    # The project's own JupyterLab asks nothing and calls nobody at its first start.
    mkdir -p .venv/share/jupyter/lab/settings
    cp tools/overrides.json .venv/share/jupyter/lab/settings/overrides.json
    for file in "${need[@]}"; do
        sha256sum <"$file" >".venv/.installed-${file##*/}"
    done
}

# build_preset NAME [OPTION...]: configures once, then builds what changed. The output is the
# caller's to hide.
build_preset() {
    local preset=$1 cache=build/$1/CMakeCache.txt
    shift
    # CMake refuses a build folder that was made for another place.
    if [ -e "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
        rm -rf "build/$preset"
    fi
    if [ ! -e "build/$preset/build.ninja" ]; then
        cmake --preset "$preset" || return
    fi
    cmake --build --preset "$preset" "$@"
}

# setup_labextension: builds labextension/build where a source is newer, with what package-lock.json names.
setup_labextension() {
    local built=labextension/build/package.json stamp=labextension/node_modules/.installed
    local log=artifacts/logs/labextension.log PATH=$PWD/.venv/bin:$PATH
    if [ -e "$built" ] && [ -z "$(find labextension/src labextension/style labextension/schema \
        labextension/*.json -newer "$built" -print -quit)" ]; then return; fi
    mkdir -p "${log%/*}"
    say "building the JupyterLab extension"
    if {
        if [ "$(cat "$stamp" 2>/dev/null || true)" != "$(sha256sum <labextension/package-lock.json)" ]; then
            npm --prefix labextension ci --no-audit --no-fund --ignore-scripts &&
                sha256sum <labextension/package-lock.json >"$stamp"
        fi &&
            rm -rf labextension/lib labextension/build && npm --prefix labextension run build
    } </dev/null >"$log" 2>&1 && [ -e "$built" ]; then
        touch "$built" # newer than what was written beside it
        return
    fi
    tail -n 15 "$log" >&2
    say "cannot build the JupyterLab extension; the end of $log is above"
    return 1
}
