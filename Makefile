# The tools that check this code, pinned so that they say the same everywhere.
GOFUMPT     = go run mvdan.cc/gofumpt@v0.9.2
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

# What git holds or would hold: not what npm installs.
GO_FILES = $(shell git ls-files --cached --others --exclude-standard '*.go')

.PHONY: build test lint fmt e2e hunt chromium curl firefox jq servers stores debian release

build:
	go build -o caddy ./cmd/caddy

test:
	go test ./...

lint:
	$(if $(GO_FILES),,$(error git lists no Go file))
	@unformatted=$$($(GOFUMPT) -l $(GO_FILES)) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "gofumpt (make fmt) would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	cd e2e && go vet ./... && $(STATICCHECK) ./...
	cd e2e/monitoring && go vet ./... && $(STATICCHECK) ./...
	cd e2e/kubernetes && go vet ./...
	cd internal/rooms && go vet ./... && $(STATICCHECK) ./... && go run .

fmt:
	$(GOFUMPT) -w $(GO_FILES)

# Real browsers, the engine that ProConnect runs, servers that nobody here wrote, and
# two nodes over a real Redis and PostgreSQL. E2E_SCREENSHOTS names a directory for
# pictures of every page.
e2e: build chromium curl firefox jq servers stores debian
	cd e2e/provider && npm ci --no-audit --no-fund
	cd e2e && go build -o caddy-storages ./storage/caddy
	cd e2e && CADDY_BIN=../caddy CADDY_STORAGES_BIN=caddy-storages go test -count=1 -timeout 30m ./...
	cd e2e/monitoring && npm ci --no-audit --no-fund && CADDY_BIN=../../caddy go test -count=1 ./...
	cd e2e/kubernetes && CADDY_BIN=../../caddy go test -count=1 ./...

# The tests that try things by chance, by another chance than the one that a change is
# held to: what they find was there before it. Any number of times.
hunt: build servers
	TEST_SEED=clock CHECK_ROUNDS=20 go test -count=1 -timeout 60m -run '^(TestGeneratedTargets|TestCheckAgreesWithWhatStrangersGet|TestExplainAgreesWithTheGate)$$' \
		./internal/upstream ./acceptance/commands
	cd e2e && TEST_SEED=clock CADDY_BIN=../caddy go test -count=1 -timeout 60m -run '^TestServersBehindGates$$' .

# The scripts of the documentation call it.
curl:
	@command -v curl >/dev/null || .ci/install curl

chromium:
	@command -v chromium >/dev/null || .ci/install chromium fonts-liberation

firefox:
	@command -v firefox-esr >/dev/null || command -v firefox >/dev/null || .ci/install firefox-esr

# What operators are shown asks the audit log with it.
jq:
	@command -v jq >/dev/null || .ci/install jq

# The tests run these by their binaries, on loopback, with folders of their own: the
# services that the packages may start are not touched.
stores:
	@ls /usr/bin/redis-server /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || .ci/install redis-server postgresql

# A systemd of the tests' own runs the unit of Debian's package.
debian:
	@ls /lib/systemd/systemd /usr/bin/unshare /usr/bin/nsenter >/dev/null 2>&1 || .ci/install systemd util-linux
	@ls e2e/debian/caddy_*.deb >/dev/null 2>&1 || .ci/debian-caddy

# Jetty and Tomcat come as libraries: those packages start no service. nginx is run by
# its binary; a service that its package starts is not touched.
servers:
	@ls /usr/bin/java /usr/bin/python3 /usr/sbin/php-fpm* /usr/sbin/nginx /usr/share/tomcat10/bin/bootstrap.jar \
		/usr/share/java/jetty9-server.jar /usr/share/java/jetty9-apache-jsp.jar \
		/usr/lib/python3/dist-packages/flask /usr/lib/python3/dist-packages/uvicorn >/dev/null 2>&1 || \
		.ci/install default-jre-headless python3 python3-flask python3-uvicorn php-fpm nginx \
			tomcat10-common libjetty9-java libjetty9-extra-java
	cd e2e/servers && npm ci --no-audit --no-fund

# VERSION names what is built; without it, the tag does.
release:
	release/build $(VERSION)
