#!/bin/bash
# Runs the test suite with the oldest versions that pyproject.toml allows, in a virtual environment of its own.
#   scripts/test_oldest.sh [PYTHON] [FOLDER] [pytest arguments]
# PYTHON: the oldest Python allowed (python3.11). FOLDER: where the environment is kept (.venv-oldest). PyTorch is left out:
# tests that need it are skipped with that reason.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3.11}
folder=${2:-.venv-oldest}
shift $(($# < 2 ? $# : 2))

# name>=version of [project].dependencies and of the extra `test`, as name==version.
oldest() {
  "$python" - <<'PY'
import re
import tomllib

with open("pyproject.toml", "rb") as handle:
    project = tomllib.load(handle)["project"]
for entry in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
    name, version = re.fullmatch(r"([\w.-]+)>=([\w.]+)", entry).groups()
    print(f"{name}=={version}" if name not in ("pandas", "polars") else f"{name}~={version}")
PY
}

if [ ! -x "$folder/bin/python" ]; then
  "$python" -m venv "$folder"
  mapfile -t pins < <(oldest)
  echo "installing: ${pins[*]}"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${pins[@]}"
fi
PYTHONPATH=src OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 \
  "$folder/bin/python" -m pytest -m 'not slow' -n "${WORKERS:-2}" "${@:-tests}"
