package faults_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// A gate keeps its number over reloads, though Caddy provisions servers and named routes in
// another order each time: what one gate has counted is not added to another's.
func TestGatesKeepTheirNumbers(t *testing.T) {
	admin := caddytest.NewAdmin(t)
	global := caddytest.Sandbox + admin.Option
	s := caddytest.New(t)
	sites := `
&(first) {
	proconnect /first/* {
		allow any
		deny siren 130025265
	}
}
&(second) {
	proconnect /second/* {
		allow any
		deny siren 130025265
		deny siren 219200235
	}
}
http://localhost:{$PORT} {
	invoke first
	invoke second
	invoke first
	proconnect {
		allow any
	}
	respond ok
}
http://localhost:{$PORT} {
	bind 127.0.0.2
	proconnect {
		allow any
		deny siren 130025265
		deny siren 219200235
		deny siren 110020013
	}
	respond ok
	handle_errors {
		proconnect {
			allow any
			deny siren 130025265
			deny siren 219200235
			deny siren 110020013
			deny siren 356000000
		}
		respond error
	}
}
`
	s.Run(global, sites)
	want := numbered(t, admin)
	if got := slices.Sorted(maps.Values(want)); !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
		t.Fatalf("gates with %v rules: %v", got, want)
	}
	for range 24 { // of two in a map, the second is mostly the second
		s.Load(global, sites)
		for gate, rules := range numbered(t, admin) {
			if want[gate] != rules {
				t.Fatalf("gate %s has %d rules, and had %d", gate, rules, want[gate])
			}
		}
	}
}

// numbered are the numbers of rules, by those of gates.
func numbered(t *testing.T, admin caddytest.Admin) map[string]int {
	t.Helper()
	code, text := admin.Ask(t, http.MethodGet, "/proconnect/status", "")
	var got struct {
		Clients []struct {
			Gates []struct {
				Gate  string
				Rules int
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != http.StatusOK {
		t.Fatalf("%d %v", code, err)
	}
	rules := make(map[string]int)
	for _, g := range got.Clients[0].Gates {
		rules[g.Gate] = g.Rules
	}
	return rules
}
