# Sourced: finds what an installation left running.

# Names each process that has DIRECTORY on its command line, as all of an installation's do; fails
# where there is none. Looks away from the caller: left_behind DIRECTORY
left_behind() {
  local process command found=1
  for process in /proc/[0-9]*; do
    [ "${process#/proc/}" != "$$" ] || continue
    command=$({ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null) || continue
    if [[ $command == *"$1"* ]]; then
      echo "left behind: $command" >&2
      found=0
    fi
  done
  return "$found"
}
