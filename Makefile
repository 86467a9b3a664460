# etcfiles: see README.md. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

DESTDIR ?=
PREFIX ?= /usr/local
CNI_BIN_DIR ?= /opt/cni/bin
NRI_PLUGIN_DIR ?=
VERSION ?= $(shell git describe --tags --always --abbrev=12 --dirty 2>/dev/null || echo unknown)
PACKAGE_ARCHS ?= amd64 arm64

BIN := $(CURDIR)/bin
DIST := $(CURDIR)/dist
PROGRAMS := $(notdir $(patsubst %/main.go,%,$(wildcard plugins/*/*/main.go)))
LINT := $(BIN)/golangci-lint

# Modules of a program's own, so that what it needs is in no other.
PROGRAM_MODULES := $(patsubst %/go.mod,%,$(wildcard plugins/*/*/go.mod))

# Every module that has code of ours.
MODULES := . .packaging $(PROGRAM_MODULES) $(patsubst %/,%,$(filter $(dir $(wildcard integration/*/*.go)),$(dir $(wildcard integration/*/go.mod))))

# each runs a command in every module.
each = @for module in $(MODULES); do echo "$$module: $(1)"; (cd $$module && $(1)); done

.PHONY: help build unit test test-kubelet vuln lint demo demo-cluster bench bench-cluster torture fuzz package install uninstall clean fresh cni-plugins containerds former former-if-known etcd etcd-series demo-packages test-packages fresh-packages root

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the static binaries into bin/
	@for main in plugins/*/*/main.go; do \
		dir=$${main%/main.go}; \
		echo "building $${dir##*/}"; \
		(cd $$dir && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/$${dir##*/} .); \
	done

unit: ## test what needs no root, in seconds
	go test ./pkg/... ./plugins/...
	@for module in $(PROGRAM_MODULES); do (cd $$module && go test ./...); done

test: root test-packages build cni-plugins containerds former-if-known $(BIN)/coredns $(BIN)/resolved etcd ## run every test (as root; installs the Debian packages it lacks)
	$(call each,go vet -tags kubelet ./... && CNI_PLUGINS=$(BIN)/cni go test -count=1 -timeout 15m ./...)

test-kubelet: root test-packages build cni-plugins containerds $(BIN)/kubelet/kubelet ## a standalone kubelet runs pods that call each other by name (builds kubelet: minutes)
	cd integration/containerd && go test -count=1 -tags kubelet -run TestKubelet ./...

GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
VULNDB ?= https://vuln.go.dev

vuln: ## look for known vulnerabilities in what the programs call (asks VULNDB, which may be a file:// copy)
	@for module in . $(PROGRAM_MODULES); do echo "$$module: govulncheck"; (cd $$module && go run $(GOVULNCHECK) -db $(VULNDB) ./...); done

lint: $(LINT) ## run the linters, also over the arrows between the packages and over the workflows
	$(call each,$(LINT) run --build-tags kubelet ./...)
	cd .packaging && go tool actionlint ../.github/workflows/*.yml

$(LINT): .golangci/go.mod
	cd .golangci && CGO_ENABLED=0 go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

demo: root demo-packages build cni-plugins ## plain runc containers find each other by name, and nothing is left (as root)
	@integration/demo/demo.sh

demo-cluster: root demo-packages build cni-plugins $(BIN)/coredns etcd ## names of containers on three hosts with an etcd of three members, and nothing is left (as root)
	@integration/demo/cluster.sh

SUITES ?= bookworm trixie
DIR ?=
ONLY ?=
MIRROR ?= http://deb.debian.org/debian

fresh: root fresh-packages ## run `make demo`, `make test` and `etcfiles setup`, or ONLY one, on a bare Debian of each of SUITES, below DIR (an hour; as root)
	@DIR='$(DIR)' ONLY='$(ONLY)' MIRROR='$(MIRROR)' integration/fresh/fresh.sh $(SUITES)

bench: root test-packages build cni-plugins containerds former ## measure one more container beside the floor, the least plugin and nerdctl (as root)
	integration/bench/run.sh
	integration/bench/containers.sh
	@printf '\nThe start of a pod, and what the programs in it take:\n\n'
	@cd integration/containerd && go test -run '^$$' -bench Pod -benchtime 30x . | grep '^$$\|^|'

bench-cluster: root test-packages build cni-plugins former etcd ## measure what names of other hosts cost: an ADD, a DEL, a batch of them in a hundred files; how soon they come, and how many (as root)
	BENCH_PART=remote integration/bench/run.sh
	@printf '\nA batch of 17 names out and 17 in, 100 files, the whole session under the lock (the bar: at most 40 ms with 2000 names, 50 ms with 10000):\n\n'
	@go test -run '^$$' -bench '^BenchmarkImport$$' -benchtime 30x ./pkg/etcfiles | grep '^Benchmark'
	@printf '\nNames across machines:\n\n'
	@cd integration/cluster && go test -count=1 -v -timeout 30m -run '^TestMeasure$$' . -args -measure | grep '^|'

torture: root test-packages cni-plugins etcd etcd-series ## kills, full disks, power losses, storms, chaos and hostile containers in full size; prints the list of integration/faults/README.md (40 minutes)
	{ go test -json -count=1 -p 1 -timeout 2h ./integration/faults ./integration/resolvers -args -full; \
	CNI_PLUGINS=$(BIN)/cni go test -json -count=1 -timeout 1h -run '^TestChaos$$' ./integration/oci -args -chaos 10m; } | go run ./integration/faults/table
	cd integration/cluster && go test -count=1 -v -timeout 2h -run '^(TestChurn|TestJoin|TestKilledAtEachCall|TestSplitBrain|TestUpgrade)$$' . -args -full | grep -E '^ +[a-z]+_test|^---|^ok|^FAIL'

FUZZTIME ?= 10m

fuzz: ## fuzz every parser, each for FUZZTIME (10m); what fails is kept in testdata/fuzz
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' pkg plugins | xargs -n1 dirname | sort -u); do \
		for target in $$(go test -list '^Fuzz' ./$$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x ./$$package; \
		done; \
	done

# The same bytes come of the same commit on any machine: Go has the version and settings of go.mod, every file the commit's time.
package: export GOTOOLCHAIN = go$(shell awk '$$1 == "go" { print $$2 }' go.mod)
package: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
package: export GOFLAGS :=
package: export GOAMD64 := v1
package: export GOARM64 := v8.0
package: ## make .deb, .rpm, tarball and SBOM for each of PACKAGE_ARCHS, with checksums, in dist/
	@rm -rf $(DIST)/etcfiles* $(DIST)/SHA256SUMS
	@rm -rf $(DIST)/man $(DIST)/completions
	@cd .packaging && CGO_ENABLED=0 go build -o $(DIST)/.build/packaging . && CGO_ENABLED=0 go run ./manual -out $(DIST) -version $(VERSION)
	@for arch in $(PACKAGE_ARCHS); do \
		GOOS=linux GOARCH=$$arch $(MAKE) --no-print-directory build BIN=$(DIST)/.build/$$arch VERSION=$(VERSION); \
		$(DIST)/.build/packaging -source . -bin $(DIST)/.build/$$arch -docs $(DIST) -out $(DIST) -arch $$arch -version $(VERSION); \
	done
	@cd $(DIST) && sha256sum etcfiles* >SHA256SUMS && cat SHA256SUMS

# What `make install` has put, for `make uninstall`: below PREFIX, since the other directories need not be given again.
INSTALLED = $(PREFIX)/share/etcfiles/installed

install: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
install: build ## install as the tarball has it: etcfiles into CNI_BIN_DIR, all else below PREFIX, a link to etcfiles-nri into NRI_PLUGIN_DIR if that is given
	@tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	(cd .packaging && GOOS= GOARCH= CGO_ENABLED=0 go build -trimpath -o "$$tools/" ./install ./manual); \
	"$$tools/manual" -out "$$tools" -version $(VERSION); \
	"$$tools/install" -bin $(BIN) -docs "$$tools" -destdir "$(DESTDIR)" -list "$(INSTALLED)" \
		-prefix "$(PREFIX)" -cni-bin-dir "$(CNI_BIN_DIR)" -nri-plugin-dir "$(NRI_PLUGIN_DIR)"
	@if [[ -z "$(DESTDIR)" && -d /run/systemd/system ]]; then systemctl daemon-reload || :; fi

uninstall: ## take away what `make install` has put; refused while a conflist, base specification or hook names it
	@.packaging/scripts/uninstall.sh "$(DESTDIR)" "$(INSTALLED)" $(PROGRAMS:%="$(CNI_BIN_DIR)/%") $(if $(NRI_PLUGIN_DIR),"$(NRI_PLUGIN_DIR)/10-etcfiles-nri")

clean: ## remove what was built
	rm -rf $(BIN) $(DIST)

# The reference plugins and cnitool, in the versions that go.mod pins.
cni-plugins:
	@mkdir -p $(BIN)/cni
	@tools=$$(go list -f '{{.ImportPath}}' tool); \
	for tool in $$tools; do \
		echo "building $${tool#github.com/containernetworking/}"; \
		CGO_ENABLED=0 go build -o $(BIN)/cni/ $$tool; \
	done
	@ln -sf ../etcfiles $(BIN)/cni/etcfiles

# Three generations of containerd for the tests: 2.x in the version of its go.mod, and the 1.6 and 1.7 of Debian's own packages, with
# the configuration that these bring. And a runc that can do more than Debian's.
containerds: $(BIN)/containerd2/ctr $(BIN)/containerd1/config.toml $(BIN)/containerd17/config.toml $(BIN)/runc/runc

$(BIN)/containerd2/ctr: integration/containerd/go.mod
	cd integration/containerd && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(BIN)/containerd2/ tool
	@touch $@

$(BIN)/containerd1/config.toml: integration/containerd/debian.sh
	integration/containerd/debian.sh bookworm $(@D)
	@touch $@

$(BIN)/containerd17/config.toml: integration/containerd/debian.sh
	integration/containerd/debian.sh trixie $(@D)
	@touch $@

$(BIN)/runc/runc: integration/containerd/runc/go.mod
	cd integration/containerd/runc && CGO_ENABLED=1 go build -trimpath -ldflags '-s -w' -o $@ github.com/opencontainers/runc

$(BIN)/kubelet/kubelet: integration/containerd/kubelet/go.mod
	cd integration/containerd/kubelet && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ k8s.io/kubernetes/cmd/kubelet
	@touch $@

# The version before, of which an update begins, with its packages: from its commit, so this needs the history, which a shallow clone lacks.
FORMER := af233fc6f2969668075ef43667536b9d244c696e
FORMER_VERSION := v0.0.0-$(shell printf %.12s $(FORMER))
FORMER_DIR := $(BIN)/former

former: $(FORMER_DIR)/dist/SHA256SUMS
	@:

$(FORMER_DIR)/$(FORMER):
	@rm -rf $(@D) && mkdir -p $(@D)/source
	@git cat-file -e $(FORMER)^{commit} 2>/dev/null || git fetch --quiet --depth 1 origin $(FORMER)
	git archive $(FORMER) | tar -x -C $(@D)/source
	$(MAKE) --no-print-directory -C $(@D)/source build VERSION=$(FORMER_VERSION)
	@touch $@

$(FORMER_DIR)/dist/SHA256SUMS: $(FORMER_DIR)/$(FORMER)
	$(MAKE) --no-print-directory -C $(FORMER_DIR)/source package DIST=$(@D) PACKAGE_ARCHS=$$(go env GOARCH) VERSION=$(FORMER_VERSION) GOTOOLCHAIN=local

# For the tests. Where the history ends before the commit, and that is out of reach, and only there, the tests of the update are left out.
former-if-known:
	@rm -f $(FORMER_DIR)/unknown
	@if [[ -e $(FORMER_DIR)/$(FORMER) ]] || git cat-file -e $(FORMER)^{commit} 2>/dev/null || \
		[[ $$(git rev-parse --is-shallow-repository) == false ]] || git fetch --quiet --depth 1 origin $(FORMER); then \
		$(MAKE) --no-print-directory former; \
	else \
		mkdir -p $(FORMER_DIR); \
		echo "the tests of the update are left out: the history here ends before the version before, $(FORMER), which cannot be fetched" | tee $(FORMER_DIR)/unknown; \
	fi

# CoreDNS with the plugins of conflists/dns/Corefile, in the version of its go.mod.
$(BIN)/coredns: integration/dns/go.mod integration/dns/coredns/main.go
	cd integration/dns && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ ./coredns
	@touch $@

# systemd-resolved out of its Debian package, which is not installed, since it would take over the /etc/resolv.conf of the machine.
$(BIN)/resolved:
	@echo "getting systemd-resolved"; rm -rf $@.new; mkdir -p $@.new
	@cd $@.new && apt-get -qq -o APT::Sandbox::User=root download systemd-resolved && dpkg-deb --extract systemd-resolved_*.deb . && rm systemd-resolved_*.deb
	@mv $@.new $@

# A server of etcd and its tools, in the version of its go.mod. Debian's package would start one on this machine.
etcd: $(BIN)/etcd/etcd
	@:

$(BIN)/etcd/etcd: integration/cluster/etcd/go.mod
	cd integration/cluster/etcd && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(BIN)/etcd/etcdctl go.etcd.io/etcd/etcdctl/v3
	cd integration/cluster/etcd && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ go.etcd.io/etcd/server/v3
	@touch $@

# Servers of the series before, for the upgrade in full size: 3.4 out of the package of Debian 12, which is not installed, and 3.5 in the version of its go.mod.
etcd-series: $(BIN)/etcd3.4/etcd $(BIN)/etcd3.5/etcd
	@:

$(BIN)/etcd3.4/etcd:
	@echo "getting etcd 3.4"; rm -rf $(@D).new; mkdir -p $(@D) $(@D).new
	@cd $(@D).new && apt-get -qq -o APT::Sandbox::User=root download etcd-server && dpkg-deb --extract etcd-server_*.deb .
	@$(@D).new/usr/bin/etcd --version | grep '^etcd Version: 3\.4\.' || { echo "etcd-server of this Debian is not 3.4: put such a server at $@, or use Debian 12" >&2; exit 1; }
	@mv $(@D).new/usr/bin/etcd $@; rm -rf $(@D).new

$(BIN)/etcd3.5/etcd: integration/cluster/etcd3.5/go.mod
	cd integration/cluster/etcd3.5 && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ go.etcd.io/etcd/server/v3
	@touch $@

# The Debian packages of a list.
demo-packages test-packages fresh-packages: %-packages:
	@.ci/install-packages .ci/packages/$*

root:
	@if [[ $$(id -u) != 0 ]]; then echo "run this as root: it makes network namespaces" >&2; exit 1; fi
