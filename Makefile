# skipd's two commands are `make demo` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
RELEASE := -c release --static-swift-stdlib

# Where `make install` puts things, under DESTDIR.
PREFIX ?= /usr
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d

# Debian packages: what the build links, and what only the tests use (a foreign ZeroMQ client, a systemd to boot the unit in, a browser to
# look at the dashboard with).
BUILD_PACKAGES := libzmq3-dev libsqlite3-dev libnats-dev pkg-config
TEST_PACKAGES := python3-zmq python3-numpy python3-cryptography mosquitto-clients systemd-container chromium nats-server
BENCH_PACKAGES := libopenblas-dev python3 python3-venv

# Those with a DocC catalog.
LIBRARIES := SkipRNN SkipRNNTraining SkipStream ZeroMQ

.PHONY: help deps test-deps swift-there build test crash chaos soak restart fuzz sanitize cluster-faults cluster-demo bench budget instructions demo man docs pictures install lay-out deb test-deb clean

help: ## List the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

deps: swift-there ## Install what the build needs from Debian, if it is missing
	@$(call install-missing,$(BUILD_PACKAGES))

test-deps: deps .build/promtool ## Install what the tests need besides
	@$(call install-missing,$(TEST_PACKAGES))

# Prometheus' own check of metrics and alerts. Taken out of its package: installed, that would start a Prometheus.
.build/promtool:
	@mkdir -p .build && cd .build && rm -f prometheus_*.deb && if apt-get download -q prometheus; then \
	    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool && chmod +x promtool && rm prometheus_*.deb; \
	else echo 'promtool is not to be had; the tests that need it are skipped' >&2; fi

swift-there:
	@$(SWIFT) --version >/dev/null 2>&1 || { \
	    echo '`$(SWIFT) --version` fails; skipd needs Swift 6.2 or later: https://www.swift.org/install/linux/' >&2; exit 1; }

build: deps ## Build skipd and skipctl for release, each one file without Swift libraries beside it
	$(SWIFT) build $(RELEASE) --product skipd
	$(SWIFT) build $(RELEASE) --product skipctl

# In release form: what is tested is what is shipped, and the exhaustive tests take seconds in place of minutes.
test: test-deps ## Build without a warning, then run every test
	@mkdir -p .build
	$(SWIFT) build -c release --build-tests 2>&1 | tee .build/warnings.log
	@$(refuse-warnings)
	@# Suites run side by side, so what failed is far above the end: it is said once more.
	$(SWIFT) test -c release --skip-build --disable-xctest 2>&1 | tee .build/test.log || { grep '^✘' .build/test.log; exit 1; }

# How long each of these goes on: see docs/testing.md.
CRASH_KILLS ?= 200
CHAOS_SECONDS ?= 120
SOAK_MINUTES ?= 30
RESTART_STREAMS ?= 1000000
CLUSTER_FAULTS ?= 50

crash: test-deps ## Kill skipd at random moments, and at every single write to its disk; restart and compare byte for byte
	$(SWIFT) build -c release --build-tests
	SKIPD_KILLS=$(CRASH_KILLS) $(SWIFT) test -c release --skip-build --disable-xctest --filter 'CrashTests|DiskFaultTests'

chaos: test-deps ## Bad devices on a bad network; every result compared with the offline one
	$(SWIFT) build -c release --build-tests
	CHAOS_SECONDS=$(CHAOS_SECONDS) $(SWIFT) test -c release --skip-build --disable-xctest --filter ChaosTests

soak: test-deps ## 50,000 timesteps a second for half an hour: memory, lag, conservation
	$(SWIFT) build -c release --build-tests
	SOAK_MINUTES=$(SOAK_MINUTES) $(SWIFT) test -c release --skip-build --disable-xctest --filter SoakTests

restart: test-deps ## A million streams: the time of a restart, and what a checkpoint holds up
	$(SWIFT) build -c release --build-tests
	SKIPD_STREAMS=$(RESTART_STREAMS) $(SWIFT) test -c release --skip-build --disable-xctest --filter RestartTests

cluster-faults: test-deps ## Kill, pause and cut off workers, gateways and NATS servers; every result compared with one undisturbed skipd's
	$(SWIFT) build -c release --product skipd
	SKIPD="$$($(SWIFT) build -c release --show-bin-path)/skipd" /usr/bin/python3 Tests/Cluster/faults.py --faults $(CLUSTER_FAULTS) $(if $(SEED),--seed $(SEED))

cluster-demo: build test-deps ## Three NATS servers, a gateway, three workers on this machine; one of each is killed on the way
	SKIPD="$$($(SWIFT) build $(RELEASE) --show-bin-path)/skipd" /usr/bin/python3 Tests/Cluster/demo.py
# How long each target is fed.
FUZZ_SECONDS ?= 10

