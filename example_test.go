package proconnect_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// startExample runs example.Caddyfile as it stands, but for its port and for
// where it writes.
func startExample(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, Port: freePort(t), dir: t.TempDir()}
	text := s.fill(strings.NewReplacer(
		"localhost:8080", "localhost:{$PORT}", "http://:8080", "http://:{$PORT}", "bind 127.0.0.1", "bind {$LOOPBACK}",
		"\tadmin off\n", "\tadmin off\n\tpersist_config off\n\tstorage file_system {$DIR}/storage\n",
		"\tlog {\n", "\tlog {\n\t\toutput file {$DIR}/log.json\n",
	).Replace(readFile(t, "example.Caddyfile")))
	config, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "example.Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Error(w)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The example does what the README says of it.
func TestExample(t *testing.T) {
	s := startExample(t)
	visit := func(path, person string) answer {
		return s.browser("http://localhost:{$PORT}").login(path, url.Values{"person": {person}})
	}
	for _, test := range []struct {
		path, person string
		status       int
		says         string
	}{
		{"/", "ministry", http.StatusOK, "Bonjour Camille Exemple"},
		{"/", "commune", http.StatusOK, "COMMUNE DE CLAMART"},
		{"/", "private", http.StatusForbidden, `data-page="refused"`},
		{"/etat/", "ministry", http.StatusOK, `data-page="etat"`},
		{"/etat/", "commune", http.StatusForbidden, "Les agents de l’État."},
		{"/etat", "commune", http.StatusForbidden, `data-page="refused"`},
		{"/mfa/", "mfa", http.StatusOK, `data-page="mfa"`},
		{"/mfa/", "ministry", http.StatusSeeOther, ""}, // back to ProConnect
		{"/script/", "ministry", http.StatusOK, `<script type="module" src="/script/session.js">`},
		{"/parts/top.html", "ministry", http.StatusNotFound, ""},
		// What a person chose is neither run as a template nor read as HTML.
		{"/", "hostile", http.StatusOK, "env &#34;HOME&#34;"},
	} {
		t.Run(test.person+test.path, func(t *testing.T) {
			s.t = t
			var a answer
			if test.status == http.StatusSeeOther {
				a = stepUp(s, test.path, test.person)
			} else {
				a = visit(test.path, test.person)
			}
			if a.StatusCode != test.status || !strings.Contains(a.Text, test.says) {
				t.Errorf("got %d, want %d and %q in\n%s", a.StatusCode, test.status, test.says, a.Text)
			}
		})
	}
}

// StepUp logs in and returns the answer of the page, before the second visit to
// ProConnect that it asks for.
func stepUp(s *server, path, person string) answer {
	b := s.browser("http://localhost:{$PORT}")
	b.login("/", url.Values{"person": {person}})
	return b.get(path)
}

// Whoever types another name of the machine is led to the one that works, and the
// log says which that is.
func TestExampleByOtherNames(t *testing.T) {
	s := startExample(t)
	for _, host := range []string{"127.0.0.1", "[::1]", "docs.localhost", "my-machine", "LOCALHOST.", "127.0.1.1"} {
		a := s.raw(loopback+":"+s.Port, "GET /etat/?a=b HTTP/1.1\r\nHost: "+host+":{$PORT}\r\nConnection: close\r\n\r\n")
		if want := s.fill("http://localhost:{$PORT}/etat/?a=b"); a.StatusCode != http.StatusFound || a.Header.Get("Location") != want {
			t.Errorf("%s: got %d to %q", host, a.StatusCode, a.Header.Get("Location"))
		}
	}
	if line := s.line(s.fill(`"msg":"open http://localhost:{$PORT}"`)); line == "" {
		t.Error("the log does not say where to look")
	}
}

// Nothing of a login or a logout can be taken from the example's log and used.
func TestExampleLog(t *testing.T) {
	s := startExample(t)
	b := s.browser("http://localhost:{$PORT}")
	a := b.get("/.proconnect/login?return_to=%2F")
	secrets := queryOf(t, a.location(), "state", "nonce", "code_challenge")
	a = b.do(http.MethodPost, a.location(), url.Values{"person": {"ministry"}}, "Referer", a.location())
	secrets = append(secrets, queryOf(t, a.location(), "code", "state")...)
	home, err := url.Parse(b.base)
	if err != nil {
		t.Fatal(err)
	}
	b.follow(a)
	for _, c := range b.Jar.Cookies(home) {
		if strings.HasSuffix(c.Name, "_rounds") {
			continue // a small number: no secret
		}
		secrets = append(secrets, c.Value)
	}
	a = b.get("/.proconnect/logout")
	secrets = append(secrets, queryOf(t, a.location(), "state", "id_token_hint")...)
	b.follow(a)

	log := s.logs()
	if !strings.Contains(log, "handled request") || !strings.Contains(log, "code=hidden") {
		t.Fatal("the log holds no access to the callback")
	}
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if jwt := regexp.MustCompile(`eyJ[\w-]{10,}\.`).FindString(log); jwt != "" {
		t.Errorf("the log holds a token, %s", jwt)
	}
}

// queryOf returns parameters of an address, each of which must be there.
func queryOf(t *testing.T, address string, names ...string) []string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, name := range names {
		v := u.Query().Get(name)
		if v == "" {
			t.Fatalf("no %s in %s", name, address)
		}
		values = append(values, v)
	}
	return values
}
