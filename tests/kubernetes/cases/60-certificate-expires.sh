# a certificate expires during load, having been replaced: no process restarts and no call fails
# shellcheck shell=bash
past() { [ "$(date +%s)" -gt "$1" ]; }

before=$(restarts kasbah)
load kasbah
expires=$(($(date +%s) + 240))
replaced auth 240
replaced auth 86400
until_true 300 past $((expires + 5))
no_call_failed kasbah 'a certificate that expired after its successor was there'

# One that nobody replaces: its service alone is not reached any more, until there is a good one.
certificate webhook 100
until_true 240 webhook_alone_fails || fail 'a certificate that expired was taken'
certificate webhook 86400
until_true 150 helm test kasbah --namespace kasbah --timeout 1m || fail 'a new certificate did not help'
[ "$(restarts kasbah)" = "$before" ] || fail 'a new certificate took a restart'
