#!/bin/sh
# Compares what is off site, byte by byte through its seal, with what was here more than $1 seconds ago. One line for each
# that is missing or differs (- is missing, * differs, ! can't be read), then: checked COUNT.
set -eu
. /scripts/remotes.sh
: >/tmp/found
rclone cryptcheck "$from" sealed: --one-way --min-age "$1s" --combined /tmp/found >/tmp/log 2>&1 || {
  grep -q '^[-*!]' /tmp/found || { tail -n 3 /tmp/log >&2; exit 1; }
}
grep '^[-*!]' /tmp/found | head -n 20 || :
echo "checked $(grep -c . /tmp/found)"
