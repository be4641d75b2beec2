#!/bin/sh
# Has the bucket there, with its quota: after every start, and whenever somebody runs it again. What it finds right stays.
# The lifecycle is told to the server by S3; what it promises, the master's maintenance does (see WEED_MASTER_MAINTENANCE).
ask() { printf '%s\n' "$@" | weed shell -master=127.0.0.1:9333 -filer=127.0.0.1:8888 2>&1; }

tries=0
until wget -q -O- http://127.0.0.1:9333/dir/status 2>/dev/null | grep -q '"DataNodes":\[{'; do
  tries=$((tries + 1))
  # The server goes on without: the bucket's own promise is then the one that fails, and says so.
  [ "$tries" -lt 120 ] || { echo "the master has no volume server after 60 s" >&2; exit 0; }
  sleep 0.5
done
if ! ask s3.bucket.list | grep -q "^  $BUCKET[[:space:]]"; then
  ask "s3.bucket.create -name=$BUCKET"
fi
ask "s3.bucket.quota -name=$BUCKET -op=set -sizeMB=$QUOTA_MIB"
ask s3.bucket.list | grep -q "^  $BUCKET[[:space:]].*quota:"
