#!/bin/sh
# Makes what "docker compose up" needs and the repository must not hold: random secrets and, to begin with, a certificate signed by
# itself. Runs once; what is there is never overwritten, for lost keys are lost data. Needs openssl.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

# The folder is closed to other users; the files are open, because the containers that get them run as users of their own.
make() {
  name=$1
  shift
  [ -e "secrets/$name" ] && return
  "$@" > "secrets/$name.new"
  chmod 444 "secrets/$name.new"
  mv "secrets/$name.new" "secrets/$name"
  echo "made deploy/secrets/$name"
}

password() { openssl rand -hex 24; }
key() { printf 'k%s:%s\n' "$(openssl rand -hex 4)" "$(openssl rand -base64 32)"; }
database_url() { printf 'postgres://kesi:%s@postgres:5432/kesi\n' "$(cat secrets/kesi_database_password)"; }

for name in postgres_password kesi_database_password temporal_database_password; do make "$name" password; done
make database_url database_url
for name in jwt_keys key_ring codec_keys blind_index_key; do make "$name" key; done

if [ ! -e secrets/tls_key.pem ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj '/CN=localhost' \
    -addext 'subjectAltName=DNS:localhost' -keyout secrets/tls_key.pem -out secrets/tls_certificate.pem 2> /dev/null
  echo 'made deploy/secrets/tls_certificate.pem for localhost, signed by itself: replace it and tls_key.pem by a real one'
fi
