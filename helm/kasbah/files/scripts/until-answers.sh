# until_it_answers <command…>: waits until PostgreSQL answers what the command asks, as long as it takes, and
# says why it waits whenever that is something else. An install may come before its database: a Job that
# failed meanwhile would not be run again by the next upgrade, which finds it unchanged.
until_it_answers() {
  said=
  until reason=$("$@" 2>&1); do
    reason=$(printf '%s\n' "$reason" | head -1)
    if [ "$reason" != "$said" ]; then
      echo "waiting for PostgreSQL: $reason"
      said=$reason
    fi
    sleep 2
  done
}
