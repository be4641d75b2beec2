#!/bin/sh
# One line for each set, the newest first: name, bytes, when it was made (seconds since 1970), and whole, damaged or (after
# the $1 newest, which are read in full) unread.
set -eu
cd /dumps
left=$1
for each in $(ls -1rd 2*Z 2>/dev/null); do
  state=unread
  if [ "$left" -gt 0 ]; then
    left=$((left - 1)) state=damaged
    if (cd "$each" && [ -s SHA256SUMS ] && sha256sum -c SHA256SUMS >/dev/null 2>&1 && for dump in *.dump; do
      pg_restore -l "$dump" >/dev/null 2>&1 || exit 1
    done); then state=whole; fi
  fi
  echo "$each $(du -sk "$each" | awk '{print $1 * 1024}') $(stat -c %Y "$each") $state"
done
