#!/bin/sh
# Makes the product's namespace and its search attributes; safe to run at every start.
set -eu

# Thirty days: while a closed workflow is kept, a second one of the same id is refused.
temporal operator namespace describe --namespace kesi > /dev/null 2>&1 ||
  temporal operator namespace create --namespace kesi --retention 720h

# Making an attribute that is there with the same type changes nothing.
make_search_attributes() {
  temporal operator search-attribute create --namespace kesi \
    --name CaseType --type Keyword \
    --name IncidentStatus --type Keyword \
    --name Urgency --type Keyword \
    --name Escalated --type Bool \
    --name OpenedAt --type Datetime \
    --name Region --type Keyword
}

# The server takes some seconds to notice a namespace that was only just made.
tries=30
until make_search_attributes; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 2
done
