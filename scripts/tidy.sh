#!/usr/bin/env bash
# clang-tidy over every .cc file, or over those that changed since a commit: tidy.sh [commit].
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v clang-tidy >/dev/null; then
  echo 'clang-tidy is not installed (Debian package clang-tidy)'
  exit 1
fi
# Without precompiled headers: those of GCC are not for clang.
mkdir -p build/tidy
cmake --preset dev -B build/tidy -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >build/tidy/configure.log 2>&1 ||
  { cat build/tidy/configure.log; exit 1; }
# The generated sources have to be there, and nothing else has to be built.
ninja -C build/tidy -t targets all | sed -n 's/^\(gen\/[^:]*\): .*/\1/p' | xargs ninja --quiet -C build/tidy

if [ -n "${1:-}" ]; then
  mapfile -t files < <(git diff --name-only --diff-filter=d "$1"... -- 'libs/*.cc' 'services/*.cc' 'cli/*.cc')
else
  mapfile -t files < <(git ls-files -- 'libs/*.cc' 'services/*.cc' 'cli/*.cc')
fi
if [ ${#files[@]} -eq 0 ]; then
  echo 'no C++ file changed'
  exit 0
fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p build/tidy
