package proconnect_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// startExample runs example.Caddyfile as it stands, but for its port and for
// where it writes.
func startExample(t *testing.T) *caddytest.Server {
	t.Helper()
	s := caddytest.New(t)
	text := s.Fill(strings.NewReplacer(
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
	if err := s.LoadJSON(config); err != nil {
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
	visit := func(path, person string) caddytest.Answer {
		return s.Browser("http://localhost:{$PORT}").Login(path, url.Values{"person": {person}})
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
			s.T = t
			var a caddytest.Answer
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

// stepUp logs in and returns the answer of the page, before the second visit to
// ProConnect that it asks for.
func stepUp(s *caddytest.Server, path, person string) caddytest.Answer {
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {person}})
	return b.Visit(path)
}

// What is not there, and what fails, has a page of the site's own, in the language that the
// browser asks for; and nobody gets a file by an error.
func TestExampleErrors(t *testing.T) {
	s := startExample(t)
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	for name, tt := range map[string]struct {
		method, path, languages, lang, says string
		status                              int
	}{
		"French":          {http.MethodGet, "/nowhere", "fr-FR,fr;q=0.9,en;q=0.8", "fr", "Cette page n’existe pas", http.StatusNotFound},
		"English":         {http.MethodGet, "/nowhere", "en-GB,en;q=0.9,fr;q=0.8", "en", "There is no such page", http.StatusNotFound},
		"neither":         {http.MethodGet, "/nowhere", "de", "fr", "Cette page n’existe pas", http.StatusNotFound},
		"another error":   {http.MethodPut, "/etat/", "fr", "fr", "erreur 405", http.StatusMethodNotAllowed},
		"and in English":  {http.MethodPut, "/etat/", "en", "en", "error 405", http.StatusMethodNotAllowed},
		"a part of pages": {http.MethodGet, "/parts/top.html", "en", "en", "There is no such page", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.For(t).Request(tt.method, tt.path, nil, "Accept-Language", tt.languages)
			if a.StatusCode != tt.status || a.Page() != "error" || !strings.Contains(a.Text, tt.says) || !strings.Contains(a.Text, `<html lang="`+tt.lang+`">`) {
				t.Errorf("got %d, page %q:\n%s", a.StatusCode, a.Page(), a.Text)
			}
		})
	}
	if a := s.Browser("http://localhost:{$PORT}").Visit("/nowhere"); a.Page() != "login" {
		t.Errorf("a stranger: %d, page %q", a.StatusCode, a.Page())
	}
}

// Whoever types another name of the machine is led to the one that works, and the
// log says which that is.
func TestExampleByOtherNames(t *testing.T) {
	s := startExample(t)
	for _, host := range []string{"127.0.0.1", "[::1]", "docs.localhost", "my-machine", "LOCALHOST.", "127.0.1.1"} {
		a := s.Raw(caddytest.Loopback+":"+s.Port, "GET /etat/?a=b HTTP/1.1\r\nHost: "+host+":{$PORT}\r\nConnection: close\r\n\r\n")
		if want := s.Fill("http://localhost:{$PORT}/etat/?a=b"); a.StatusCode != http.StatusFound || a.Header.Get("Location") != want {
			t.Errorf("%s: got %d to %q", host, a.StatusCode, a.Header.Get("Location"))
		}
	}
	if line := s.Line(s.Fill(`"msg":"open http://localhost:{$PORT}"`)); line == "" {
		t.Error("the log does not say where to look")
	}
}

// Nothing of a login or a logout can be taken from the example's log and used.
func TestExampleLog(t *testing.T) {
	s := startExample(t)
	b := s.Browser("http://localhost:{$PORT}")
	a := b.Visit("/.proconnect/login?return_to=%2F")
	secrets := queryOf(t, a.RedirectURL(), "state", "nonce", "code_challenge")
	a = b.Request(http.MethodPost, a.RedirectURL(), url.Values{"person": {"ministry"}}, "Referer", a.RedirectURL())
	secrets = append(secrets, queryOf(t, a.RedirectURL(), "code", "state")...)
	home, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	b.Follow(a)
	for _, c := range b.Jar.Cookies(home) {
		if strings.HasSuffix(c.Name, "_rounds") {
			continue // a small number: no secret
		}
		secrets = append(secrets, c.Value)
	}
	a = b.Visit("/.proconnect/logout")
	secrets = append(secrets, queryOf(t, a.RedirectURL(), "state", "id_token_hint")...)
	b.Follow(a)

	log := s.Logs()
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
