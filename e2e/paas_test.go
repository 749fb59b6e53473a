package e2e

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// ask asks the site for an address as a program does, through the router.
func (p *platform) ask(t *testing.T, path string, header ...string) response {
	t.Helper()
	s := &stack{t: t, port: p.host[strings.LastIndex(p.host, ":")+1:]}
	return s.send(t, http.MethodGet, p.origin()+path, header...)
}

// What the example opens is open to anybody, and the rest to whom the rules admit.
func TestPlatformOpensWhatTheExampleSays(t *testing.T) {
	for _, test := range []struct {
		variant, page string
		open, closed  []string
	}{
		{
			variant: "metabase", page: "app",
			open: []string{
				"/public/dashboard/0b1c", "/api/public/dashboard/0b1c", "/api/public/card/0b1c/query/csv?parameters=%5B%5D",
				"/app/dist/app-main.bundle.js", "/app/assets/img/favicon.ico", "/favicon.ico", "/api/session/properties",
			},
			closed: []string{
				"/", "/dashboard/1", "/api/dashboard/1", "/api/user/current", "/api/session", "/admin/x/public/y", "/public", "/embed/dashboard/x",
				"/api/session/properties/x", "/public/../api/dashboard/1", "/public/..;/api/dashboard/1", "/public/%2e%2e/api/dashboard/1", "/api/session/properties;/../../dashboard/1",
			},
		},
		{
			variant: "n8n", page: "app",
			open:   []string{"/webhook/4f/path", "/webhook-test/4f", "/webhook-waiting/231", "/form/4f", "/form-waiting/231", "/form-test/4f"},
			closed: []string{"/", "/rest/workflows", "/api/v1/workflows", "/home/workflows", "/webhook", "/webhooks/x", "/mcp/x", "/webhook/../rest/workflows"},
		},
		{
			variant: "static", page: "",
			closed: []string{"/", "/index.html", "/Caddyfile", "/../Caddyfile", "/assets/x.css"},
		},
	} {
		t.Run(test.variant, func(t *testing.T) {
			p := newPlatform(t, test.variant)
			p.deploy(1)
			for _, path := range test.open {
				if got := p.ask(t, path); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `data-page="app"`) {
					t.Errorf("%s: got %d, want the application's 200", path, got.StatusCode)
				}
			}
			for _, path := range test.closed {
				if got := p.ask(t, path); got.StatusCode != http.StatusUnauthorized && got.StatusCode != http.StatusBadRequest {
					t.Errorf("%s: got %d, want 401 or 400", path, got.StatusCode)
				}
			}
			p.checkVisit(t, test.page)
		})
	}
}

// checkVisit has two people log in: one whom the rules admit, and one whom they do not.
func (p *platform) checkVisit(t *testing.T, page string) {
	t.Helper()
	b := newPerson(t)
	b.enter(p.origin()+"/", "dinum")
	if page != "" {
		b.see(page)
	} else {
		eventually(t, "the files", func() bool { return strings.Contains(b.shown(), "Documentation") })
	}
	other := newPerson(t)
	other.enter(p.origin()+"/", "clamart")
	other.see("refused")
	if text := other.shown(); !strings.Contains(text, "support@example.gouv.fr") {
		t.Errorf("no contact in %s", text)
	}
	// Nobody can say that they come from elsewhere, or by http.
	p.ask(t, "/", "X-Forwarded-For", "198.51.100.1", "X-Forwarded-Proto", "http", "User-Agent", "a liar")
	p.containers[0].await(t, `"client_ip":"`+clientAddress+`"`, "a liar")
}

// A container ends as a whole: when the platform asks it to, and when either of its
// programs has ended, so that the platform starts another.
func TestPlatformContainerEnds(t *testing.T) {
	p := newPlatform(t, "metabase")
	for name, end := range map[string]func(c *container, caddy, app int) error{
		"when it is asked": func(c *container, _, _ int) error { return c.cmd.Process.Signal(syscall.SIGTERM) },
		"with Caddy":       func(_ *container, caddy, _ int) error { return syscall.Kill(caddy, syscall.SIGKILL) },
		"with the app":     func(_ *container, _, app int) error { return syscall.Kill(app, syscall.SIGKILL) },
	} {
		t.Run(name, func(t *testing.T) { p.checkEnd(t, end) })
	}
	p.settings["STUBBORN"], p.settings["KILL_AFTER"] = "1", "1"
	t.Run("though the app does not want to", func(t *testing.T) {
		p.checkEnd(t, func(c *container, _, _ int) error { return c.cmd.Process.Signal(syscall.SIGTERM) })
	})
}

