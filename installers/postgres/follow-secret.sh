#!/bin/sh
# The Secret decides: without this its password would count at the very first start only.
tries=0
until pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER"; do
  tries=$((tries + 1))
  [ "$tries" -lt 240 ] || exit 0
  sleep 0.5
done
# By the local socket, which needs no password; \set keeps it off the command line.
psql -v ON_ERROR_STOP=1 -q -U "$POSTGRES_USER" -d postgres <<'SQL'
\set role `printf %s "$POSTGRES_USER"`
\set password `printf %s "$POSTGRES_PASSWORD"`
ALTER ROLE :"role" PASSWORD :'password';
SQL
