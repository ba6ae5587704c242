# `make run` and `make test` do everything on a fresh machine with Python 3.11.
.DEFAULT_GOAL := help
.PHONY: help run dev demo test browser processes lighthouse screenshots bench lint messages
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile

run: .venv/shop .env ## Set everything up and serve the shop as it is deployed (HOST=, PORT=)
	@$(BIN)/python manage.py prepare
	@exec $(BIN)/gunicorn --config python:storefront.gunicorn

dev: .venv/shop .env ## The same shop with error pages, reloading itself when a file changes
	@DEBUG=True $(BIN)/python manage.py prepare --no-static
	@DEBUG=True $(BIN)/python manage.py runserver

demo: .venv/development .env ## Fill the shop with a month of believable orders at the stand-in for Stripe
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo_orders

test: .venv/development ## Run every test that needs no system package
	@$(BIN)/python -m pytest

browser: .venv/development .ci/node_modules ## Run the tests that drive Chromium (CHROMIUM= says where it is)
	@$(BIN)/python -m pytest -m browser

processes: .venv/development ## Run the tests that start the shop as it is deployed
	@$(BIN)/python -m pytest -m processes

lighthouse: .venv/development .ci/node_modules ## Measure catalog and item page by Lighthouse, as they are deployed
	@$(BIN)/python -m payments.tests.lighthouse

screenshots: .venv/development ## Take every page as it looks, into screenshots/ (OPTIONS="--pages order-* --languages de")
	@$(BIN)/python -m payments.tests.screenshots $(OPTIONS)

bench: .venv/development ## Measure how fast the shop is, beside what it is compared with (needs wrk; OPTIONS="page --rounds 9")
	@$(BIN)/python -m benchmarks $(OPTIONS)

lint: .venv/development ## Format, style, types, layers, migrations, translations (needs gettext)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/djade --check $$(git ls-files 'templates/*.html')
	@DJANGO_SETTINGS_MODULE=payments.tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	@DJANGO_SETTINGS_MODULE=payments.tests.settings $(BIN)/python manage.py messages --check

messages: .venv/development ## Collect the texts to be translated, and compile the translations (needs gettext)
	@DJANGO_SETTINGS_MODULE=payments.tests.settings $(BIN)/python manage.py messages

.env:
	@$(BIN)/python -m storefront.dotenv

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed: install it, or say where it is, as in: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "The virtual environment could not be made: install Python's venv module (on Debian: apt install python3.11-venv) and try again." >&2; rm -rf .venv; exit 1; }
	@touch $@

.venv/shop: requirements.txt | .venv/python
	@echo "Installing what the shop needs …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt || { echo "The packages could not be installed: check the network and run make again." >&2; exit 1; }
	@touch $@

.venv/development: requirements.txt requirements-sentry.txt requirements-dev.txt | .venv/python
	@echo "Installing what the tests need …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt || { echo "The packages could not be installed: check the network and run make again." >&2; exit 1; }
	@touch $@ .venv/shop

.ci/node_modules: .ci/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js 18 or newer and npm are needed: install them (on Debian: apt install nodejs npm) and try again." >&2; exit 1; }
	@echo "Installing what measures the pages …"
	@npm ci --loglevel=error --prefix .ci && touch $@
