#!/bin/sh
# One snapshot: written under another name, checked, and only then given its own: what is called .db is whole.
set -eu
. /scripts/whole.sh
cd /snapshots
# Of runs that were killed: nobody else writes here.
rm -f .*.part
name=etcd-snapshot-$(date -u +%Y%m%dT%H%M%SZ).db
etcdctl snapshot save ".$name.part"
whole ".$name.part"
etcdutl snapshot status ".$name.part" -w simple
sync
mv ".$name.part" "$name"

# From here on there is a good one. What was damaged since it was made isn't counted among the good any longer, but kept.
for each in etcd-snapshot-*.db; do
  whole "$each" || mv "$each" "$each.damaged"
done
# shellcheck disable=SC2012 # our own names
ls -1 etcd-snapshot-*.db | sort -r | tail -n "+$((KEEP + 1))" | xargs -r rm -f
ls -1 etcd-snapshot-*.db.damaged 2>/dev/null | sort -r | tail -n +6 | xargs -r rm -f
echo "saved $name"
