# `make` lists the targets. Needs Python 3.10 or newer with pip and venv; everything else goes into .venv and build/.

PYTHON   ?= python3
# Another ansible-core than the pinned one, as MAJOR.MINOR: make env CORE=2.18
CORE     ?=
# For `make lab`: a name in tests/lab/scenarios or a file, and how many devices (the scenario's own number when empty).
SCENARIO ?= every_kind
DEVICES  ?=
# More arguments for the program behind a target: make unit ARGS="-k wire -x"
ARGS     ?=

BIN    := .venv/bin
PYTEST := $(BIN)/python -m pytest
LINK   := build/collections/ansible_collections/winops/entra
ENV    := .venv/.installed$(addprefix -,$(CORE))
STOCK  := build/collections/ansible_collections/ansible/windows/MANIFEST.json

export PATH := $(CURDIR)/$(BIN):$(PATH)

# Ansible refuses to start where the locale is not UTF-8, as in a job of cron and in many containers.
ifneq ($(shell locale charmap 2>/dev/null),UTF-8)
export LC_ALL := C.UTF-8
endif

# Bytecode is written even where the environment forbids it, but to a place of its own: without it each of the many
# programs that the checks start would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/build/bytecode

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 - \2/p' $(MAKEFILE_LIST) | awk -F ' - ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

# --- environment ------------------------------------------------------------------------------------------------------

.PHONY: env
env: $(ENV) $(LINK) ## build .venv with the exact versions of constraints.txt

$(ENV): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 10) and "Python 3.10 or newer is needed, $(PYTHON) is %d.%d: make env PYTHON=..." % v[:2])'
	$(PYTHON) -m venv .venv
	@rm -f .venv/.installed*
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	$(if $(CORE),$(BIN)/python -m pip install --quiet --disable-pip-version-check 'ansible-core~=$(CORE).0')
	@touch $@
	@$(BIN)/python -c 'import sys; from importlib.metadata import version; print(".venv: Python %d.%d, ansible-core %s" % (*sys.version_info[:2], version("ansible-core")))'

# ansible-playbook finds the collection only below a directory of this form.
$(LINK):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

.PHONY: link
link: $(LINK)

# The modules that the lab is tried with, and that the benchmarks measure against.
$(STOCK): tests/tools/stock_collection.py | $(ENV)
	$(BIN)/python tests/tools/stock_collection.py
	@touch $@

.PHONY: lock
lock: ## rewrite constraints.txt: make lock PYTHONS="python3.10 python3.11 ..."
	$(PYTHON) tests/tools/lock.py $(PYTHONS)

# --- checks -----------------------------------------------------------------------------------------------------------

# The longest first. More of them at a time than two cores would need if they only computed: often they wait.
PARTS   := integration sanity powershell lint unit molecule
AT_ONCE ?= 3

.PHONY: test
test: env $(STOCK) ## all of the checks below, as CI runs them
	@$(BIN)/python tests/tools/parts.py $(AT_ONCE) $(MAKE) $(PARTS)

.PHONY: lint
lint: docs $(STOCK) ## ruff, mypy, ansible-lint (profile production), changelog fragments, documentation, promises
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/ansible-lint
	$(BIN)/antsibull-changelog lint
	$(BIN)/python -m tests.tools.promises --check

.PHONY: docs
docs: env ## the documentation of modules, plugins and roles, as docs.ansible.com would render it
	$(BIN)/antsibull-docs lint-collection-docs --plugin-docs .
	$(BIN)/python tests/tools/seen.py --check
	$(BIN)/python -m tests.tools.refusals --check
	$(BIN)/python -m tests.tools.errors --check

.PHONY: pages
pages: env ## rewrite the generated pages: docs/errors.md, docs/refusals.md, docs/seen.md
	$(BIN)/python tests/tools/seen.py
	$(BIN)/python -m tests.tools.refusals
	$(BIN)/python -m tests.tools.errors

.PHONY: promises
promises: env ## put the rows of tests/promises in the order of the texts, and show which are missing
	$(BIN)/python -m tests.tools.promises

.PHONY: sanity
sanity: env ## ansible-test sanity for the ansible-core in .venv
	$(BIN)/python tests/run_sanity.py $(ARGS)

.PHONY: unit
unit: env ## no network, no processes
	$(PYTEST) tests/unit $(ARGS)

# A fixed sample of both is among the unit tests.
INPUTS ?= 1000000

.PHONY: fuzz
fuzz: env ## hostile inputs at every door at which something untrusted comes in; half an hour: make fuzz INPUTS=10000
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS) $(ARGS)

.PHONY: registrations
registrations: env ## registrations with Windows Autopilot, killed or cut off at each exchange and run again; three minutes
	$(BIN)/python -m tests.registrations $(ARGS)

.PHONY: faults
faults: env ## each exchange of each task that changes a device goes wrong in each way; ten minutes
	$(BIN)/python -m tests.faults $(ARGS)