# Of its own, so that nobody else builds a fuzzer. C and C++ get UndefinedBehaviorSanitizer besides, but for what Fuzzing/ignored.txt has; Swift traps by
# itself.
fuzz: deps ## Feed made-up input to whatever reads what others wrote
	SKIPD_FUZZ=1 $(SWIFT) build -c release --product skipd-fuzz --scratch-path .build-fuzz --sanitize address -Xswiftc -sanitize=fuzzer \
	    -Xcc -fsanitize=undefined,fuzzer-no-link -Xcc -fno-sanitize=vptr,function -Xcc -fno-sanitize-recover=undefined -Xcxx -fsanitize-ignorelist=$(CURDIR)/Fuzzing/ignored.txt
	FUZZ_SECONDS=$(FUZZ_SECONDS) Fuzzing/fuzz.sh .build-fuzz/release/skipd-fuzz

sanitize: test-deps ## Run the tests under ThreadSanitizer and under AddressSanitizer, skipd included
	SWIFT='$(SWIFT)' Tests/Sanitizers/sanitize.sh thread
	SWIFT='$(SWIFT)' Tests/Sanitizers/sanitize.sh address

bench: build ## Measure speed and memory, and write docs/benchmarks.md; QUICK=1: in under three minutes
	@$(call install-missing,$(BENCH_PACKAGES))
	$(SWIFT) build --package-path Benchmarks $(RELEASE)
	@[[ -e Benchmarks/.build/peers ]] || python3 -m venv Benchmarks/.build/peers
	@Benchmarks/.build/peers/bin/python -m pip install -q -r Benchmarks/requirements.txt
	python3 Benchmarks/run/bench.py "$$($(SWIFT) build $(RELEASE) --show-bin-path)/skipd" $(if $(QUICK),--quick)

budget: build test-deps ## Hold a running skipd to its budgets through steps in load: a table, in four minutes
	/usr/bin/python3 Benchmarks/run/budget.py "$$($(SWIFT) build $(RELEASE) --show-bin-path)/skipd"

# Seconds differ from run to run, instructions don't.
instructions: deps ## Count a message's instructions; fail if they have grown by more than 5 %
	@$(call install-missing,valgrind)
	$(SWIFT) build --package-path Benchmarks $(RELEASE) --product workload
	python3 Benchmarks/run/instructions.py

demo: build ## Classify seven recordings of a real smartwatch, live
	"$$($(SWIFT) build $(RELEASE) --show-bin-path)/skipctl" demo

