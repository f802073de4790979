# `make` lists the targets. Needs Python 3.10 or newer with pip and venv; everything else goes into .venv and build/.

PYTHON   ?= python3
# Another ansible-core than the pinned one, as MAJOR.MINOR: make env CORE=2.18
CORE     ?=
DEVICES  ?= 20
SCENARIO ?= join
SCENARIOS := default

BIN  := .venv/bin
LINK := build/collections/ansible_collections/winops/entra
ENV  := .venv/.installed$(addprefix -,$(CORE))

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE ?= 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 - \2/p' $(MAKEFILE_LIST) | awk -F ' - ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

# --- environment ------------------------------------------------------------------------------------------------------

.PHONY: env
env: $(ENV) $(LINK) ## build .venv with the exact versions of constraints.txt

$(ENV): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 10) and "Python 3.10 or newer is needed, $(PYTHON) is %d.%d: make env PYTHON=..." % v[:2])'
	$(PYTHON) -m venv .venv
	@rm -f .venv/.installed*
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	$(if $(CORE),$(BIN)/python -m pip install --quiet --disable-pip-version-check 'ansible-core~=$(CORE).0')
	@touch $@
	@$(BIN)/python -c 'import sys; from importlib.metadata import version; print(".venv: Python %d.%d, ansible-core %s" % (*sys.version_info[:2], version("ansible-core")))'

# ansible-playbook finds the collection only below a directory of this form.
$(LINK):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

.PHONY: link
link: $(LINK)

.PHONY: lock
lock: ## write constraints.txt anew: make lock PYTHONS="python3.10 python3.11 ..."
	$(PYTHON) tests/tools/lock.py $(PYTHONS)
