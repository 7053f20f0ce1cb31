# The browser tests of the console against the real binary: once with the demonstration, once with an empty store.
# Sourced by test; uses its step counter, its scratch folder and $bin.

# Chromium, wherever it is; installed from Debian when missing.
find_browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && have "$name"; then
      CHROMIUM=$(command -v "$name")
      export CHROMIUM
      return 0
    fi
  done
  [ -z "${1:-}" ] || return 1
  install_debian chromium fonts-noto-cjk && find_browser again
}

free_port() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# answers URL: true when the server says that it is well.
answers() {
  node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$1/api/v1/health"
}

# start_server NAME ARGUMENTS...: starts the binary on a free port and waits until it answers and has said who
# may log in ("User admin, password ..."). Sets server_pid, APIARIST_URL, APIARIST_USER, APIARIST_PASSWORD.
start_server() {
  local name=$1 port out=$scratch/$1.log waited=0 line=
  shift
  port=$(free_port)
  APIARIST_URL=http://127.0.0.1:$port
  "$bin" "$@" --listen "127.0.0.1:$port" --data "$scratch/$name" >"$out" 2>&1 &
  server_pid=$!
  until line=$(grep -m 1 -oE 'User [^ ,]+, password [A-Za-z0-9_-]+' "$out") && answers "$APIARIST_URL"; do
    waited=$((waited + 1))
    if ! kill -0 "$server_pid" 2>/dev/null || [ "$waited" -gt 360 ]; then
      say "the server did not come up:"
      tail -n 20 "$out" >&2
      return 1
    fi
    sleep 0.5
  done
  APIARIST_USER=$(sed -E 's/^User ([^ ,]+),.*/\1/' <<<"$line")
  APIARIST_PASSWORD=${line##* }
  export APIARIST_URL APIARIST_USER APIARIST_PASSWORD
}

# browse NAME ARGUMENTS...: the tests against one instance. APIARIST_STATE tells them what to expect.
browse() {
  local name=$1
  if start_server "$@"; then
    counted "browser: $name" '[0-9]+ passed' env APIARIST_STATE="$name" npm --prefix console run --silent e2e
  else
    failed=$((failed + 1))
    say "FAILED: browser: $name"
  fi
  stop_server
}

browser_tests() {
  if ! find_browser; then
    failed=$((failed + 1))
    say "FAILED: no Chromium for the browser tests, and none could be installed"
    return 0
  fi
  browse data demo
  browse empty serve
}
