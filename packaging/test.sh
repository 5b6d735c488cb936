#!/usr/bin/env bash
# test.sh [PRESET]: installs what is missing, builds, and runs all tests without a display. PRESET is release (default),
# debug, asan or tsan. Tests that need data or peers from outside the project say that they were skipped without them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
preset=${1:-release}
build="$top/build/$preset"

"$here/install_packages.sh"
started=$SECONDS
"$here/build.sh" "$preset"
echo "Built in $((SECONDS - started)) s"

# Data and peers from outside the project, where they can be had.
source "$here/test_data.sh"

[ "$preset" = asan ] && export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
exec ctest --test-dir "$build" --output-on-failure --parallel 2 --timeout 900
