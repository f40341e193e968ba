# Two commands for everybody: `make demo` and `make test`. They need Python 3.11 or newer, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# mypy's Django plugin reads the settings, which do not start on a guess; it opens no connection.
NOWHERE := DATABASE_URL=postgresql://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 SECRET_KEY=unused

.PHONY: demo test checks lint security advisories evidence bench drill reset requirements browser

demo: $(VENV)/.installed
	@exec $(BIN)/python -m trialsite.stack

# The checks run beside the tests, of which the first wait more than they work.
test: $(VENV)/.installed-dev browser
	$(BIN)/python -m tests.run --beside $(MAKE) --no-print-directory checks

checks: lint security
	$(BIN)/python manage.py makemigrations --check --dry-run

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(NOWHERE) $(BIN)/mypy .
	$(BIN)/djlint --lint --quiet templates
	@if [ -x $(BIN)/biome ]; then $(BIN)/biome ci --colors=off --error-on-warnings .; else echo "no biome for this machine: scripts and style sheets are not linted"; fi
	$(BIN)/lint-imports

security: $(VENV)/.installed-dev
	$(BIN)/ruff check --select S .
	$(BIN)/bandit --quiet --recursive --severity-level medium --configfile pyproject.toml trialsite enrollment assessments analysis

# Asks the registry for known flaws of what is pinned. Fails as well when it could not ask about one of them.
advisories: $(VENV)/.installed-dev
	$(BIN)/pip-audit --strict --disable-pip --no-deps -r requirements.txt -r requirements-dev.txt

# Of what `make test` found on these sources; without it the requirements' tests are run.
evidence: $(VENV)/.installed-dev browser
	$(BIN)/python -m tests.run --evidence

# BENCH=--quick: with a tenth of the participants; BENCH=--pages=today,review: these pages only;
# BENCH=--import=1000000: an import of so many rows only.
bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks $(BENCH)

# Backs the demo up, restores it into an empty cluster, verifies it there, and compares every table.
drill: $(VENV)/.installed
	@$(BIN)/python -m trialsite.stack.drill

reset:
	rm -rf .local

browser: $(VENV)/.installed-dev
	@$(BIN)/python -m trialsite.stack.browser

requirements: $(VENV)/.installed-dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --annotation-style=line requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --annotation-style=line -c requirements.txt requirements-dev.in -o requirements-dev.txt

$(VENV)/.installed: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
