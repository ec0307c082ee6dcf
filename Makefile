# The few commands that everyone uses. Each installs what it needs; a second call is fast.
SHELL := /bin/bash
PYTHON := .venv/bin/python
RUN := .venv/run.stamp
TEST := .venv/test.stamp
FAST := -n 2 -m "not servers and not browser and not process"

.PHONY: run test check test-fast test-process test-servers test-browser bench soak lock catalogues screenshots clean

run: $(RUN)            ## migrate and serve on http://localhost:8000
	@$(PYTHON) -m webapp serve

test: check test-fast test-process test-servers test-browser   ## everything

check: $(TEST)         ## style, types, floors
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports

test-fast: $(TEST)     ## no servers, no browser: under a minute
	@$(PYTHON) -m pytest -q $(FAST)

test-process: $(TEST)  ## the program as a process of its own, and what takes its time
	@$(PYTHON) -m pytest -q -n 2 -m "process and not servers and not browser"

test-servers: $(TEST)  ## against a real Prosody and a real Synapse
	@.ci/install servers homeserver far-side
	@$(PYTHON) -m pytest -q -n 2 --maxschedchunk 1 -m "servers and not browser"

test-browser: $(TEST)  ## in a real Chromium
	@.ci/install servers browser
	@$(PYTHON) -m pytest -q -n 2 --maxschedchunk 1 -m browser

bench: $(TEST)         ## the measurements, as a table and below bench/results/
	@.ci/install servers browser
	@$(PYTHON) -m bench

soak: $(TEST)          ## the delivery tests, longer
	@.ci/install servers
	@SOAK=1 $(PYTHON) -m pytest -q tests/delivery

lock:                  ## pin what pyproject.toml asks for
	@.ci/install uv
	@.ci/lock

catalogues: $(TEST)    ## gather the texts for people into the catalogues
	@$(PYTHON) -m webapp.catalogues

screenshots: $(TEST)   ## the pictures in the README, from the running program
	@.ci/install browser
	@$(PYTHON) -m pytest -q tests/journeys/test_pictures.py --pictures docs/pictures

clean:
	rm -rf .venv .venv-homeserver tests/element/node_modules

$(RUN): requirements.lock pyproject.toml .ci/install
	@.ci/install run

$(TEST): requirements-dev.lock pyproject.toml .ci/install
	@.ci/install test
