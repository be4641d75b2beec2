#!/bin/sh
# One set: a folder with a dump of every database, the roles, and checksums. It is made under another name, checked, and
# only then given its own: what is called by its time is whole.
set -eu
cd /dumps
# Of runs that were killed: nobody else writes here.
rm -rf .part-*
name=$(date -u +%Y%m%dT%H%M%SZ)
export PART=/dumps/.part-$name
mkdir "$PART"
trap 'rm -rf "$PART"' EXIT

# Roles and their passwords belong to no database.
if command -v pg_dumpall >/dev/null; then pg_dumpall --globals-only --file="$PART/globals.sql"; fi
psql -XAtq -v ON_ERROR_STOP=1 -c "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate
  AND datname !~ '^roadworthy-' ORDER BY datname" >"$PART/.databases"
while read -r DATABASE; do
  case $DATABASE in */* | .*) echo "no name for a file: $DATABASE" >&2; exit 1 ;; esac
  export DATABASE
  psql -Xq -v ON_ERROR_STOP=1 -d "$DATABASE" -f /scripts/dump.sql >/dev/null
  [ -e "$PART/.dumped" ] || { echo "no dump of $DATABASE" >&2; exit 1; }
  rm "$PART/.dumped"
  pg_restore -l "$PART/$DATABASE.dump" >/dev/null
done <"$PART/.databases"
[ -s "$PART/.databases" ] || { echo "no database to dump" >&2; exit 1; }
rm "$PART/.databases"
(cd "$PART" && sha256sum -- * >SHA256SUMS)
sync
mv "$PART" "/dumps/$name"

# From here on there is a good one. What was damaged since it was made isn't counted among the good any longer, but kept.
for each in 2*Z; do
  (cd "$each" && sha256sum -c SHA256SUMS >/dev/null 2>&1) || mv "$each" "$each.damaged"
done
find /dumps -mindepth 1 -maxdepth 1 -name '2*Z*' -mtime "+$KEEP_DAYS" -exec rm -rf {} +
echo "dumped $name"
