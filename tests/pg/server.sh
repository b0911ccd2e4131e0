# SPDX-License-Identifier: MIT
#
# server.sh - a PostgreSQL of our own, for tests: it listens on a Unix socket, in a folder that goes
# away with it, and on a port of this machine that was free.
#
#     . server.sh
#     server_find || skip...          sets $pg_bin, the folder of initdb and postgres
#     server_new DIR                  makes one in DIR/data and starts it; 0 when it serves
#     server_start, server_stop HOW   HOW is fast or immediate; both return when it is done
#     server_end                      stops it, in a trap
#
# PostgreSQL refuses to run as root, so then it is the user postgres or nobody.  Its clients find it
# through PGHOST, PGPORT, PGUSER and PGDATABASE, which server_new exports.

server_find() {
    pg_bin=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -x "${pg_bin:-/none}/initdb" ] || pg_bin=$(dirname "$(command -v initdb || echo /none/none)")
    [ -x "$pg_bin/initdb" ] || return 1
    pg_as=
    if [ "$(id -u)" -eq 0 ]; then
        local user
        for user in postgres nobody; do
            id "$user" >/dev/null 2>&1 && pg_as="setpriv --reuid=$user --regid=$(id -g $user) \
                --clear-groups" && return 0
        done
        return 1
    fi
}

server_new() {
    pg_dir=$1
    export PGHOST=$pg_dir PGUSER=weft PGDATABASE=postgres
    unset PGPASSWORD PGSERVICE PGHOSTADDR PGSSLMODE PGOPTIONS
    [ -z "$pg_as" ] || chown "$(set -- $pg_as; echo "${2#--reuid=}")" "$pg_dir"
    # No fsync: what is in it need not outlive a power cut.
    (cd / && $pg_as "$pg_bin/initdb" -D "$pg_dir/data" -U weft -A trust -E UTF8 --locale=C \
        --no-sync) >"$pg_dir.log" 2>&1 || return 1
    cat >>"$pg_dir/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$pg_dir'
max_connections = 60
shared_buffers = 16MB
fsync = off
autovacuum = off
log_min_messages = fatal
log_min_error_statement = panic
END
    local try
    for try in 1 2 3 4 5; do
        export PGPORT=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)) # below those of clients
        echo "port = $PGPORT" >>"$pg_dir/data/postgresql.conf"
        server_start && return 0
    done
    return 1
}

server_start() {
    (cd / && $pg_as "$pg_bin/pg_ctl" -D "$pg_dir/data" -l "$pg_dir/server.log" -w -s start) \
        </dev/null >>"$pg_dir.log" 2>&1
}

server_stop() {
    (cd / && $pg_as "$pg_bin/pg_ctl" -D "$pg_dir/data" -m "$1" -w -s stop) >>"$pg_dir.log" 2>&1
}

server_end() {
    [ ! -f "${pg_dir:-/none}/data/postmaster.pid" ] || server_stop immediate
}
