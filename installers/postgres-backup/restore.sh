#!/bin/sh
# Restores database $2 of set $1 into the empty database $3, and compares its tables with what they were when the dump was
# made. One line: same TABLES ROWS, differs WHAT, or refused WHY.
set -eu
scratch=$(mktemp -d /tmp/restore.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
dump=/dumps/$1/$2
# A pg_restore that is newer than the server may set what that doesn't know: the first such line is left out.
if ! pg_restore --no-owner --no-acl --file="$scratch/sql" "$dump.dump" 2>"$scratch/log" ||
  ! awk '!(/^SET transaction_timeout = 0;$/ && !seen++)' "$scratch/sql" |
    psql -Xq -v ON_ERROR_STOP=1 --single-transaction -d "$3" >/dev/null 2>"$scratch/log"; then
  echo "refused $(tail -n 1 "$scratch/log")"
  exit 0
fi
rm -f "$scratch/sql"
printf 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n\\i /scripts/tables.sql\nCOMMIT;\n' |
  psql -XqAt -v ON_ERROR_STOP=1 -d "$3" >"$scratch/tables"
if cmp -s "$dump.tables" "$scratch/tables"; then
  awk -F '|' '{rows += $2} END {print "same", NR, rows + 0}' "$scratch/tables"
else
  echo "differs $(diff "$dump.tables" "$scratch/tables" | grep '^[-+][^-+]' | head -n 4 | tr '\n' ' ')"
fi
