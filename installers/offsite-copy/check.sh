#!/bin/sh
# Compares what is off site, byte by byte through its seal, with what was here when the last copy began that was completed.
# One line for each that is missing or differs (- is missing, * differs, ! can't be read), then: checked COUNT BEGAN.
set -eu
. /scripts/remotes.sh
began=$(rclone cat sealed:last-copy 2>/tmp/log) || :
# Where there is no such object, rclone takes the name for an empty folder's: it prints nothing, and that is no error.
[ -n "$began" ] || { echo "no copy was completed, or what tells of it is gone: $(tail -n 1 /tmp/log)" >&2; exit 1; }
: >/tmp/found
rclone cryptcheck "$from" sealed: --one-way --min-age "$(($(date +%s) - began))s" --combined /tmp/found >/tmp/log 2>&1 || {
  grep -q '^[-*!]' /tmp/found || { tail -n 3 /tmp/log >&2; exit 1; }
}
grep '^[-*!]' /tmp/found | head -n 20 || :
echo "checked $(grep -c . /tmp/found) $began"
