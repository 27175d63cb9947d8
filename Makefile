# The map of the project. `make setup` builds .venv from nothing; the others do so first when it is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Of the tests: two more than the smallest machine has cores, because many wait for processes that they started.
WORKERS ?= 4
ROUNDS ?= 20

.PHONY: setup demo test test-fast test-full flaky check check-lint check-format check-types check-walls wheel architecture keys commands fuzz faults soak cluster bench bench-peers resolve-macos snapshots pictures recording clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "MedSynth needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -c 'import cv2' 2>/dev/null || { \
	  $(BIN)/python -m pip uninstall --quiet --yes opencv-python && \
	  $(BIN)/python -m pip install --quiet opencv-python-headless; } # a server without a screen has no libGL
	touch $(READY)

demo: $(READY)
	$(BIN)/medsynth demo $(ARGS)

# What fails beside others is run once more, alone. What fails again fails; what does not is unsteady, stays listed in the
# first summary, and is a defect to be found: of the test or of the program.
test: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS) || { test $$? -eq 1 && \
	  echo "Once more, alone, what failed above. What passes now is unsteady: please look for why." && \
	  $(BIN)/python -m pytest --last-failed --last-failed-no-failures none $(ARGS); }

test-full: $(READY) # every test, the long ones in full: hours
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --full $(ARGS)

# What trains nothing and starts few processes; meant to take under five minutes on two busy cores.
FAST := -m "not slow" tests/access tests/db tests/exchange tests/governance tests/phantom tests/studio \
  --ignore-glob="*/test_wire_*.py" --ignore=tests/studio/test_snapshots.py --ignore=tests/studio/test_terminal.py

test-fast: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(FAST) $(ARGS)

flaky: $(READY) # the fast part in twenty orders, and what ever failed: ROUNDS=5 for fewer
	$(BIN)/python tests/flaky.py $(ROUNDS) -n $(WORKERS) --dist worksteal $(FAST) $(ARGS)

# Side by side: the types take as long as all the others.
check: $(READY)
	@$(MAKE) --no-print-directory --jobs=4 check-lint check-format check-types check-walls

check-lint:
	$(BIN)/ruff check .

check-format:
	$(BIN)/ruff format --check .

check-types:
	$(BIN)/mypy

check-walls:
	$(BIN)/lint-imports

# dist/medsynth-VERSION-py3-none-any.whl, which needs no checkout. What an earlier build left would go into it: it goes first.
wheel: $(READY)
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	rm -rf build
	@ls dist/*.whl

architecture: $(READY) # the picture in docs/architecture.md, from the imports
	$(BIN)/python scripts/picture.py

commands: $(READY) # docs/commands.md, from the commands themselves
	$(BIN)/python -m medsynth_tui.cli.reference docs/commands.md

keys: $(READY) # docs/keys.md, from the commands themselves
	$(BIN)/python -m medsynth_tui.keys_page docs/keys.md

fuzz: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal --full tests/intake/test_intake_fuzz.py $(ARGS)

# The table of docs/reliability.md in full numbers: kills, full disks, many writers, attacks on the log, lost terminals.
FAULTS := tests/db/test_ledger_faults.py tests/db/test_attacks.py tests/db/test_migrations.py tests/jobs/test_jobs_faults.py \
  tests/engine/test_backups.py tests/engine/test_audit_exports.py tests/engine/test_door.py tests/access/test_many_guess.py \
  tests/intake/test_intake_kills.py tests/intake/test_intake_memory.py tests/gan/test_faults.py tests/gan/test_weights.py \
  tests/studio/test_studio_killed.py tests/kernel/test_failing_disk.py tests/jobs/test_jobs_memory.py

faults: $(READY)
	$(BIN)/python -m pytest --full $(FAULTS) $(ARGS)

# Against a real Slurm on loopback: needs slurm-wlm and munge, and root (docs/cluster.md).
cluster: $(READY)
	$(BIN)/python -m pytest --full tests/cluster $(ARGS)

soak: $(READY)
	$(BIN)/python benchmarks/soak.py $(ARGS)

bench: $(READY)
	$(BIN)/medsynth benchmark $(ARGS)

bench-peers: $(READY)
	$(BIN)/python benchmarks/gan_peers.py $(ARGS)

# That every dependency installs on a Mac with an Apple chip, as a wheel: a dry run that downloads nothing but metadata.
resolve-macos: $(READY)
	$(BIN)/python deploy/resolve_macos.py $(ARGS)

# The studio as it looks now is what tests/studio/test_snapshots.py compares with; look at the difference before you commit it.
snapshots: $(READY)
	MEDSYNTH_UPDATE_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/studio/test_snapshots.py $(ARGS)

# docs/pictures; one is of a real training, which takes minutes.
pictures: $(READY)
	MEDSYNTH_UPDATE_SVG=1 $(BIN)/python -m pytest -q tests/studio/test_pictures.py $(ARGS)

# docs/pictures/studio.svg: the studio on made-up patients, with a real training of a minute; some minutes in all.
recording: $(READY)
	MEDSYNTH_UPDATE_SVG=1 $(BIN)/python -m pytest -q tests/studio/test_recording.py $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info
