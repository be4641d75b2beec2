#!/bin/sh
# Prints what is off site under the name $1, unsealed.
set -eu
. /scripts/remotes.sh
rclone cat "sealed:$1"
