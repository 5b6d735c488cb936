#!/usr/bin/env bash
# fuzz.sh [SECONDS]: feeds damaged models and data files to the readers, and odd inputs to the
# operators, under ASan and UBSan, for SECONDS each (default 60).
# What is found is kept between calls, so that the next one goes on from there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
seconds=${1:-60}

"$here/install_packages.sh"
"$here/build.sh" fuzz lapidary_load_fuzz lapidary_data_fuzz lapidary_run_fuzz
for what in load data run; do
  found="${XDG_CACHE_HOME:-$HOME/.cache}/lapidary/fuzz/$what"
  mkdir -p "$found"
  echo "Fuzzing the $what target for $seconds s"
  ASAN_OPTIONS=allocator_may_return_null=1 "$top/build/fuzz/bin/lapidary_${what}_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="$found-" "$found" "$top/tests/fuzz/${what}_corpus" 2>&1 | tail -n 8
done