man: build ## Write manual pages and shell completions to .build/man
	$(SWIFT) build $(RELEASE) --product generate-manual
	@rm -rf .build/man && mkdir -p .build/man
	@bin="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; \
	date="$$(git log -1 --format=%cs 2>/dev/null || date +%F)"; \
	for tool in skipd skipctl; do \
	    "$$bin/generate-manual" "$$bin/$$tool" --date "$$date" --output-directory .build/man; \
	    for shell in bash zsh fish; do "$$bin/$$tool" --generate-completion-script $$shell >.build/man/$$tool.$$shell; done; \
	done
	@# They are read by a shell that runs, never started as programs.
	@sed -i '1{/^#!/d}' .build/man/*.bash
	@# The generator leaves paragraphs as empty lines, and takes the parser's own "help" for a subcommand, which skipd has none of.
	@sed -i 's/^$$/.Pp/' .build/man/*.1
	@sed -i -e '/^\.Ar subcommand$$/d' -e '/^\.It Em help$$/,/^\.El$$/d' .build/man/skipd.1

docs: build ## Write the libraries' reference, a DocC archive, to .build/docs
	@rm -rf .build/docs .build/symbols && mkdir -p .build/symbols
	@bin="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; triple="$$($(SWIFT)c -print-target-info | sed -n 's/.*"triple": "\(.*\)",/\1/p' | head -n 1)"; archives=(); \
	for library in $(LIBRARIES); do \
	    maps=(); for map in "$$bin"/CSkip*.build/module.modulemap Sources/CZeroMQ/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$$(realpath "$$map")"); done; \
	    mkdir .build/symbols/$$library; \
	    $(SWIFT) symbolgraph-extract -module-name $$library -I "$$bin/Modules" -target "$$triple" "$${maps[@]}" -output-dir .build/symbols/$$library -minimum-access-level public; \
	    docc convert Sources/$$library/$$library.docc --additional-symbol-graph-dir .build/symbols/$$library --fallback-display-name $$library \
	        --fallback-bundle-identifier skipd.$$library --transform-for-static-hosting --output-dir .build/symbols/$$library.doccarchive | grep -v 'is missing documentation' >.build/symbols/$$library.log || true; \
	    archives+=(.build/symbols/$$library.doccarchive); \
	done; \
	docc merge "$${archives[@]}" --output-path .build/docs; \
	echo 'Look at it with: python3 -m http.server --directory .build/docs, then /documentation/'

pictures: build test-deps ## Draw the manuals' pictures anew, from real runs and with a real browser
	@bin="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; \
	python3 docs/images/pictures.py "$$bin/skipctl"; \
	Tests/Fixtures/dashboard/pictures.sh "$$bin/skipd" docs/images

install: build man ## Lay everything out under DESTDIR; configuration and models already there stay as they are
	@$(MAKE) --no-print-directory lay-out
	@if [[ -z '$(DESTDIR)' ]]; then echo 'Installed. Next: systemd-sysusers && systemctl daemon-reload && systemctl enable --now skipd'; fi

# What is built already.
lay-out:
	@bin="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; root='$(DESTDIR)'; \
	put() { install -D -m "$$1" "$$2" "$$root$$3"; }; \
	keep() { if [[ -e "$$root$$2" ]]; then echo "kept $$root$$2"; else put 644 "$$1" "$$2"; fi; }; \
	for tool in skipd skipctl; do \
	    install -D -s -m 755 "$$bin/$$tool" "$$root$(PREFIX)/bin/$$tool"; \
	    put 644 .build/man/$$tool.1 $(PREFIX)/share/man/man1/$$tool.1; \
	    put 644 .build/man/$$tool.bash $(PREFIX)/share/bash-completion/completions/$$tool; \
	    put 644 .build/man/$$tool.zsh $(PREFIX)/share/zsh/vendor-completions/_$$tool; \
	    put 644 .build/man/$$tool.fish $(PREFIX)/share/fish/vendor_completions.d/$$tool.fish; \
	done; \
	keep etc/skipd/skipd.toml $(SYSCONFDIR)/skipd/skipd.toml; \
	keep etc/skipd/models/watch.safetensors $(SYSCONFDIR)/skipd/models/watch.safetensors; \
	put 644 etc/skipd/recordings/watch-seven.safetensors $(PREFIX)/share/skipd/recordings/watch-seven.safetensors; \
	put 644 etc/prometheus/skipd.rules.yml $(PREFIX)/share/skipd/prometheus/skipd.rules.yml; \
	put 644 etc/grafana/skipd.json $(PREFIX)/share/skipd/grafana/skipd.json; \
	sed 's|/usr/bin/skipd|$(PREFIX)/bin/skipd|; s|/etc/skipd|$(SYSCONFDIR)/skipd|; s|/usr/share|$(PREFIX)/share|' \
	    systemd/skipd.service >.build/skipd.service; \
	put 644 .build/skipd.service $(UNITDIR)/skipd.service; \
	sed -f systemd/skipd@.sed .build/skipd.service >.build/skipd@.service; \
	put 644 .build/skipd@.service $(UNITDIR)/skipd@.service; \
	put 644 systemd/skipd.sysusers $(SYSUSERSDIR)/skipd.conf; \
	for file in README.md CHANGELOG.md LICENSE NOTICE etc/skipd/skipd.toml; do put 644 $$file $(PREFIX)/share/doc/skipd/$${file##*/}; done; \
	for file in docs/*.md docs/images/*.{svg,png} examples/*.{c,py}; do put 644 $$file $(PREFIX)/share/doc/skipd/$$file; done

deb: build man ## Build the Debian package, and let lintian look at it: dist/skipd_VERSION_amd64.deb
	@$(call install-missing,chrpath debhelper dpkg-dev fakeroot lintian)
	debian/rules clean
	fakeroot debian/rules binary
	lintian --fail-on error --tag-display-limit 0 dist/skipd_*.deb

test-deb: deb ## Install, upgrade and purge the package in a Debian of its own (needs root)
	@$(call install-missing,debootstrap systemd-container)
	Tests/Packages/deb.sh dist/skipd_*.deb

clean: ## Remove everything built
	rm -rf .build .build-fuzz .build-tsan .build-asan Benchmarks/.build

# Installs those Debian packages of a list that are missing, and asks for nothing if none is.
define install-missing
	command -v dpkg-query >/dev/null || { echo 'Not Debian: see to these packages yourself: $(1)' >&2; exit 0; }; \
	missing=(); \
	for package in $(1); do \
	    [[ "$$(dpkg-query -W -f='$${Status}' $$package 2>/dev/null || true)" == *' ok installed' ]] || missing+=($$package); \
	done; \
	if (( $${#missing[@]} )); then \
	    echo "Installing from Debian: $${missing[*]}"; \
	    sudo=(); if (( EUID != 0 )); then sudo=(sudo); fi; \
	    "$${sudo[@]}" apt-get update -q; \
	    "$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$${missing[@]}"; \
	fi
endef

# Fails on a warning about one of our own files. The file is touched, so that it is compiled, and complained about, next time too.
define refuse-warnings
	files="$$(sed -nE 's,^($(CURDIR)/)?((Sources|Tests)/[^:]+):[0-9]+:[0-9]+: warning: .*,\2,p' .build/warnings.log | sort -u)"; \
	if [[ -n "$$files" ]]; then touch $$files; echo "Warnings in our own files:" $$files >&2; exit 1; fi
endef
