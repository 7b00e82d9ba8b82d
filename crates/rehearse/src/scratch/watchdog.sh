trap '' INT TERM HUP
cat >/dev/null
pid=$(head -n 1 "$1/server/data/postmaster.pid" 2>/dev/null)
[ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
tries=0
while [ $tries -lt 60 ]; do
  left=''
  for process in /proc/[0-9]*; do
    case "$(readlink "$process/cwd" 2>/dev/null)" in "$1"/*) left="$left ${process#/proc/}" ;; esac
  done
  [ -z "$left" ] && break
  [ $tries -ge 40 ] && kill -KILL $left 2>/dev/null
  tries=$((tries + 1))
  sleep 0.05
done
socket=$(sed -n 's/.*"socket_dir": *"\(\/tmp\/howdah-[0-9a-f]*\)".*/\1/p' "$1/server/instance.json" 2>/dev/null)
[ -n "$socket" ] && rm -rf "$socket"
rm -rf "$1"
[ -e "$1" ] && sleep 1 && rm -rf "$1"
exit 0
