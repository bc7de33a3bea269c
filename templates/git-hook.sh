#!/bin/sh
# cargo-hooks shim 1. `cargo hooks install` writes this file, and `cargo hooks uninstall` takes it away. Changes are lost.
recorded={program}
workspace={workspace}

case $0 in
*/*) kept=${0%/*}/{stage}.before-cargo-hooks ;;
*) kept=./{stage}.before-cargo-hooks ;;
esac

if [ "${CARGO_HOOKS-}" = 0 ]; then
    printf '%s\n' 'cargo-hooks: no checks for {stage}, since CARGO_HOOKS is 0' >&2
    if [ -f "$kept" ] && [ -x "$kept" ]; then
        exec "$kept" "$@"
    fi
    exit 0
fi

# To a shell, an empty file is a program that succeeds.
works() {
    [ -f "$1" ] && [ -s "$1" ] && [ -x "$1" ]
}

find_program() {
    program=$recorded
    works "$program" && return
    set -f
    IFS=:
    for directory in ${PATH-} "${CARGO_HOME:-${HOME-}/.cargo}/bin"; do
        program=$directory/cargo-hooks
        case $directory in
        # What is relative leads into the repository.
        /*) works "$program" && return ;;
        esac
    done
    return 1
}

if find_program; then
    exec "$program" git-hook --chained "$kept" --ends-with "$PPID" --directory "$workspace" {stage} -- "$@" >&2
fi

printf '%s\n' \
    'cargo-hooks: the checks for {stage} cannot run, since the program `cargo-hooks` is gone.' \
    "  It was $recorded, and is neither on the PATH nor in cargo's bin directory." \
    '  To run them again, install it again.' \
    '  To go on without them this time, set CARGO_HOOKS=0 for the command of git.' \
    "  To be rid of them, remove the file $0" >&2
if [ -e "$kept" ]; then
    printf '%s\n' "  and give its name to $kept, which was there before." >&2
fi
exit {status}
