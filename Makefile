# Needs python3 (3.11 or newer) and make; everything else is set up on first use.
UV := $(or $(shell command -v uv),.venv-uv/bin/uv)
PY := .venv/bin/python
export UV_PYTHON_DOWNLOADS = never
# Compiled once at install, so that a start is quick also where Python may not write bytecode.
export UV_COMPILE_BYTECODE = 1

.PHONY: install demo run doctor test check bench faults screenshots lock
install: .venv/ready

demo: .venv/ready ; @$(PY) -m bot demo $(ARGS)
run: .venv/ready ; @$(PY) -m bot run
doctor: .venv/ready ; @$(PY) -m bot doctor $(ARGS)
# Most tests wait more than they compute.
WORKERS := $(shell python3 -c 'import os; print(2 * (os.cpu_count() or 1))')
test: .venv/ready ; @$(PY) -m pytest $(or $(ARGS),-n $(WORKERS))

check: .venv/ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m pytest -n $(WORKERS)

bench: .venv/ready ; @$(PY) -m tests.bench $(ARGS)
faults: .venv/ready ; @$(PY) -m pytest tests/faults --full-sweep $(ARGS)

# Needs a Chromium, as its tests do.
screenshots: .venv/ready ; @BROWSER_TESTS=required $(PY) -m pytest -q tests/browser --screenshots docs

lock: | $(UV)
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--no-annotate --extra postgres --group dev pyproject.toml -o requirements.lock

.venv/ready: pyproject.toml requirements.lock | $(UV)
	$(UV) venv -q --clear .venv
	$(UV) pip sync -q --python .venv requirements.lock
	$(UV) pip install -q --python .venv --no-deps -e .
	$(PY) -m compileall -q bot
	@touch $@

.venv-uv/bin/uv:
	python3 -m venv .venv-uv
	.venv-uv/bin/pip install -q uv
