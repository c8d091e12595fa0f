# On a fresh Debian or macOS with Python >= 3.11: `make run` for the app, `make test` for the tests.
PYTHON ?= python3
BIN := .venv/bin
PHOTO ?= tests/samples/great_wall_of_china.jpg
PHOTOS ?= photos
ARGS ?=

.PHONY: run predict test notebooks check format clean

run: .venv/.base ## start the app on http://127.0.0.1:8321
	$(BIN)/whereshot serve --open $(ARGS)

predict: .venv/.base ## recognize one photo: make predict PHOTO=photo.jpg
	@$(BIN)/whereshot predict "$(PHOTO)" $(ARGS)

test: .venv/.dev ## run every test
	$(BIN)/pytest $(ARGS)

notebooks: .venv/.dev ## run the notebooks from the top: make notebooks PHOTOS=folder/of/photos
	$(BIN)/python notebooks/run.py --photos "$(PHOTOS)" $(ARGS)

check: .venv/.dev ## formatting, lint, types, directions of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: .venv/.dev ## apply formatting and the lint's safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove the environment
	rm -rf .venv

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The environments are built anew when the list of dependencies changes.
.venv/.base: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --editable ".[dev]"
	@touch $@ .venv/.base
