#!/bin/sh
# S3 answers, and has a volume to write to: after a start the second comes seconds later.
wget -q -O- http://127.0.0.1:8333/healthz >/dev/null && wget -q -O- http://127.0.0.1:9333/dir/status | grep -q '"DataNodes":\[{'
