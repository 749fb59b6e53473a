package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// "`handle_errors { file_server }` with `errors caddy`": documented. Caddy runs
// handle_errors with the URL that was asked for and without the gate, so a bare
// file_server there serves the very file that the gate refused. The pages'
// pattern, which rewrites first, does not.
func TestHandleErrors(t *testing.T) {
	s := caddytest.New(t)
	s.Write("www/secret.txt", protected)
	s.Write("www/errors/403.html", `<p>{{placeholder "http.proconnect.reason" | html}} {{placeholder "http.proconnect.reference"}} {{placeholder "http.auth.user.email"}}`)
	s.Run(caddytest.Sandbox, `
(gate) {
	root {$DIR}/www
	proconnect {
		allow roles agent_public_territorial
		errors caddy
	}
	file_server
}
http://leaks.localhost:{$PORT} {
	import gate
	handle_errors {
		file_server
	}
}
http://documented.localhost:{$PORT} {
	import gate
	handle_errors {
		rewrite * /errors/{err.status_code}.html
		templates
		file_server
	}
}
http://missing.localhost:{$PORT} {
	import gate
	handle_errors {
		rewrite * /errors/no-such-{err.status_code}.html
		file_server
	}
}
http://none.localhost:{$PORT} {
	import gate
}
http://caught.localhost:{$PORT} {
	import gate
	handle_errors {
		respond "{err.message} {err.status_code} {http.auth.user.id}"
	}
}`)
	for _, site := range []string{"leaks", "documented", "missing", "none", "caught"} {
		t.Run(site, func(t *testing.T) {
			b := s.Browser("http://" + site + ".localhost:{$PORT}")
			a := b.Login("/secret.txt", url.Values{"person": {"ministry"}})
			if a.StatusCode != http.StatusForbidden && !(site == "missing" && a.StatusCode == http.StatusNotFound) {
				t.Errorf("got %d: %s", a.StatusCode, a.Text)
			}
			if leaks := strings.Contains(a.Text, protected); leaks != (site == "leaks") {
				t.Errorf("the protected body is in the page: %t", leaks)
			}
			if strings.Contains(a.Text, agentEmail) {
				t.Error("a refused person is user in the page")
			}
			switch site {
			case "documented":
				if !strings.Contains(a.Text, "no rule matched: rule 1: roles failed") {
					t.Errorf("the page does not say why: %s", a.Text)
				}
			case "caught":
				if a.Text != "the rules of this site do not admit this person 403 " {
					t.Errorf("got %s", a.Text)
				}
			}
		})
	}
}

// The page of an error names whom the site likes, and 404 and 410 are kept by
// caches that nobody tells otherwise (RFC 9110 §15.1).
func TestErrorsArePrivate(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	header Cache-Control "public, max-age=600"
	proconnect {
		allow any
	}
	proconnect /closed {
		allow roles agent_public_territorial
		errors caddy
	}
	error 410
	handle_errors {
		respond "{err.status_code} {http.auth.user.email}{http.auth.candidate.email}"
	}
}
http://open.localhost:{$PORT} {
	header Cache-Control "public, max-age=600"
	proconnect {
		allow roles agent_public_territorial
		optional
	}
	error 410
	handle_errors {
		respond "{err.status_code} {http.auth.user.email}{http.auth.candidate.email}"
	}
}`)
	for target, want := range map[string]string{
		"http://localhost:{$PORT}/":       "private, max-age=600",
		"http://localhost:{$PORT}/closed": "private, no-store", // of the two gates on its way
		"http://open.localhost:{$PORT}/":  "private, max-age=600",
	} {
		t.Run(target, func(t *testing.T) {
			site, path, _ := strings.Cut(target, "PORT}")
			a := s.Browser(site+"PORT}").Login(path, url.Values{"person": {"ministry"}})
			if got := a.Header["Cache-Control"]; len(got) != 1 || got[0] != want || !strings.Contains(a.Text, "camille.exemple@") {
				t.Errorf("got %q, want %q: %s", got, want, a.Text)
			}
		})
	}
}