# A fixed sample is among the unit tests.
.PHONY: endings
endings: env ## each ending of each task on a device, compared with docs/endings.md; five minutes
	$(BIN)/python -m tests.endings $(ARGS)

.PHONY: endings-page
endings-page: env ## rewrite the table in docs/endings.md from tests/endings/table.py
	$(BIN)/python -m tests.endings --write

.PHONY: foretold
foretold: env ## check mode against the run: each kind of device with each option; ten minutes
	$(BIN)/python -m tests.foretold $(ARGS)

.PHONY: rollouts
rollouts: env ## a hundred runs in random order: limits, checks, kills, two at once; half an hour
	$(BIN)/python -m tests.rollouts $(ARGS)

# In check mode all of them are among the integration tests.
.PHONY: examples
examples: env $(STOCK) ## every example of modules, roles and guides over the lab, for real; ten minutes
	$(BIN)/python -m tests.examples $(ARGS)

# Playbooks wait for devices most of their time, so more of them run than there are cores.
WORKERS ?= 3

.PHONY: integration
integration: env $(STOCK) ## playbooks and stock clients against the lab
	$(PYTEST) tests/integration -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: molecule
molecule: env ## the roles against the lab: converge, idempotence, verify
	MOLECULE_EPHEMERAL_DIRECTORY="$(CURDIR)/build/molecule" MOLECULE_COMMAND_BORDERS=false molecule test --all

.PHONY: powershell
powershell: ## the runner under each PowerShell on PATH; needs no environment
	@# With WINOPS_REQUIRE_POWERSHELL it is an error that there is none.
	$(PYTHON) tests/powershell/run.py $(if $(WINOPS_REQUIRE_POWERSHELL),--require) $(ARGS)
	@# The proof itself: eight faults, always the same ones, that it must notice. All of them are in `make mutants`.
	@$(if $(ARGS),:,! command -v pwsh > /dev/null || [ ! -x $(BIN)/python ] || $(BIN)/python tests/powershell/mutants.py --sample 8 --seed 2)

.PHONY: real-powershell
real-powershell: env ## a join, facts and a leave over each of winrm, psrp and ssh, by a real PowerShell; two minutes
	WINOPS_REAL_POWERSHELL=all $(PYTEST) tests/integration/test_real_powershell.py $(ARGS)

.PHONY: mutants
mutants: env ## does the PowerShell proof notice faults? one at a time in the runner, half an hour
	$(BIN)/python tests/powershell/mutants.py $(ARGS)

# --- the lab ----------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: env ## the real join playbook over the lab's devices, twice
	$(BIN)/python -m tests.demo $(ARGS)

.PHONY: demo-disconnect
demo-disconnect: env ## the way back: the real disconnect playbook over the lab's joined devices, twice
	$(BIN)/python -m tests.demo_disconnect $(ARGS)

.PHONY: demo-autopilot
demo-autopilot: env ## Windows Autopilot: running devices are registered, reset, unpacked by their people, deployed; twice
	$(BIN)/python -m tests.demo_autopilot $(ARGS)

.PHONY: demo-passwordless
demo-passwordless: env ## security keys: policy, package from YAML, stick, devices, people, report; twice
	$(BIN)/python -m tests.demo_passwordless $(ARGS)

.PHONY: demo-verify
demo-verify: env ## after the join: what is wrong with each of 64 devices, planted beside found, and what was refused
	$(BIN)/python -m tests.demo_verify $(ARGS)

.PHONY: lab
lab: env ## a lab in the foreground, until Ctrl-C: make lab DEVICES=20
	$(BIN)/python -m tests.lab --scenario $(SCENARIO) $(if $(DEVICES),--devices $(DEVICES)) --out build/lab $(ARGS)

.PHONY: bench
bench: env $(STOCK) ## measure side by side with what a user would use instead; writes build/bench.json
	@# As pip leaves packages behind when it is not told to hurry; what does not compile is nobody's concern.
	@$(BIN)/python -m compileall -q -j 2 .venv/lib || true
	$(BIN)/python -m tests.benchmarks $(ARGS)

# --- release ----------------------------------------------------------------------------------------------------------

.PHONY: build
build: env ## the archive that Galaxy takes, in build/
	$(BIN)/ansible-galaxy collection build --force --output-path build

# In an environment of its own: it wants other versions of ansible-core and ansible-lint than .venv has. The newest one is
# wanted, as Galaxy runs it.
IMPORTER := build/importer/bin/python

$(IMPORTER):
	$(PYTHON) -m venv build/importer
	$@ -m pip install --quiet --disable-pip-version-check galaxy-importer

.PHONY: importer
importer: build $(IMPORTER) ## the archive as Galaxy would check it when it is published; downloads galaxy-importer
	$(IMPORTER) tests/tools/importer.py build/winops-entra-*.tar.gz

.PHONY: clean
clean: ## remove build/ and .venv
	rm -rf build .venv
