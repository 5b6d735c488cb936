#!/usr/bin/env bash
# test.sh [PRESET]: installs what is missing, builds, and runs all tests without a display. PRESET is release (default),
# debug, asan or tsan. Tests that need data or peers from outside the project say that they were skipped without them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
preset=${1:-release}

"$here/install_packages.sh"
started=$SECONDS
"$here/build.sh" "$preset"
echo "Built in $((SECONDS - started)) s"

# Data and peers from outside the project, where they can be had.
source "$here/test_data.sh"

cd "$top"
exec ctest --preset "$preset" --parallel 2 --timeout 900
