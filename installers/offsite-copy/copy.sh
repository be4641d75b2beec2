#!/bin/sh
# Copies what isn't off site yet, or has changed. It deletes nothing there: who deletes a backup here, by mistake or by malice,
# finds it off site still; a lifecycle rule of that bucket ends what is older than you want to keep.
set -eu
. /scripts/remotes.sh
began=$(date +%s)
rclone copy "$from" sealed: --update --use-server-modtime --transfers 2 --checkers 4 --stats-one-line --stats 1m -v 2>/tmp/log || {
  tail -n 20 /tmp/log >&2
  exit 1
}
tail -n 1 /tmp/log
# What was here by then is there: the copy itself says so, beside what it copied.
echo "$began" | rclone rcat sealed:last-copy
