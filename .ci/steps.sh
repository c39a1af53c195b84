# What .ci/run and .ci/nightly share: a folder for work, steps whose minutes are printed, what extras need.
work=$(mktemp -d)
SECONDS=0
step_name="" step_began=0 step_times=""

# Seconds as minutes and tenths.
minutes() { printf '%3d.%d min' $(($1 / 60)) $(($1 % 60 / 6)); }

# Ends the last step and begins another.
step() {
  if [ -n "$step_name" ]; then
    step_times+="$(minutes $((SECONDS - step_began)))  $step_name"$'\n'
  fi
  step_name=${1:-} step_began=$SECONDS
  if [ -n "$step_name" ]; then printf '\n== %s (after %d s)\n' "$step_name" "$SECONDS"; fi
}

finish() {
  status=$?
  step
  printf '\n%s%s  in all\n' "$step_times" "$(minutes "$SECONDS")"
  rm -rf "$work"
  exit $status
}
trap finish EXIT

# Installs what extras need beside the project itself, which need not be built again.
needs() {
  .venv/bin/python .ci/extras.py "$@" > "$work/needs.txt"
  .venv/bin/pip install --quiet -r "$work/needs.txt"
}

# An environment with the wheel of Python alone.
pure_wheel() {
  python3 -m venv "$work/pure"
  "$work/pure/bin/pip" install --quiet ".[test]" -C wheel.cmake=false
}
