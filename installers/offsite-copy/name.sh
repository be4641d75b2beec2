#!/bin/sh
# Prints the name that object $1 has off site, where names are sealed.
set -eu
. /scripts/remotes.sh
rclone cryptdecode --reverse sealed: "$1" | awk '{print $NF}'
