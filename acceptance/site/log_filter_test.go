package site_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// documentedFilter is the format that docs/operations.md and the example show.
const documentedFilter = `format filter {
		request>uri proconnect
		request>headers proconnect
		resp_headers proconnect
	}`

// queryFilter is the same without the module, for what it can do: Caddy's own filters.
const queryFilter = `format filter {
		request>uri query {
			import secret_parameters
		}
		request>headers>Referer query {
			import secret_parameters
		}
		resp_headers>Location query {
			import secret_parameters
		}
	}`

const secretParameters = `(secret_parameters) {
	replace code hidden
	replace state hidden
	replace nonce hidden
	replace iss hidden
	replace code_challenge hidden
	replace id_token_hint hidden
	replace login_hint hidden
}
`

var secretInAddress = regexp.MustCompile(`[?&](code|state|nonce|code_challenge|id_token_hint)=([^&"\\]{12,})`)

// An access log holds the address of every request and every redirect, and so the code
// of a login and the ID token of a logout, unless a filter hides them.
func TestAccessLogHidesWhatALoginPutsIntoAddresses(t *testing.T) {
	for name, format := range map[string]string{"": "", "the filter": documentedFilter, "Caddy's own": queryFilter} {
		t.Run(name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			s := caddytest.Start(t, p.Option(), "\n"+secretParameters+`
http://localhost:{$PORT} {
	log {
		output file {$DIR}/access.json
		`+format+`
	}
	proconnect {
		allow any
	}
	respond "inside"
}`)
			b := s.Browser("http://localhost:{$PORT}")
			if a := b.LoginAt("/x?page=2"); a.StatusCode != http.StatusOK {
				t.Fatalf("got %d", a.StatusCode)
			}
			b.Visit("/x", "Referer", b.Base+"/.proconnect/callback?code=a-code-that-is-long&state=s")
			form := url.Values{"token": {logoutToken(t, b.Visit("/.proconnect/logout", "Sec-Fetch-Site", "cross-site"))}}
			if a := b.Request(http.MethodPost, "/.proconnect/logout", form, "Origin", b.Base); a.Page() != "leaving" {
				t.Fatalf("the logout is answered by %d, page %q", a.StatusCode, a.Page())
			}
			b.LoginAt("/x")
			b.Visit("/.proconnect/logout")
			log := readAll(t, s.Dir, "access.json")
			found := secretInAddress.FindAllStringSubmatch(strings.ReplaceAll(log, `\u0026`, "&"), -1)
			if format == "" {
				if len(found) < 5 {
					t.Errorf("without a filter the log holds only %q: the search proves nothing", found)
				}
				return
			}
			for _, m := range found {
				t.Errorf("the log holds %s=%s", m[1], m[2])
			}
			if !strings.Contains(log, "/x?page=2") || !strings.Contains(log, "code=hidden") {
				t.Errorf("the rest of the addresses is gone:\n%s", log)
			}
		})
	}
}

// What stands behind the # of an address comes to the server with a login alone, and some
// applications keep a key there that no server is to know: no log of Caddy's holds it.
func TestLogFilterHidesFragments(t *testing.T) {
	for name, format := range map[string]string{"": "", "the filter": documentedFilter} {
		t.Run(name, func(t *testing.T) {
			p := caddytest.NewProvider(t)
			s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	log {
		output file {$DIR}/access.json
		`+format+`
	}
	proconnect {
		allow any
	}
	respond "inside"
}`)
			b := s.Browser("http://localhost:{$PORT}")
			if a := b.LoginAt("/pad?page=2#/2/pad/edit/k3y/"); a.Text != "inside" {
				t.Fatalf("got %d", a.StatusCode)
			}
			log := readAll(t, s.Dir, "access.json")
			if want := format == ""; strings.Contains(log, "k3y") != want || !strings.Contains(log, "/pad?page=2") {
				t.Errorf("the key is there: %v, want %v:\n%s", !want, want, log)
			}
			if strings.Contains(s.Logs(), "k3y") {
				t.Errorf("it is in the log of the gate:\n%s", s.Logs())
			}
		})
	}
}

// Caddy logs the headers of a request whose download is cut, when those of the identity
// are among them.
func TestLogFilterHidesIdentityHeaders(t *testing.T) {
	cuts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		w.WriteHeader(http.StatusOK)
		fmt.Fprint(w, "beginning")
		_ = http.NewResponseController(w).Flush()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	}))
	t.Cleanup(cuts.Close)
	const log = `
	log NAME {
		include http.handlers.reverse_proxy
		output file {$DIR}/NAME.json
		level DEBUG
		FORMAT
	}
`
	s := caddytest.Start(t, caddytest.Sandbox+
		strings.NewReplacer("NAME", "open", "FORMAT", "").Replace(log)+
		strings.NewReplacer("NAME", "filtered", "FORMAT", strings.ReplaceAll(documentedFilter, "request>headers proconnect", "request>headers proconnect X-Agent-")).Replace(log), `
http://localhost:{$PORT} {
	proconnect /agent {
		allow any
		headers X-Agent-
	}
	proconnect {
		allow any
		headers
	}
	reverse_proxy `+strings.TrimPrefix(cuts.URL, "http://")+`
}`)
	b := s.Browser("http://localhost:{$PORT}")
	a := b.Visit("/.proconnect/login?return_to=/agent")
	a = b.Request(http.MethodPost, a.RedirectURL(), url.Values{"person": {"ministry"}})
	b.Visit(a.RedirectURL())
	for _, path := range []string{"/agent", "/"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.Base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = bufio.NewReader(resp.Body).Discard(100000)
		resp.Body.Close()
	}
	open, filtered := readAll(t, s.Dir, "open.json"), readAll(t, s.Dir, "filtered.json")
	for _, want := range []string{"X-Proconnect-Email", "X-Agent-Email", "130025265"} {
		if !strings.Contains(open, want) {
			t.Fatalf("Caddy logs no %s: the search proves nothing\n%s", want, open)
		}
	}
	if !strings.Contains(filtered, `"X-Agent-Email":["hidden"]`) || !strings.Contains(filtered, `"X-Proconnect-Email":["hidden"]`) {
		t.Errorf("the headers are not hidden:\n%s", filtered)
	}
	for _, secret := range []string{"130025265", "camille"} {
		if strings.Contains(filtered, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func readAll(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
