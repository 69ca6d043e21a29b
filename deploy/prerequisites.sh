# Sourced by the scripts that people start: installs the Debian packages they name, or says which are missing.

# need_packages PACKAGE...: all of them are installed when it returns.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "Missing Debian packages: ${missing[*]}. Install them (sudo apt-get install ${missing[*]}) and start again." >&2
    exit 1
  fi
  echo "Installing ${missing[*]} …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# need_swift: a Swift toolchain is on the PATH when it returns.
need_swift() {
  command -v swift >/dev/null 2>&1 || {
    echo "No Swift toolchain on the PATH. Install Swift 6.2 or newer for Debian 12 (swift.org/install) and start again." >&2
    exit 1
  }
}

# need_venv DIR PACKAGE...: a Python virtual environment with these PyPI packages is in DIR when it returns.
need_venv() {
  local directory=$1 stamp
  shift
  stamp="$directory/.packages"
  [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] && return 0
  echo "Setting up Python packages for the tests: $* …"
  rm -rf "$directory"
  /usr/bin/python3 -m venv "$directory"
  "$directory/bin/pip" install -q --disable-pip-version-check "$@"
  echo "$*" > "$stamp"
}
