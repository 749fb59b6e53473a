package faults_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

const (
	answersLine = `"msg":"ProConnect answers"`
	silentLine  = `"msg":"ProConnect does not answer this machine`
	openSite    = "http://localhost:{$PORT} {\nproconnect {\nallow any\n}\n}\n"
)

// logged waits until the log has a text, and returns its first line with it.
func logged(t *testing.T, s *caddytest.Server, text string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if line := s.Line(text); line != "" {
			return line
		}
	}
	t.Fatalf("the log does not say %s:\n%s", text, s.Logs())
	return ""
}

// asking is a server whose start asks ProConnect at once.
func asking(t *testing.T) *caddytest.Server {
	t.Helper()
	s := caddytest.New(t)
	caddytest.Shorten(t, &waits.FirstAsk, 0)
	return s
}

// A machine that cannot reach ProConnect says so when Caddy starts, and not at the first
// login; that it can, it says once. A reload of the same client says neither again.
func TestStartSaysWhetherProConnectAnswers(t *testing.T) {
	p := caddytest.NewProvider(t)
	p.Down()
	s := asking(t)
	s.Run(p.Option(), openSite)
	line := logged(t, s, silentLine)
	for _, want := range []string{
		`"level":"warn"`, `"clients":["default"]`, `"issuer":"` + p.URL,
		`"remedy":"let this machine reach ` + p.URL + ` through the firewall, or set HTTPS_PROXY"`,
	} {
		if !strings.Contains(line, want) {
			t.Errorf("want %s in %s", want, line)
		}
	}
	s.Load(p.Option(), openSite+"# reloaded\n")
	p.Up(t)
	if line := logged(t, s, answersLine); !strings.Contains(line, `"level":"info"`) || !strings.Contains(line, `"clients":["default"]`) {
		t.Error(line)
	}
	asked := p.Calls()["discovery"]
	s.Load(p.Option(), openSite+"http://127.0.0.1:{$PORT} {\nrespond reloaded\n}\n")
	if err := caddy.Stop(); err != nil { // which waits for whoever would ask
		t.Fatal(err)
	}
	if n := p.Calls()["discovery"]; n != asked {
		t.Errorf("asked %d times more by the reload", n-asked)
	}
	for _, text := range []string{silentLine, answersLine} {
		if n := strings.Count(s.Logs(), text); n != 1 {
			t.Errorf("%s: told %d times", text, n)
		}
	}
	s.Load(p.Option(), openSite)
	logged(t, s, answersLine)
}

// A ProConnect that takes a question and never answers keeps no configuration from being
// replaced: who asked waits no longer.
func TestQuestionWithoutAnAnswerEndsWithTheConfiguration(t *testing.T) {
	asked, over := make(chan struct{}), make(chan struct{})
	deaf := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-over
	}))
	defer deaf.Close()
	defer close(over)
	caddytest.Shorten(t, &waits.Provider, time.Minute)
	s := asking(t)
	s.Run("proconnect {\nissuer "+deaf.URL+"\nclient_id a\nclient_secret {env.PATH}\n}\n", openSite)
	<-asked
	began := time.Now()
	s.Load(caddytest.Sandbox, openSite)
	if took := time.Since(began); took > waits.Provider/2 {
		t.Errorf("the next configuration waited %s", took)
	}
}

// An issuer that is not spelled as discovery spells it is told at the start, with the option.
func TestStartSaysThatTheIssuerIsWrong(t *testing.T) {
	p := caddytest.NewProvider(t)
	p.Behave(caddytest.Misconduct{Reply: map[string]func(*caddytest.Reply){
		"discovery": func(r *caddytest.Reply) { r.Body = strings.Replace(r.Body, p.URL+`"`, p.URL+`/"`, 1) },
	}})
	s := asking(t)
	s.Run(p.Option(), openSite)
	if line := logged(t, s, "ProConnect's answer is none that a login could use"); !strings.Contains(line, "check issuer") {
		t.Error(line)
	}
}

// A configuration that is only validated asks nobody, nor does the sandbox, nor a client
// that no gate uses.
func TestNobodyIsAskedWithoutNeed(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := asking(t)
	config, err := s.TryAdapt(p.Option(), openSite)
	if err != nil {
		t.Fatal(err)
	}
	var parsed caddy.Config
	if err := caddy.StrictUnmarshalJSON(config, &parsed); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&parsed); err != nil {
		t.Fatal(err)
	}
	s.Run(p.Option(), "http://localhost:{$PORT} {\nrespond open\n}\n")
	s.Load(caddytest.Sandbox, openSite)
	s.Load(p.Option(), openSite)
	logged(t, s, answersLine) // later than what those before it would have asked
	if n := p.Calls()["discovery"]; n != 1 {
		t.Errorf("asked %d times", n)
	}
	if n := strings.Count(s.Logs(), answersLine); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// A hundred clients at one ProConnect ask it once, and are told of in one line.
func TestClientsOfOneProConnectAskOnce(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := asking(t)
	var global, sites strings.Builder
	for i := range 100 {
		fmt.Fprintf(&global, "%s\n", strings.Replace(p.Option(), "proconnect {", fmt.Sprintf("proconnect c%02d {", i), 1))
		fmt.Fprintf(&sites, "http://s%02d.localhost:{$PORT} {\nproconnect {\nclient c%02d\nallow any\n}\n}\n", i, i)
	}
	s.Run(global.String(), sites.String())
	line := logged(t, s, answersLine)
	if !strings.Contains(line, `"c00","c01",`) || !strings.Contains(line, `,"c99"]`) {
		t.Error(line)
	}
	if n := p.Calls()["discovery"]; n != 1 {
		t.Errorf("asked %d times", n)
	}
}
