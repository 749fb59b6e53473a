package proconnect

import (
	"strings"
	"testing"
)

// The status says which field reads a list, and one of a thing is one.
func TestStatusTextNamesFieldsAndNumbers(t *testing.T) {
	for want, s := range map[string]status{
		"list /l.csv (siret): 1 entry, 1 faulty line\n":                                                                  {Lists: []listStatus{{File: "/l.csv", Field: "siret", Entries: 1, FaultyLines: 1}}},
		"list /l.csv (email): 0 entries, 0 faulty lines\n":                                                               {Lists: []listStatus{{File: "/l.csv", Field: "email"}}},
		"list /l.csv (email): 2 entries, 2 faulty lines, a newer version is not taken\n":                                 {Lists: []listStatus{{File: "/l.csv", Field: "email", Entries: 2, FaultyLines: 2, Rejected: true}}},
		"client c: ProConnect answered not since Caddy began, storage works, revoked: 1 session, 1 record of people\n":   {Clients: []clientStatus{{Name: "c", Revocations: 1, People: 1}}},
		"client c: ProConnect answered not since Caddy began, storage works, revoked: 2 sessions, 2 records of people\n": {Clients: []clientStatus{{Name: "c", Revocations: 2, People: 2}}},
	} {
		var out strings.Builder
		s.print(&out)
		if got := strings.Join(strings.Fields(out.String()), " ") + "\n"; got != want { // lines are wrapped
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
