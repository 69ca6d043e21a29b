#!/usr/bin/env bash
# Messages against the official JSON schemas, both ways. Ends with `N passed, M failed`.
set -euo pipefail
if [ $# != 2 ]; then
  echo "usage: Tests/OCPPSchema/run.sh PYTHON BIN_DIR   (a Python with the packages ocpp and jsonschema; where ocpp-codec-probe is)" >&2
  exit 2
fi
exec "$1" -B "$(dirname "$0")/check_schemas.py" "$2/ocpp-codec-probe"
