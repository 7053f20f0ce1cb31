# The browser tests of the console: against the real binary, once with the demonstration and once with an empty
# store, and against the mock backend for what a server does not show on demand. Sourced by test; uses its step
# counter, its scratch folder and $bin.

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
# may log in ("User admin, password ..."). Sets server_url, server_user, server_password; test ends the process.
start_server() {
  local name=$1 port out=$scratch/$1.log waited=0 line= pid
  shift
  port=$(free_port)
  server_url=http://127.0.0.1:$port
  "$bin" "$@" --listen "127.0.0.1:$port" --data "$scratch/$name" >"$out" 2>&1 &
  pid=$!
  server_pids+=("$pid")
  until line=$(grep -m 1 -oE 'User [^ ,]+, password [A-Za-z0-9_-]+' "$out") && answers "$server_url"; do
    waited=$((waited + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ "$waited" -gt 360 ]; then
      say "the server did not come up:"
      tail -n 20 "$out" >&2
      return 1
    fi
    sleep 0.5
  done
  server_user=$(sed -E 's/^User ([^ ,]+),.*/\1/' <<<"$line")
  server_password=${line##* }
}

# change_password NEW: the password of a first run has to be changed before anything else.
change_password() {
  node --input-type=module -e '
    const [url, name, current, next] = process.argv.slice(1);
    const headers = { "content-type": "application/json", "x-requested-with": "apiarist" };
    const ask = async (method, path, body, more) => {
      const answer = await fetch(url + path, { method, headers: { ...headers, ...more }, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer;
    };
    const login = await ask("POST", "/api/v1/session", { name, password: current });
    const cookie = login.headers.getSetCookie().map((field) => field.split(";")[0]).join("; ");
    await ask("PUT", "/api/v1/session/password", { current, new: next }, { cookie });
  ' "$server_url" "$server_user" "$server_password" "$1" || return 1
  server_password=$1
}

start_servers() {
  start_server empty serve && change_password "Kx7-empty-store-$RANDOM" || return 1
  export APIARIST_EMPTY_URL=$server_url APIARIST_EMPTY_PASSWORD=$server_password
  start_server demo demo || return 1
  export APIARIST_URL=$server_url APIARIST_USER=$server_user APIARIST_PASSWORD=$server_password
}

browser_tests() {
  if ! find_browser; then
    failed=$((failed + 1))
    say "FAILED: no Chromium for the browser tests, and none could be installed"
    return 0
  fi
  counted "browser: mock backend" '^[0-9]+ passed' npm --prefix console run --silent e2e
  if start_servers; then
    counted "browser: the binary" '^[0-9]+ passed' npm --prefix console run --silent e2e
  else
    failed=$((failed + 1))
    say "FAILED: browser: the binary"
  fi
  stop_servers
}
