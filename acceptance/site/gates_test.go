package site_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// everywhere is a header that tells every placeholder.
const everywhere = `header_up X-Seen "user={http.auth.user.id}|{http.auth.user.email}|{http.auth.user.name}|{http.auth.user.roles} candidate={http.auth.candidate.id}|{http.auth.candidate.email} decision={http.proconnect.decision} reason={http.proconnect.reason}"`

const agentEmail = "camille.exemple@test.proconnect.gouv.fr"

// "two gates on one path, one refusing": refused; the person is `candidate`
// everywhere, `user` nowhere, in pages, log and upstream.
func TestTwoGates(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs", strings.NewReplacer("UPSTREAM", up.Addr(), "EVERYWHERE", everywhere).Replace(`
https://yes-no.localhost:{$TLS_PORT} {
	log
	proconnect {
		allow any
		headers
	}
	proconnect {
		allow roles agent_public_territorial
		headers X-Second-
		errors caddy
	}
	reverse_proxy UPSTREAM {
		EVERYWHERE
	}
	handle_errors {
		reverse_proxy UPSTREAM {
			EVERYWHERE
		}
	}
}
https://no-yes.localhost:{$TLS_PORT} {
	log
	proconnect {
		allow roles agent_public_territorial
		headers
		optional
	}
	proconnect {
		allow any
		headers X-Second-
	}
	reverse_proxy UPSTREAM {
		EVERYWHERE
	}
}
https://yes-maybe.localhost:{$TLS_PORT} {
	log
	proconnect {
		allow any
		headers
	}
	proconnect {
		allow roles agent_public_territorial
		headers X-Second-
		optional
	}
	reverse_proxy UPSTREAM {
		EVERYWHERE
	}
}
https://page.localhost:{$TLS_PORT} {
	log
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow roles agent_public_territorial
	}
	reverse_proxy UPSTREAM
}`))
	refused := func(t *testing.T, a caddytest.Answer) {
		t.Helper()
		got := a.Received(t)
		seen := got.Header.Get("X-Seen")
		if !strings.HasPrefix(seen, "user=||| candidate=") || !strings.Contains(seen, "|"+agentEmail+" decision=deny reason=no rule matched: rule 1: roles failed") {
			t.Errorf("the upstream saw %s", seen)
		}
		for name := range got.Header {
			if strings.HasPrefix(name, "X-Proconnect-") || strings.HasPrefix(name, "X-Second-") {
				t.Errorf("the upstream got %s: %s", name, got.Header.Get(name))
			}
		}
	}
	for _, site := range []string{"yes-no", "no-yes", "yes-maybe"} {
		b := s.Browser("https://" + site + ".localhost:{$TLS_PORT}")
		refused(t, b.Login("/who", url.Values{"person": {"ministry"}}))
		for _, protocol := range caddytest.Protocols {
			t.Run(site+" "+protocol, func(t *testing.T) { refused(t, s.Speaking(t, b, protocol).Visit("/who")) })
		}
	}
	member := s.Browser("https://page.localhost:{$TLS_PORT}")
	member.Login("/admin/who", url.Values{"person": {"ministry"}})
	for _, protocol := range caddytest.Protocols {
		t.Run("page "+protocol, func(t *testing.T) {
			b, before := s.Speaking(t, member, protocol), up.Calls.Load()
			a := b.Visit("/admin/who")
			if a.StatusCode != http.StatusForbidden || a.Page() != "refused" || up.Calls.Load() != before {
				t.Errorf("got %d, page %q", a.StatusCode, a.Page())
			}
			if a := b.Visit("/who"); a.StatusCode != http.StatusOK {
				t.Errorf("outside: %d", a.StatusCode)
			}
		})
	}
	seen := 0
	for _, entry := range accessLog(t, s) {
		if strings.HasPrefix(entry.Request.Host, "page.") && entry.Request.URI == "/who" {
			continue // outside of the gate that refuses
		}
		seen++
		if entry.UserID != "" {
			t.Errorf("the access log calls the person of %s %s user %s", entry.Request.Host, entry.Request.URI, entry.UserID)
		}
	}
	if seen < 4*(4+len(caddytest.Protocols)) { // login, sandbox, callback and the pages, at four sites
		t.Errorf("only %d entries in the access log", seen)
	}
}

// logged is an entry of Caddy's access log.
type logged struct {
	Logger  string `json:"logger"`
	UserID  string `json:"user_id"`
	Request struct {
		Host, URI string
	} `json:"request"`
}

func accessLog(t *testing.T, s *caddytest.Server) []logged {
	t.Helper()
	var entries []logged
	for line := range strings.Lines(s.Logs()) {
		var entry logged
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(entry.Logger, "http.log.access") {
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		t.Fatal("no access log")
	}
	return entries
}

// The access log names who was admitted: the test above speaks of something.
func TestAccessLogNamesTheUser(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://localhost:{$PORT} {
	log
	proconnect {
		allow any
	}
	respond "{http.auth.user.id}"
}`)
	a := s.Browser("http://localhost:{$PORT}").Login("/who", url.Values{"person": {"ministry"}})
	for _, entry := range accessLog(t, s) {
		if entry.Request.URI == "/who" && entry.UserID != a.Text || entry.Request.URI != "/who" && entry.UserID != "" {
			t.Errorf("%s: user_id %q", entry.Request.URI, entry.UserID)
		}
	}
}