func (p *platform) checkEnd(t *testing.T, end func(c *container, caddy, app int) error) {
	t.Helper()
	c := p.boot()
	caddy, app := c.child("caddy"), c.child("node")
	eventually(t, "the app and Caddy", func() bool { return accepts(c.port) && accepts(c.appPort) })
	if err := end(c, caddy, app); err != nil {
		t.Fatal(err)
	}
	c.wantEnd(caddy, app)
}

// The application is told nothing that it does not need: not the secrets of the gate.
func TestPlatformAppGetsNoSecrets(t *testing.T) {
	p := newPlatform(t, "metabase")
	p.deploy(1)
	res, err := http.Get("http://127.0.0.1:" + p.containers[0].appPort + "/variables")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(body))
	if !slices.Contains(names, "ORIGIN") {
		t.Fatalf("got %q, want the settings", names)
	}
	for _, secret := range []string{"PROCONNECT_CLIENT_SECRET", "PROCONNECT_SESSION_KEY"} {
		if slices.Contains(names, secret) {
			t.Errorf("the application is told %s", secret)
		}
	}
}

// A setting that is missing keeps the container from starting: it opens nothing.
func TestPlatformMissingSettings(t *testing.T) {
	p := newPlatform(t, "metabase")
	for _, name := range []string{
		"PROCONNECT_ISSUER", "PROCONNECT_CLIENT_ID", "PROCONNECT_CLIENT_SECRET", "PROCONNECT_SESSION_KEY", "ORIGIN", "ALLOWED_SIREN", "CONTACT",
	} {
		t.Run(name, func(t *testing.T) {
			value := p.settings[name]
			delete(p.settings, name)
			defer func() { p.settings[name] = value }()
			p.wantNoStart(t)
		})
	}
	p.settings["STORAGE"] = "redis"
	t.Run("REDIS_URL", p.wantNoStart)
	p.settings["REDIS_URL"] = "stats:a-password@127.0.0.1:6379"
	t.Run("a REDIS_URL that is none", p.wantNoStart)
	p.settings["STORAGE"] = "reddis"
	t.Run("a STORAGE that is none", p.wantNoStart)
}

// Where the router's port is the application's, the application would have it first, and
// answer everybody until Caddy finds that it is taken: it is not started.
func TestPlatformPortOfTheApplication(t *testing.T) {
	p := newPlatform(t, "metabase")
	p.settings["PORT"] = freePort(t)
	p.settings["APP_PORT"] = p.settings["PORT"]
	c := p.boot()
	c.wantEnd()
	if said := c.lines.String(); !strings.Contains(said, "set another APP_PORT") || c.cmd.ProcessState.Success() {
		t.Errorf("it says:\n%s", said)
	}
}

func (p *platform) wantNoStart(t *testing.T) {
	c := p.boot()
	c.wantEnd()
	if c.cmd.ProcessState.Success() || accepts(c.port) {
		t.Errorf("it started:\n%s", c.lines)
	}
}

// A platform that runs the application itself and a proxy in front of it (Clever Cloud's
// request flow) gives the two ports to start alone.
func TestPlatformRequestFlow(t *testing.T) {
	m := regexp.MustCompile(`CC_REQUEST_FLOW_CUSTOM="([^"]+)"`).FindStringSubmatch(file(t, "../docs/deploy.md"))
	if m == nil {
		t.Fatal("docs/deploy.md has no such command")
	}
	p := newPlatform(t, "metabase")
	appPort, port := freePort(t), freePort(t)
	app := p.command("exec ./bin/start", "MB_JETTY_HOST=127.0.0.1", "PORT="+appPort)
	start(t, app)
	start(t, p.command(strings.NewReplacer("@@LISTEN_PORT@@", port, "@@FORWARD_PORT@@", appPort).Replace(m[1])))
	p.containers = []*container{{t: t, port: port}}
	eventually(t, "both", func() bool { return accepts(port) && accepts(appPort) })
	if got := p.ask(t, "/public/dashboard/0b1c"); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `data-page="app"`) {
		t.Errorf("a public share: got %d", got.StatusCode)
	}
	if got := p.ask(t, "/"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("the rest: got %d", got.StatusCode)
	}
}

// The router knows the application by another name, too: who comes by it is led to the one
// at which people log in, with what they asked for.
func TestPlatformOtherName(t *testing.T) {
	p := newPlatform(t, "metabase")
	p.deploy(1)
	b := newPerson(t)
	b.visit("https://my-stats.localhost:" + p.host[strings.LastIndex(p.host, ":")+1:] + "/dashboard/1?a=b%2Fc")
	b.see("login")
	b.click(".proconnect-button")
	b.loginAs("dinum")
	b.see("app")
	if got := b.where(); got != p.origin()+"/dashboard/1?a=b%2Fc" {
		t.Errorf("got %s", got)
	}
}
