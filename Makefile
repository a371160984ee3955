# A thin front over tasks.py, which does the work on every platform.
#
#   make demo                  sample photographs in a library, and the page on 127.0.0.1:5000
#   make demo IMAGES=folder    the same for your own pictures (they are only read)
#   make demo PORT=8000        on another port
#   make test                  lint, types, import directions and all tests
#   make test TESTS=tests/unit only these
#   make bench                 all benchmarks, within half an hour → benchmarks/latest.json
#   make audit | sbom | install | lock | clean
#
# PYTHON names the Python to use (3.11 to 3.13), VENV the virtual environment (.venv).
# On Windows without make: py tasks.py demo

ifeq ($(OS),Windows_NT)
PYTHON ?= py
else
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c '' >/dev/null 2>&1 && echo $$name && break; done)
endif

# tasks.py reads these from the environment, so that no shell takes a folder's name apart
export IMAGES PORT TESTS VENV

.DEFAULT_GOAL := help
.PHONY: help demo test bench audit sbom install lock clean

help demo test bench audit sbom install lock clean:
	@$(or $(PYTHON),$(error No Python was found: install Python 3.11, 3.12 or 3.13)) tasks.py $@
