package faults_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// administered is a Caddy with an admin endpoint, an audit file and a client whose storage
// can be broken.
func administered(t *testing.T, clientID, rules string) (s *caddytest.Server, admin caddytest.Admin, global string) {
	t.Helper()
	admin = caddytest.NewAdmin(t)
	global = "proconnect {\n environment sandbox\n client_id " + clientID + "\n scopes openid siret idp_id roles\n }\nstorage faulty {$DIR}/storage" +
		admin.Option + caddytest.AuditFile
	return caddytest.Start(t, global, caddytest.GatedBy(rules)), admin, global
}

func entered(s *caddytest.Server, person string) *caddytest.Browser {
	s.T.Helper()
	b := s.Browser("http://localhost:{$PORT}")
	b.RetryResets()
	if a := b.Login("/", url.Values{"person": {person}}); a.StatusCode != http.StatusOK {
		s.T.Fatalf("the login of %s ended at %d", person, a.StatusCode)
	}
	return b
}

func wantStatus(t *testing.T, b *caddytest.Browser, want int, when string) {
	t.Helper()
	if a := b.Visit("/"); a.StatusCode != want {
		t.Errorf("%s: got %d, want %d", when, a.StatusCode, want)
	}
}

func auditLines(t *testing.T, s *caddytest.Server, event string) []caddytest.LogLine {
	t.Helper()
	return caddytest.Audited(t, filepath.Join(s.Dir, "audit.json"), event)
}

// An operator locks people out by the admin endpoint: at once, whom they mean, and nobody
// else; after a load that failed, too.
func TestAdminRevokes(t *testing.T) {
	s, admin, global := administered(t, "admin-revokes", "allow any")
	ministry, commune := entered(s, "ministry"), entered(s, "commune")
	for name, tt := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"another method":       {"GET", "/proconnect/revoke", "", 405, "want POST"},
		"a method of status":   {"POST", "/proconnect/status", "{}", 405, "want GET"},
		"no body":              {"POST", "/proconnect/revoke", "", 415, "application/json"},
		"no JSON":              {"POST", "/proconnect/revoke", "x", 400, "body"},
		"a word too many":      {"POST", "/proconnect/revoke", `{"field":"siret","value":"13002526500013","who":"me"}`, 400, "unknown field"},
		"two bodies":           {"POST", "/proconnect/revoke", `{"field":"siret","value":"13002526500013"}{}`, 400, "one JSON object"},
		"another client":       {"POST", "/proconnect/revoke", `{"client":"other","field":"siret","value":"13002526500013"}`, 400, "want one of default"},
		"no field":             {"POST", "/proconnect/revoke", `{"value":"13002526500013"}`, 400, "field"},
		"what nobody asks for": {"POST", "/proconnect/revoke", `{"field":"email","value":"a@b.fr"}`, 400, "does not ask ProConnect for it"},
		"what is no SIRET":     {"POST", "/proconnect/revoke", `{"field":"siret","value":"13002526500014"}`, 400, "siret"},
		"a rotation of some":   {"POST", "/proconnect/rotate", `{"field":"siret","value":"13002526500013"}`, 400, "revoke"},
		"what does not exist":  {"POST", "/proconnect/elsewhere", `{}`, 404, ""},
		"another organisation": {"POST", "/proconnect/revoke", `{"field":"siret","value":"11000007200014"}`, 200, `{"clients":["default"]}`},
	} {
		if status, text := admin.Ask(t, tt.method, tt.path, tt.body); status != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s: got %d %s", name, status, text)
		}
	}
	wantStatus(t, ministry, http.StatusOK, "the ministry, before")
	broken, err := s.TryAdapt(global, caddytest.GatedBy("allow any")+"\nhttp://new.localhost:{$PORT} {\n bind 192.0.2.1\n respond ok\n}")
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(broken, true); err == nil {
		t.Fatal("it loads")
	}
	if status, text := admin.Ask(t, "POST", "/proconnect/revoke", `{"client":"default","field":"siren","value":"130 025 265"}`); status != http.StatusOK {
		t.Fatalf("got %d %s", status, text)
	}
	wantStatus(t, ministry, http.StatusUnauthorized, "the ministry")
	wantStatus(t, commune, http.StatusOK, "the commune")

	if lines := auditLines(t, s, "revoked"); len(lines) != 2 || lines[1].Text("field") != "siren" || lines[1].Text("value") != "130 025 265" || !strings.HasPrefix(lines[1].Text("by"), caddytest.Loopback) {
		t.Errorf("got %v", lines)
	}
	if status, text := admin.Ask(t, "POST", "/proconnect/rotate", `{}`); status != http.StatusOK {
		t.Fatalf("got %d %s", status, text)
	}
	wantStatus(t, commune, http.StatusUnauthorized, "the commune, after a rotation")
	if lines := auditLines(t, s, "revoked"); len(lines) != 3 || lines[2].Text("field") != "all" {
		t.Errorf("got %v", lines)
	}
	if n := len(auditLines(t, s, "keys_rotated")); n != 1 {
		t.Errorf("the new key was told %d times", n)
	}
	for _, line := range append(auditLines(t, s, "revoked"), auditLines(t, s, "keys_rotated")...) {
		caddytest.WantDocumented(t, line)
	}
}

