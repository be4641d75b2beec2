# Two remotes for rclone, from the environment alone: from: the bucket of the backups, sealed: what is off site, whose names
# and contents are sealed before they leave.
s3() { # name, endpoint, access key, secret key
  export "RCLONE_CONFIG_$1_TYPE=s3" "RCLONE_CONFIG_$1_PROVIDER=Other" "RCLONE_CONFIG_$1_ENDPOINT=$2"
  export "RCLONE_CONFIG_$1_ACCESS_KEY_ID=$3" "RCLONE_CONFIG_$1_SECRET_ACCESS_KEY=$4" "RCLONE_CONFIG_$1_REGION=us-east-1"
  export "RCLONE_CONFIG_$1_FORCE_PATH_STYLE=true" "RCLONE_CONFIG_$1_NO_CHECK_BUCKET=true"
}
s3 STORE "$FROM_ENDPOINT" "$FROM_ACCESS_KEY" "$FROM_SECRET_KEY"
s3 CLOUD "$TO_ENDPOINT" "$TO_ACCESS_KEY" "$TO_SECRET_KEY"
export RCLONE_CONFIG_SEALED_TYPE=crypt "RCLONE_CONFIG_SEALED_REMOTE=cloud:$TO_BUCKET"
RCLONE_CONFIG_SEALED_PASSWORD=$(printf %s "$SEAL_PASSWORD" | rclone obscure -)
RCLONE_CONFIG_SEALED_PASSWORD2=$(printf %s "$SEAL_SALT" | rclone obscure -)
export RCLONE_CONFIG_SEALED_PASSWORD RCLONE_CONFIG_SEALED_PASSWORD2
# Nothing is kept: no configuration, no cache.
export RCLONE_CONFIG=/tmp/none HOME=/tmp RCLONE_RETRIES=3 RCLONE_STATS=0
: >"$RCLONE_CONFIG"
from=store:$FROM_BUCKET