// Two clients on one request: nobody passes, whoever they are at either.
func TestTwoClients(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n proconnect other {\n environment sandbox\n client_id other\n }", strings.ReplaceAll(`
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		client other
		path /.other
		allow any
	}
	reverse_proxy UPSTREAM
}`, "UPSTREAM", up.Addr()))
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/", url.Values{"person": {"ministry"}})
	before := up.Calls.Load()
	a := b.Visit("/admin/x")
	if a.StatusCode != http.StatusInternalServerError || a.Page() != "problem clients_mixed" || up.Calls.Load() != before {
		t.Errorf("got %d, page %q", a.StatusCode, a.Page())
	}
	if log := s.Logs(); !strings.Contains(log, `"one":"default"`) || !strings.Contains(log, `"other":"other"`) {
		t.Error("the log does not name both clients")
	}
}

// "`proconnect /admin/* { headers }` and a forged identity header or our cookie on
// `/x`": placeholders empty, never literal; on `optional` too, and in errors.
func TestPlaceholdersAreNeverLiteral(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n local_certs", strings.NewReplacer("UPSTREAM", up.Addr(), "EVERYWHERE", everywhere).Replace(`
https://localhost:{$TLS_PORT} {
	proconnect /admin/* {
		allow any
		headers
	}
	reverse_proxy UPSTREAM {
		EVERYWHERE
		header_up X-More "{http.auth.user.no_such_claim}{http.auth.user.custom.a.b}{http.proconnect.nothing}{http.proconnect.reference}{http.auth.candidate.name}"
	}
}
https://open.localhost:{$TLS_PORT} {
	proconnect {
		allow roles agent_public_territorial
		optional
	}
	reverse_proxy UPSTREAM {
		EVERYWHERE
	}
}`))
	b, open := s.Browser("https://localhost:{$TLS_PORT}"), s.Browser("https://open.localhost:{$TLS_PORT}")
	b.Login("/admin/", url.Values{"person": {"ministry"}})
	for _, protocol := range caddytest.Protocols {
		t.Run(protocol, func(t *testing.T) {
			b, open := s.Speaking(t, b, protocol), s.Speaking(t, open, protocol)
			for _, path := range []string{"/x", "/xadmin/"} {
				got := b.Send(http.MethodGet, path, http.Header{"X-ProConnect-Id": {"forged"}, "X-Seen": {"forged"}}).Received(t)
				if seen := got.Header.Get("X-Seen"); seen != "user=||| candidate=| decision= reason=" {
					t.Errorf("%s: the upstream saw %s", path, seen)
				}
				if more := got.Header["X-More"]; len(more) > 0 && more[0] != "" {
					t.Errorf("%s: the upstream saw %s", path, more)
				}
			}
			seen := b.Visit("/admin/x").Received(t).Header.Get("X-Seen")
			if !strings.Contains(seen, agentEmail+"|Camille Exemple|agent_public agent_public_etat candidate=| decision=allow") {
				t.Errorf("behind the gate the upstream saw %s", seen)
			}
			if seen := open.Visit("/x").Received(t).Header.Get("X-Seen"); seen != "user=||| candidate=| decision=login reason=no session" {
				t.Errorf("optional, a stranger: %s", seen)
			}
		})
	}
}

// A gate in a named route stands in the sites that invoke it, one in handle_errors in
// the site beside it: where these have names, it needs no `origin`, takes no other
// host for the site's, and says in the log which site it is of.
func TestGateKnowsItsSite(t *testing.T) {
	const gate = "proconnect {\n allow any\n login auto\n idp_hint not-a-uuid\n }\n"
	for name, c := range map[string]struct{ sites, warned string }{
		"a named route": {
			"&(gated) {\n" + gate + "}\nhttp://docs.localhost:{$PORT} {\n invoke gated\n respond inside\n }", "docs.localhost",
		},
		"a named route of two sites": {
			"&(gated) {\n" + gate + "}\nhttp://docs.localhost:{$PORT} {\n invoke gated\n respond inside\n }\nhttp://a.localhost:{$PORT} {\n invoke gated\n respond other\n }", "a.localhost",
		},
		"a named route in a named route": {
			"&(gated) {\n" + gate + "}\n&(around) {\n invoke gated\n}\nhttp://docs.localhost:{$PORT} {\n invoke around\n respond inside\n }", "docs.localhost",
		},
		"handle_errors": {
			"http://docs.localhost:{$PORT} {\n proconnect /never/* {\n allow any\n }\n error 404\n handle_errors {\n" + gate + "respond inside 200\n }\n }", "docs.localhost",
		},
		"a host of a wildcard": {
			"http://*.localhost:{$PORT} {\n @other host other.localhost\n handle @other {\n" + gate + "respond other\n }\n @docs host docs.localhost\n handle @docs {\n" + gate + "respond inside\n }\n }", "docs.localhost",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, c.sites)
			b := s.Browser("http://docs.localhost:{$PORT}")
			a := b.Visit("/x")
			if u, err := url.Parse(a.RedirectURL()); err != nil || u.Host != s.Fill("docs.localhost:{$PORT}") {
				t.Fatalf("got %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
			}
			if a := b.Authorize(b.Visit("/.proconnect/login?return_to=/x"), url.Values{"person": {"ministry"}}); a.Text != "inside" {
				t.Errorf("%d, page %q: %s", a.StatusCode, a.Page(), a.Text)
			}
			named := false
			for line := range strings.Lines(s.Logs()) {
				named = named || strings.Contains(line, "idp_hint is none of ProConnect's") && strings.Contains(line, `"site":"`+c.warned+`"`)
			}
			if !named {
				t.Error("the log does not name the site")
			}
		})
	}
}