// What the storage does not take holds here, and the operator is told that it does so
// nowhere else.
func TestAdminTellsWhatTheStorageDidNotTake(t *testing.T) {
	s, admin, _ := administered(t, "admin-storage", "allow any")
	b := entered(s, "ministry")
	breakStorage("admin-storage", storageFault{write: syscall.ENOSPC})
	t.Cleanup(func() { mendStorage("admin-storage") })
	status, text := admin.Ask(t, "POST", "/proconnect/revoke", `{"field":"siren","value":"130025265"}`)
	if status != http.StatusInternalServerError || !strings.Contains(text, "holds on this node only") {
		t.Errorf("got %d %s", status, text)
	}
	wantStatus(t, b, http.StatusUnauthorized, "on this node")
	if lines := auditLines(t, s, "revoked"); len(lines) != 1 || !strings.Contains(lines[0].Text("error"), "this node only") {
		t.Errorf("got %v", lines)
	} else {
		caddytest.WantDocumented(t, lines[0], "error")
	}
}

// The status tells how everything is, and nothing secret.
func TestAdminStatus(t *testing.T) {
	p, admin := caddytest.NewProvider(t), caddytest.NewAdmin(t)
	s := caddytest.New(t)
	list := s.Write("list.txt", "13002526500013\nnot a number\n")
	s.Run(p.Option()+admin.Option, caddytest.GatedBy("allow siret from "+list+"; deny email nobody@example.gouv.fr"))
	if a := s.Browser("http://localhost:{$PORT}").LoginAt("/"); a.StatusCode != http.StatusOK {
		t.Fatalf("got %d", a.StatusCode)
	}
	code, text := admin.Ask(t, "GET", "/proconnect/status", "")
	if code != http.StatusOK {
		t.Fatalf("got %d %s", code, text)
	}
	var got struct {
		Clients []struct {
			Name        string
			Answered    *time.Time `json:"provider_last_answer"`
			StorageRead bool       `json:"storage_read"`
			Gates       []struct {
				Site, Gate string
				Rules      int
				Requests   map[string]int
			}
		}
		Lists []struct {
			File    string
			Entries int
			Faulty  int `json:"faulty_lines"`
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	c := got.Clients[0]
	if len(got.Clients) != 1 || c.Name != "default" || c.Answered == nil || !c.StorageRead || len(c.Gates) != 1 {
		t.Fatalf("got %s", text)
	}
	if g := c.Gates[0]; g.Site != "localhost" || g.Gate != "1" || g.Rules != 2 || g.Requests["allow"] != 1 {
		t.Errorf("got %s", text)
	}
	if l := got.Lists; len(l) != 1 || l[0].File != list || l[0].Entries != 1 || l[0].Faulty != 1 {
		t.Errorf("got %s", text)
	}
	p.Hide("nobody@example.gouv.fr", "the text of a rule")
	p.Hide(caddytest.SessionSecret, "the session key")
	for secret, what := range p.Secrets {
		if strings.Contains(text, secret) {
			t.Errorf("it holds %s", what)
		}
	}
}
