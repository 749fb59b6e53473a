package site_test

import (
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// auditFile is the global option that sends events to a file.
const auditFile = caddytest.AuditFile

// audited returns the events that were logged, of one kind or of all.
func audited(t *testing.T, s *caddytest.Server, event string) []caddytest.LogLine {
	t.Helper()
	return caddytest.Audited(t, filepath.Join(s.Dir, "audit.json"), event)
}

// auditedSite has a gate for every outcome.
const auditedSite = `
http://localhost:{$PORT} {
	proconnect {
		allow roles agent_public
	}
	proconnect /strong {
		allow mfa
	}
	proconnect /closed {
		deny siret 13002526500013
		allow email nobody@example.gouv.fr
	}
	respond "inside"
}`

// What happens to people is told once each, with the documented fields: who they are to an
// administration, and nothing else of them.
func TestAuditTellsWhatHappensToPeople(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option()+auditFile, auditedSite)
	b := s.Browser("http://localhost:{$PORT}")
	b.RetryResets()

	if a := b.LoginAt("/x?q=a-secret-of-the-site"); a.StatusCode != http.StatusOK {
		t.Fatalf("the login ended at %d", a.StatusCode)
	}
	for range 3 {
		b.Visit("/x")
		b.Visit("/strong") // goes to ProConnect
		b.Visit("/closed")
	}
	s.Load(p.Option()+auditFile, auditedSite) // which tells the refusals that have no line yet
	b.Visit("/.proconnect/logout")
	b.Visit("/.proconnect/callback?code=a-code&state=a-state")
	p.Behave(caddytest.Misconduct{Answer: func(q url.Values) {
		q.Del("code")
		q.Set("error", "access_denied")
	}})
	b.LoginAt("/y?q=a-secret-of-the-site")

	counts := make(map[string]int)
	for _, line := range audited(t, s, "") {
		counts[line.Text("event")]++
		if line.Text("event") == "refused" && line["sub"] == nil {
			if line["since_the_last"] != 2.0 || line["rule"] != 1.0 || line.Text("reference") == "" {
				t.Errorf("the refusals without a line: got %v", line)
			}
			continue
		}
		caddytest.WantDocumented(t, line)
		who := line.Text("sub") == "11111111-2222-8333-8444-555555555555" && line.Text("siret") == "13002526500013" && line.Text("acr") == "eidas1"
		if line.Text("event") != "login_failed" && !who {
			t.Errorf("nobody is named: %v", line)
		}
		if line.Text("client") != "default" || line.Text("site") != "localhost" || line.Text("client_ip") != caddytest.Loopback {
			t.Errorf("got %v", line)
		}
	}
	want := map[string]int{"login": 1, "entered": 1, "step_up": 1, "refused": 2, "logout": 1, "login_failed": 2}
	if !maps.Equal(counts, want) {
		t.Errorf("got %v\nwant %v", counts, want)
	}
	if path := audited(t, s, "login")[0].Text("path"); path != "/x" {
		t.Errorf("the login leads to %q", path)
	}
	if refused := audited(t, s, "refused")[0]; refused["rule"] != 1.0 || refused.Text("reason") != "rule 1 denies: siret matched" {
		t.Errorf("got %v", refused)
	}
	nothingSecretIn(t, s, p)
}

// nothingSecretIn looks in everything that was logged for what must stay secret, and for
// what the log may not tell of a person.
func nothingSecretIn(t *testing.T, s *caddytest.Server, p *caddytest.Provider) {
	t.Helper()
	p.Mu.Lock()
	defer p.Mu.Unlock()
	secrets := maps.Clone(p.Secrets)
	if len(secrets) < 5 {
		t.Error("hardly any secret was in play: the search proves nothing")
	}
	secrets["a-secret-of-the-site"], secrets["nobody@example"] = "a query", "the text of a rule"
	secrets["camille@"], secrets["Camille"], secrets["Exemple"] = "an email", "a name", "a name"
	for name, text := range map[string]string{"the log": s.Logs(), "the audit": readAll(t, s.Dir, "audit.json")} {
		for secret, what := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", name, what)
			}
		}
	}
}

