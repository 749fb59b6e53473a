package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const reportedRules = "\n report {\n allow siren 110000072\n deny roles agent_public_territorial\n }"

// reportedSite tells all that a request may have got of the gate.
func reportedSite(report string) string {
	return `
http://localhost:{$PORT} {
	proconnect {
		allow roles agent_public
		headers` + report + `
	}
	reverse_proxy {$UPSTREAM} {
		header_up X-Placeholders "{http.auth.user.id} {http.auth.candidate.id} {http.proconnect.decision} {http.proconnect.reason} {http.proconnect.reference}"
	}
}`
}

// The rules of report are tried on people whom the gate admits: told and counted, and
// nothing of a request is otherwise than without them.
func TestReportChangesNothing(t *testing.T) {
	up := caddytest.Echo(t)
	admin := caddytest.NewAdmin(t)
	site := func(report string) string { return strings.ReplaceAll(reportedSite(report), "{$UPSTREAM}", up.Addr()) }
	global := caddytest.Sandbox + auditFile + admin.Option
	s := caddytest.Start(t, global, site(""))
	people := map[string]*caddytest.Browser{"ministry": nil, "commune": nil, "private": nil}
	ask := func() (seen string) {
		for _, person := range []string{"ministry", "commune", "private"} {
			a := people[person].Visit("/x")
			seen += person + " " + a.Status + " " + strings.Join(a.Header["Set-Cookie"], " ") + a.Text + "\n"
		}
		return regexp.MustCompile(`[A-Z0-9]{10}|[A-Z0-9]{5}<`).ReplaceAllString(seen, "REFERENCE")
	}
	for person := range people {
		b := s.Browser("http://localhost:{$PORT}")
		b.RetryResets()
		b.Login("/x", url.Values{"person": {person}})
		people[person] = b
	}
	before := ask()
	s.Load(global, site(reportedRules))
	for range 3 {
		if with := ask(); with != before {
			t.Errorf("with a report:\n%s\nwithout:\n%s", with, before)
		}
	}

	lines := audited(t, s, "would_refuse")
	for _, line := range lines {
		caddytest.WantDocumented(t, line)
	}
	if len(lines) != 2 { // the ministry and the commune, once a minute each; the private person is not admitted
		t.Fatalf("%d events, want 2", len(lines))
	}
	reasons := lines[0].Text("reason") + "; " + lines[1].Text("reason")
	if want := "no rule matched: rule 1: siren failed; rule 2 denies: roles matched"; reasons != want {
		t.Errorf("got %q\nwant %q", reasons, want)
	}
	series, labels := admin.Series(t), `{client="default",gate="1",`
	for name, want := range map[string]string{
		`caddy_proconnect_reported_total` + labels + `outcome="would_refuse",site="localhost"}`: "6",
		`caddy_proconnect_reported_total` + labels + `outcome="would_allow",site="localhost"}`:  "0",
		`caddy_proconnect_reported_refusals_total` + labels + `rule="none",site="localhost"}`:   "3",
		`caddy_proconnect_reported_refusals_total` + labels + `rule="2",site="localhost"}`:      "3",
		`caddy_proconnect_decisions_total` + labels + `outcome="deny",site="localhost"}`:        "5",
		`caddy_proconnect_refusals_total` + labels + `rule="none",site="localhost"}`:            "5",
	} {
		if series[name] != want {
			t.Errorf("%s: got %q, want %s", name, series[name], want)
		}
	}
}

// What a report reads and a login did not ask for sends nobody to ProConnect again.
func TestReportAsksNobodyAgain(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	global := caddytest.Sandbox + admin.Option
	s := caddytest.Start(t, global, caddytest.GatedBy("allow roles agent_public"))
	b := s.Browser("http://localhost:{$PORT}")
	b.RetryResets()
	b.Login("/", url.Values{"person": {"ministry"}})
	s.Load(global, caddytest.GatedBy("allow roles agent_public; report {; allow belonging_population agent; }"))
	if a := b.Visit("/"); a.StatusCode != http.StatusOK {
		t.Errorf("got %d", a.StatusCode)
	}
	if got := admin.Series(t)[`caddy_proconnect_reported_total{client="default",gate="1",outcome="would_ask_again",site="localhost"}`]; got != "1" {
		t.Errorf("got %q", got)
	}
	// Who logs in from then on is asked for it.
	b = s.Browser("http://localhost:{$PORT}")
	if a := b.Visit("/.proconnect/login?return_to=/"); !strings.Contains(a.RedirectURL(), "belonging_population") {
		t.Errorf("got %s", a.RedirectURL())
	}
}
