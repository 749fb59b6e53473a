package faults_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const (
	decided = `caddy_proconnect_decisions_total{client="default",gate="1",outcome="%s",site="localhost"}`
	other   = `caddy_proconnect_decisions_total{client="default",gate="1",outcome="allow",site="other.localhost"}`
)

// wantSeries checks values; "" is none.
func wantSeries(t *testing.T, got map[string]string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
}

func countedBy(rules, more string) string {
	return caddytest.GatedBy(rules) + more
}

const otherSite = "\nhttp://other.localhost:{$PORT} {\n proconnect {\n allow any\n }\n respond ok\n}"

// Counters go on over reloads, tell what runs after one that failed, and forget the sites
// that are gone.
func TestMetricsOverReloads(t *testing.T) {
	reloads := 100
	if testing.Short() {
		reloads = 5
	}
	admin := caddytest.NewAdmin(t)
	global := caddytest.Sandbox + admin.Option
	s := caddytest.Start(t, global, countedBy("allow siren 130025265", otherSite))
	b := s.Browser("http://localhost:{$PORT}")
	b.RetryResets()
	b.Login("/", url.Values{"person": {"ministry"}})                                    // allowed once
	s.Browser("http://localhost:{$PORT}").Login("/", url.Values{"person": {"commune"}}) // refused once
	s.Browser("http://localhost:{$PORT}").Visit("/")                                    // asked to log in once
	want := map[string]string{
		fmt.Sprintf(decided, "allow"): "1", fmt.Sprintf(decided, "deny"): "1", fmt.Sprintf(decided, "login"): "1", fmt.Sprintf(decided, "step_up"): "0",
		`caddy_proconnect_refusals_total{client="default",gate="1",rule="none",site="localhost"}`: "1",
		`caddy_proconnect_logins_total{acr="eidas1",client="default"}`:                            "2",
		`caddy_proconnect_provider_request_duration_seconds_count{call="token",client="default"}`: "2",
		`caddy_proconnect_storage_failing{client="default"}`:                                      "0",
		`caddy_proconnect_revocations{client="default"}`:                                          "0",
		`caddy_proconnect_people_revocations{client="default"}`:                                   "0",
		other: "0",
	}
	wantSeries(t, admin.Series(t), want)

	for range reloads {
		s.Load(global, countedBy("allow siren 130025265", otherSite))
	}
	wantSeries(t, admin.Series(t), want)
	b.Visit("/")
	want[fmt.Sprintf(decided, "allow")] = "2"
	wantSeries(t, admin.Series(t), want)

	// No machine has this address: apps have started when it fails, and a site is missing.
	broken, err := s.TryAdapt(global, countedBy("allow siren 130025265", "\nhttp://new.localhost:{$PORT} {\n bind 192.0.2.1\n proconnect {\n allow any\n }\n respond ok\n}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(broken, true); err == nil {
		t.Fatal("it loads")
	}
	b.Visit("/")
	want[fmt.Sprintf(decided, "allow")] = "3"
	want[strings.Replace(other, "other", "new", 1)] = ""
	wantSeries(t, admin.Series(t), want)

	s.Load(global, countedBy("allow siren 130025265", ""))
	want[other] = ""
	wantSeries(t, admin.Series(t), want)
}

// Names and units are as Prometheus wants them.
func TestMetricsLint(t *testing.T) {
	s := caddytest.New(t)
	list := s.Write("list.txt", "13002526500013\nnot a number\n")
	s.Run(caddytest.Sandbox, caddytest.GatedBy("allow siret from "+list+"; report {; allow siren 110000072; }"))
	for _, person := range []string{"ministry", "commune"} {
		s.Browser("http://localhost:{$PORT}").Login("/", url.Values{"person": {person}})
	}
	running := caddy.ActiveContext()
	registry := running.GetMetricsRegistry()
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "caddy_proconnect_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	if n, err := testutil.GatherAndCount(registry, "caddy_proconnect_list_faulty_lines", "caddy_proconnect_reported_refusals_total", "caddy_proconnect_refusals_total"); n != 3 || err != nil {
		t.Errorf("%d series, want 3: %v", n, err)
	}
}