// A page asks for many things at once: its visitor has entered once.
func TestAuditTellsAnEntryOnce(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox+auditFile, caddytest.GatedBy("allow roles agent_public"))
	b := s.Browser("http://localhost:{$PORT}")
	a := b.Visit("/.proconnect/login?return_to=/x")
	a = b.Request(http.MethodPost, a.RedirectURL(), url.Values{"person": {"ministry"}})
	b.Visit(a.RedirectURL()) // the callback
	if n := len(audited(t, s, "entered")); n != 0 {
		t.Fatalf("%d entries before the first request", n)
	}
	cookies := b.Cookies()
	var together sync.WaitGroup
	for range 20 {
		together.Go(func() {
			resp, err := b.Transport.RoundTrip(navigationWith(t, b.Base+"/x", cookies)) // none waits for the mark to be dropped
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("got %d", resp.StatusCode)
			}
		})
	}
	together.Wait()
	b.Visit("/x")
	if n := len(audited(t, s, "entered")); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	if b.FindCookie("_entry") != nil {
		t.Error("the browser keeps the mark")
	}
	if a := b.Visit("/x"); strings.Contains(strings.Join(a.Header["Set-Cookie"], " "), "_entry") {
		t.Error("an answer drops a mark that nobody has")
	}
	a = b.Visit("/.proconnect/login?return_to=/x")
	a = b.Request(http.MethodPost, a.RedirectURL(), url.Values{"person": {"ministry"}})
	if b.Visit(a.RedirectURL()); b.FindCookie("_entry") != nil {
		t.Error("another login in the same session is to enter anew")
	}
}

func navigationWith(t *testing.T, target, cookies string) *http.Request {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", cookies)
	return r
}

// Who is refused has logged in and not entered, until a gate lets them pass.
func TestAuditTellsEntryFromLogin(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox+auditFile, caddytest.GatedBy("allow siret 21920023500014"))
	b := s.Browser("http://localhost:{$PORT}")
	if a := b.Login("/x", url.Values{"person": {"ministry"}}); a.StatusCode != http.StatusForbidden {
		t.Fatalf("got %d", a.StatusCode)
	}
	if len(audited(t, s, "login")) != 1 || len(audited(t, s, "entered")) != 0 {
		t.Errorf("got %v", audited(t, s, ""))
	}
	s.Reload(b, caddytest.Sandbox+auditFile, caddytest.GatedBy("allow siren 130025265"))
	b.Visit("/x")
	b.Visit("/x")
	if entered := audited(t, s, "entered"); len(entered) != 1 || entered[0]["rule"] != 1.0 {
		t.Errorf("got %v", audited(t, s, ""))
	}
}

// The operator says what else, and what not, is told of people.
func TestAuditClaimsAndAddress(t *testing.T) {
	option := strings.TrimSuffix(caddytest.Sandbox, "}") + "audit {\n claims email roles\n ip off\n }\n }"
	s := caddytest.Start(t, option+auditFile, caddytest.GatedBy("allow roles agent_public"))
	b := s.Browser("http://localhost:{$PORT}")
	b.Login("/x", url.Values{"person": {"ministry"}})
	for _, line := range audited(t, s, "") {
		told, _ := line["claims"].(map[string]any)
		if email, _ := told["email"].(string); !strings.Contains(email, "@") || told["roles"] != "agent_public agent_public_etat" || len(told) != 2 {
			t.Errorf("got %v", line)
		}
		if strings.Contains(line.Text("client_ip"), caddytest.Loopback) || line["client_ip"] != nil {
			t.Errorf("the address is told: %v", line)
		}
	}
	if len(audited(t, s, "entered")) != 1 {
		t.Error("nothing was told")
	}
}
