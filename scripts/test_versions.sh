#!/bin/bash
# Runs tests with the oldest or the newest versions that pyproject.toml allows, in a virtual environment of its own.
#   scripts/test_versions.sh oldest|newest [PYTHON] [FOLDER] [pytest arguments]
# PYTHON: python3.11 for oldest, the newest one at hand otherwise. FOLDER: where the environment is kept (.venv-oldest,
# .venv-newest). PyTorch is left out: tests that need it are skipped with that reason, and the rest has to do without.
# EXTRAS=few installs, beside the dependencies, what runs tests and nothing that single tests need (they are skipped too).
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:?oldest or newest}
newest() {  # of the interpreters on the path and of pyenv's
  for candidate in python3.{14,13,12,11} "$HOME"/.pyenv/versions/3.1[1-9]*/bin/python; do
    "$candidate" -c 'import sys, venv; v = sys.version_info; v >= (3, 11) and print(v[1], v[2], sys.executable)' 2>/dev/null || true
  done | sort -k1,1n -k2,2n | tail -1 | cut -d' ' -f3-
}
default=python3.11
[ "$which" = oldest ] || default=$(newest)
python=${2:-$default}
if [ "$which" = newest ] && [ "$python" = --which ]; then newest; exit; fi
folder=${3:-.venv-$which}
shift $(($# < 3 ? $# : 3))

# The requirements of [project].dependencies and of the extra `test`: name==version for the oldest, as they are otherwise.
requirements() {
  "$python" - "$which" "${EXTRAS:-all}" <<'PY'
import re
import sys
import tomllib

which, extras = sys.argv[1:]
with open("pyproject.toml", "rb") as handle:
    project = tomllib.load(handle)["project"]
runners = ("pytest", "pytest-xdist", "hypothesis")
for entry in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
    name, version = re.fullmatch(r"([\w.-]+)>=([\w.]+)", entry).groups()
    if extras == "few" and entry not in project["dependencies"] and name not in runners:
        continue
    if which == "newest":
        print(entry)
    else:
        print(f"{name}=={version}" if name not in ("pandas", "polars") else f"{name}~={version}")
PY
}

if [ ! -x "$folder/bin/python" ]; then
  "$python" -m venv "$folder" 2>/dev/null \
    || { "$python" -m venv --clear --without-pip "$folder" && "$python" -m pip --python "$folder/bin/python" install -q pip; }
  mapfile -t wanted < <(requirements)
  echo "installing for $("$python" --version): ${wanted[*]}"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${wanted[@]}" 2>&1 | grep -v '^WARNING' || true
fi
PYTHONPATH=src OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 \
  "$folder/bin/python" -m pytest -m 'not slow' -n "${WORKERS:-2}" "${@:-tests}"
