# a node is drained: its pods move, and no call fails
# shellcheck shell=bash
if [ ${#values[@]} -le 2 ]; then
  say 'left out: volumes of this cluster are for one node'
else
  load kasbah
  # PostgreSQL here is one pod, with the load beside it: it is the other node's turn.
  node=$(kubectl -n kasbah get pods -l app=postgres -o jsonpath='{.items[0].spec.nodeName}')
  drained=$(kubectl get nodes -o jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}' | grep -vx "$node")
  began=$SECONDS
  kubectl drain "$drained" --ignore-daemonsets --delete-emptydir-data --timeout=5m >"$work/drain" 2>&1 ||
    { cat "$work/drain"; fail 'the node cannot be drained'; }
  until_true 180 ready kasbah || fail 'after the drain, not every pod is ready'
  say "drained, $(grep -c evicted "$work/drain") pods, after $((SECONDS - began)) s"
  kubectl uncordon "$drained" >/dev/null
  no_call_failed kasbah 'a node drained'
fi
