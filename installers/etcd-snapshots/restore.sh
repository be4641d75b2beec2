#!/bin/sh
# Restores a snapshot ($1) into an etcd of its own that listens to this pod alone, and tells what it holds: its revision,
# how many keys, a digest of keys and values; whether that is what the live etcd held at that revision; and whether key $2
# holds text $3. No value leaves the pod. The etcd ends with this script, or after a minute.
set -eu
scratch=$(mktemp -d /tmp/restore.XXXXXX)
port=$((20000 + $$ % 20000))
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$scratch"' EXIT
there=http://127.0.0.1:$port
peer=http://127.0.0.1:$((port + 1))
if ! etcdutl snapshot restore "/snapshots/$1" --data-dir "$scratch/etcd" --name scratch --initial-cluster "scratch=$peer" \
  --initial-advertise-peer-urls "$peer" >"$scratch/log" 2>&1; then
  echo "refused $(tail -n 1 "$scratch/log")"
  exit 0
fi
timeout 60 etcd --name scratch --data-dir "$scratch/etcd" --listen-client-urls "$there" --advertise-client-urls "$there" \
  --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "scratch=$peer" \
  --unsafe-no-fsync --log-level error >"$scratch/log" 2>&1 &
server=$!
scratch_ctl() { (unset ETCDCTL_ENDPOINTS ETCDCTL_CACERT ETCDCTL_CERT ETCDCTL_KEY; exec etcdctl --endpoints "$there" "$@"); }
tries=0
until scratch_ctl endpoint health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
    echo "refused the restored etcd doesn't start: $(tail -n 1 "$scratch/log")"
    exit 0
  fi
  sleep 0.2
done

revision=$(etcdutl snapshot status "/snapshots/$1" -w fields | sed -n 's/^"Revision" : //p')
echo "revision $revision"
echo "keys $(scratch_ctl get '' --from-key --keys-only | grep -c .)"
echo "digest $(scratch_ctl get '' --from-key --rev "$revision" | sha256sum | cut -d ' ' -f 1)"
if etcdctl get / --rev "$revision" >"$scratch/live" 2>&1; then
  echo "live $(etcdctl get '' --from-key --rev "$revision" | sha256sum | cut -d ' ' -f 1)"
else
  echo "live $(tail -n 1 "$scratch/live")"
fi
if scratch_ctl get "$2" --print-value-only | tr '\000' ' ' | grep -qF "$3"; then echo "mark yes"; else echo "mark no"; fi
