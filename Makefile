# etcfiles: see README.md. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

DESTDIR ?=
CNI_BIN_DIR ?= /opt/cni/bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

BIN := $(CURDIR)/bin
PROGRAMS := $(notdir $(patsubst %/main.go,%,$(wildcard plugins/*/*/main.go)))
LINT := $(BIN)/golangci-lint

# What the tests and the demo need of Debian's packages, as command:package.
NEEDS := ip:iproute2 iptables:iptables dnsmasq:dnsmasq-base busybox:busybox-static wget:wget unshare:util-linux \
	runc:runc crun:crun strace:strace rootlesskit:rootlesskit slirp4netns:slirp4netns newuidmap:uidmap podman:podman conmon:conmon gcc:gcc musl-gcc:musl-tools chattr:e2fsprogs setpriv:util-linux groff:groff-base

.PHONY: help build test test-kubelet lint demo bench torture install clean cni-plugins containerds debian-packages root

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the static binaries into bin/
	@for main in plugins/*/*/main.go; do \
		dir=$${main%/main.go}; \
		CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/$${dir##*/} ./$$dir; \
	done

test: root debian-packages build cni-plugins containerds ## run every test (as root; installs the Debian packages it lacks)
	CNI_PLUGINS=$(BIN)/cni go test -count=1 -timeout 15m ./...
	cd integration/containerd && go vet -tags kubelet ./... && go test -count=1 ./...
	cd integration/bench && go vet ./... && go test ./...

test-kubelet: root debian-packages build cni-plugins containerds $(BIN)/kubelet/kubelet ## a standalone kubelet runs pods that call each other by name (builds kubelet: minutes)
	cd integration/containerd && go test -count=1 -tags kubelet -run TestKubelet ./...

lint: $(LINT) ## run the linters, also over the arrows between the packages
	$(LINT) run ./...

$(LINT): .golangci/go.mod
	cd .golangci && CGO_ENABLED=0 go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

demo: root debian-packages build cni-plugins ## plain runc containers find each other by name, and nothing is left (as root)
	@integration/demo/demo.sh

bench: root debian-packages build cni-plugins containerds ## measure one more container beside the floor, the least plugin and nerdctl (as root)
	integration/bench/run.sh
	integration/bench/containers.sh
	@printf '\nThe start of a pod, and what the programs in it take:\n\n'
	@cd integration/containerd && go test -run '^$$' -bench Pod -benchtime 30x . | grep '^$$\|^|'

torture: root debian-packages ## kills, full disks, power losses and a storm of processes in full size; prints the README's table (minutes)
	go test -json -count=1 -p 1 -timeout 2h ./integration/killed ./integration/torture -args -full | go run ./integration/torture/table

install: build ## install the binaries into DESTDIR/CNI_BIN_DIR
	install -d $(DESTDIR)$(CNI_BIN_DIR)
	for p in $(PROGRAMS); do install -m 0755 $(BIN)/$$p $(DESTDIR)$(CNI_BIN_DIR)/$$p; done

clean: ## remove what was built
	rm -rf $(BIN)

# The reference plugins and cnitool, in the versions that go.mod pins.
cni-plugins:
	@mkdir -p $(BIN)/cni
	@CGO_ENABLED=0 go build -o $(BIN)/cni/ $$(go list -f '{{.ImportPath}}' tool)
	@ln -sf ../etcfiles $(BIN)/cni/etcfiles

# Two generations of containerd for the tests: 2.x in the version of its go.mod, and Debian's 1.6.
containerds: $(BIN)/containerd2/ctr $(BIN)/containerd1/ctr

$(BIN)/containerd2/ctr: integration/containerd/go.mod
	cd integration/containerd && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(BIN)/containerd2/ tool
	@touch $@

$(BIN)/containerd1/ctr:
	dir=$$(mktemp -d); trap 'rm -rf $$dir' EXIT; cd $$dir; \
	apt-get update -qq; apt-get download -qq containerd; dpkg -x containerd_*.deb .; \
	install -D -t $(BIN)/containerd1 usr/bin/{containerd,containerd-shim-runc-v2,ctr}

$(BIN)/kubelet/kubelet: integration/kubelet/go.mod
	cd integration/kubelet && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ k8s.io/kubernetes/cmd/kubelet
	@touch $@

debian-packages:
	@missing=(); \
	for need in $(NEEDS); do command -v $${need%%:*} >/dev/null || missing+=($${need##*:}); done; \
	if (( $${#missing[@]} )); then \
		echo "installing $${missing[*]}"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null; \
	fi

root:
	@if [[ $$(id -u) != 0 ]]; then echo "run this as root: it makes network namespaces" >&2; exit 1; fi
