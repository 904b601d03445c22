#!/bin/sh
# Makes the passwords that compose.yaml names, at random, in secrets/; what is there stays.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
# Containers run as others than you: the folder keeps people out, and what lies in it can be read in the container.
give() { printf "%s\n" "$2" > "secrets/$1"; chmod "${3:-0444}" "secrets/$1"; }

[ -s secrets/postgres ] || give postgres "$(random)"
[ -s secrets/redis.conf ] || give redis.conf "requirepass $(random)
maxmemory 256mb
maxmemory-policy allkeys-lru
save \"\""
[ -s secrets/grafana ] || give grafana "$(random)"
[ -s secrets/minio-user ] || give minio-user "megawatts-$(random | cut -c1-8)"
[ -s secrets/minio-password ] || give minio-password "$(random)"
[ -s secrets/qdrant.env ] || give qdrant.env "QDRANT__SERVICE__API_KEY=$(random)" 0400
stores="POSTGRES_PASSWORD=$(cat secrets/postgres)"
[ -s secrets/bot.env ] || give bot.env "$stores
REDIS_PASSWORD=$(sed -n 's/^requirepass //p' secrets/redis.conf)
VECTOR_DB_API_KEY=$(sed -n 's/^QDRANT__SERVICE__API_KEY=//p' secrets/qdrant.env)" 0600
[ -s secrets/controller.env ] || give controller.env "$stores" 0600
printf 'secrets/ is there; add DISCORD_BOT_TOKEN=... to %s\n' "$PWD/secrets/bot.env"
