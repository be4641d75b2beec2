#!/bin/sh
# One line for each snapshot: name, bytes, when it was written (seconds since 1970), whole or damaged.
set -eu
. /scripts/whole.sh
cd /snapshots
for each in etcd-snapshot-*.db; do
  [ -e "$each" ] || continue
  state=damaged
  if whole "$each"; then state=whole; fi
  echo "$each $(stat -c '%s %Y' "$each") $state"
done
