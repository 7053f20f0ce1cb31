# What the scripts share: say things, install what is missing, build the console. Sourced by run and test.
# Nothing here asks a question; what cannot be installed is said in one line.

say() { printf '%s\n' "$*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND...: runs it when this user may install packages, else fails.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}

# install_debian PACKAGE...: by apt-get, where there is one. Fails when the packages could not be installed.
install_debian() {
  have apt-get || { say "cannot install $* here: there is no apt-get"; return 1; }
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
    && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 \
    || { say "cannot install $*: needs root or sudo without password, and a package mirror"; return 1; }
}

need_rust() {
  if ! have cargo && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  fi
  have cargo || { say "Rust is missing: install it from https://rustup.rs, then run this again"; return 1; }
  # SQLite, zstd and libdeflate are compiled from C.
  have cc || install_debian gcc libc6-dev
}

# The feature that reads topics of Kafka, where what it is built from can be had.
kafka_feature() {
  if ! have make || ! [ -e /usr/include/openssl/ssl.h ]; then
    install_debian make libssl-dev pkg-config || true
  fi
  if have make && [ -e /usr/include/openssl/ssl.h ]; then
    echo apiarist/kafka
  else
    say "skipped: Kafka, because make or the headers of OpenSSL are missing"
  fi
}

# The feature that captures through libpcap, where its headers can be had.
pcap_feature() {
  [ -e /usr/include/pcap/pcap.h ] || install_debian libpcap-dev || true
  if [ -e /usr/include/pcap/pcap.h ]; then
    echo apiarist/pcap
  else
    say "skipped: libpcap, because its headers are missing"
  fi
}

# True with Node 20.19 or later and npm.
have_node() {
  have node && have npm || return 1
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}

# Packages of the console, as its lock file names them.
console_packages() {
  local installed=console/node_modules/.package-lock.json
  if [ ! -e "$installed" ] || [ console/package-lock.json -nt "$installed" ]; then
    say "fetching the packages of the console"
    (cd console && npm ci --no-audit --no-fund --loglevel=error) >&2
  fi
}

# console/dist, unless it is newer than everything it is made of.
console_build() {
  if [ -e console/dist/index.html ] && [ -z "$(find console/src console/public console/index.html \
      console/package-lock.json console/vite.config.ts openapi/console.json \
      -newer console/dist/index.html -print -quit 2>/dev/null)" ]; then
    return 0
  fi
  say "building the console"
  (cd console && npm run --silent build) >&2
}
