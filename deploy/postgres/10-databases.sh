#!/bin/bash
# Runs once, when the server's data folder is made: a role and its databases for the product, another for Temporal, closed to each other.
set -euo pipefail

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
  -v kesi="$(cat /run/secrets/kesi_database_password)" \
  -v temporal="$(cat /run/secrets/temporal_database_password)" << 'SQL'
create role kesi login password :'kesi';
create role temporal login password :'temporal';
create database kesi owner kesi;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database kesi, temporal, temporal_visibility from public;
SQL
