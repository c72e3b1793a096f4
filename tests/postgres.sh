#!/usr/bin/env bash
# A private PostgreSQL for tests, reached through a Unix socket in DIR only.
#   tests/postgres.sh start DIR [name=value...]   makes it if it is not there; prints the URL of a database
#   tests/postgres.sh stop|restart|kill DIR       kill: as a crash would, with SIGKILL
#   tests/postgres.sh pause|continue DIR          connected, but silent, as a machine that hangs
#   tests/postgres.sh remove DIR                  ends it and removes DIR
# Settings of the server are kept in DIR. It does not wait for the disk unless told fsync=on.
set -euo pipefail
verb=${1:?start, stop, restart, kill, pause, continue or remove} dir=$(realpath -m "${2:?a directory}")
shift 2
data=$dir/data
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed: scripts/deps test" >&2; exit 1; }

# PostgreSQL refuses to run as root. Guests of the socket need not read DIR, only know it.
as_user() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all "$@")
    else
        "$@"
    fi
}

make() {
    mkdir -p "$dir" && chmod 711 "$dir"
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    as_user "$bin/initdb" -D "$data" -U virga -A trust -E UTF8 --locale=C.UTF-8 --locale-provider=icu \
        --icu-locale=en-US --no-sync >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; exit 1; }
    printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$dir'" "fsync = off" \
        "max_connections = 200" "shared_buffers = 16MB" "max_wal_size = 256MB" "$@" | as_user tee -a "$data/postgresql.conf" >/dev/null
}

start() {
    as_user "$bin/pg_ctl" -D "$data" -w -t 120 -l "$dir/log" -s start >"$dir/start.log" 2>&1 </dev/null && return
    cat "$dir/start.log" "$dir/log" >&2
    exit 1
}

state_of() { # the letter of a process, nothing when there is none
    local state=
    read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || true
    echo "$state"
}

# Prints the pids of the server and its children. It stands still from here on, and makes no more of them.
halt() {
    local pid
    pid=$(head -n 1 "$data/postmaster.pid")
    kill -STOP "$pid"
    while [[ $(state_of "$pid") = [^T]* ]]; do :; done
    echo "$pid" $(cat "/proc/$pid/task/$pid/children")
}

# A child that ends by itself meanwhile is no failure.
signal() {
    local name=$1 pid
    shift
    for pid; do kill "-$name" "$pid" 2>/dev/null || [ ! -d "/proc/$pid" ]; done
}

# The server and its children at once. Where nobody reaps orphans the dead keep their numbers, and the next start
# would take the old server for alive: the notes it left behind go.
kill_all() {
    local pid pids
    pids=$(halt)
    # shellcheck disable=SC2086  # words on purpose
    signal KILL $pids
    for pid in $pids; do
        while [[ $(state_of "$pid") = [^ZX]* ]]; do :; done
    done
    rm -f "$data/postmaster.pid" "$dir"/.s.PGSQL.*
}

stop() { as_user "$bin/pg_ctl" -D "$data" -w -m "$1" -s stop >/dev/null 2>&1 || true; }

case "$verb" in
    start)
        [ -d "$data" ] || make "$@"
        start
        echo "postgres://virga@/postgres?host=$dir" ;;
    stop) stop fast ;;
    restart) stop fast && start ;;
    kill) kill_all ;;
    # shellcheck disable=SC2046  # words on purpose
    pause) signal STOP $(halt) ;;
    # shellcheck disable=SC2046
    continue) signal CONT $(halt) ;;
    remove) stop immediate && rm -rf "$dir" ;;
    *) echo "tests/postgres.sh: unknown: $verb" >&2; exit 2 ;;
esac
