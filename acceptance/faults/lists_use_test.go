package faults_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// emptyAlert is the selector of the alert on lists that name nobody.
func emptyAlert(t *testing.T) string {
	t.Helper()
	m := regexp.MustCompile(`- alert: ProConnectListEmpty\n +expr: caddy_proconnect_list_entries\{([^}]+)\} == 0\n`).FindStringSubmatch(document(t, "alerts.yml"))
	if m == nil {
		t.Fatal("alerts.yml: no selector of lists that are empty")
	}
	return m[1]
}

// A list of comments alone is what the documentation advises for a deny that names nobody
// yet. The alert speaks of the lists by which people get in, and of no others.
func TestTheAlertOnEmptyListsSpeaksOfThoseThatAdmit(t *testing.T) {
	selected := emptyAlert(t)
	for name, tt := range map[string]struct {
		rules string
		uses  string
		fires bool
	}{
		"allow":                   {"allow siret from %s; allow roles agent_public_etat", "allow", true},
		"a deny":                  {"allow any; deny siret from %s", "deny", false},
		"an allow that excepts":   {"allow { roles agent_public_etat; not siret from %s }", "deny", false},
		"a deny that excepts":     {"allow any; deny { not siret from %s }", "allow", true},
		"both":                    {"allow siret from %[1]s; deny { roles agent_public_etat; siret from %[1]s }", "allow deny", true},
		"an allow of what is new": {"allow any; report {; allow siret from %s }", "allow", true},
	} {
		t.Run(name, func(t *testing.T) {
			admin := caddytest.NewAdmin(t)
			s := caddytest.New(t)
			list := s.Write("list.txt", "# nobody yet\n")
			gate := caddytest.GatedBy(strings.NewReplacer("{ ", "{\n", " }", "\n}").Replace(fmt.Sprintf(tt.rules, list)))
			s.Run(caddytest.Sandbox+admin.Option, gate)
			var uses []string
			fires := false
			for series, value := range admin.Series(t) {
				if !strings.HasPrefix(series, "caddy_proconnect_list_entries{") {
					continue
				}
				if value != "0" {
					t.Errorf("%s: %s", series, value)
				}
				uses = append(uses, regexp.MustCompile(`use="([a-z_]*)"`).FindStringSubmatch(series)[1])
				fires = fires || strings.Contains(series, selected)
			}
			wantWords(t, uses, tt.uses)
			if fires != tt.fires {
				t.Errorf("the alert fires: %t", fires)
			}
		})
	}
}

// wantWords checks which words there are, in any order.
func wantWords(t *testing.T, got []string, want string) {
	t.Helper()
	slices.Sort(got)
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A list of a matcher, or of the names that may use callback_origin, lets nobody in by
// itself.
func TestListsOfAMatcherAndOfCallbackHosts(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	s := caddytest.New(t)
	numbers, hosts := s.Write("list.txt", "# nobody yet\n"), s.Write("hosts.txt", "# none yet\n")
	global := strings.Replace(caddytest.Sandbox, "\n }", "\n callback_origin http://login.localhost:{$PORT}\n callback_hosts from "+hosts+"\n }", 1)
	s.Run(global+admin.Option, `
http://login.localhost:{$PORT} {
	proconnect {
		allow any
	}
}
http://localhost:{$PORT} {
	@partner proconnect siret from `+numbers+`
	proconnect {
		allow any
	}
	respond @partner partner
	respond inside
}`)
	wantSeries(t, admin.Series(t), map[string]string{
		`caddy_proconnect_list_entries{field="siret",file="` + numbers + `",use="matcher"}`:     "0",
		`caddy_proconnect_list_entries{field="host",file="` + hosts + `",use="callback_hosts"}`: "0",
	})
}
