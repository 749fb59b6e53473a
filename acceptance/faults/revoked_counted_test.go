package faults_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
)

// Who revokes somebody sees that it was taken, in the status and in the metrics: a logout
// ends one session, and a record of people any number, so that they are counted apart.
func TestWhatWasRevokedIsCounted(t *testing.T) {
	s, admin, _ := administered(t, "revoked-counted", "allow any")
	want := func(when string, sessions, people int) {
		t.Helper()
		status, text := admin.Ask(t, "GET", "/proconnect/status", "")
		var got struct {
			Clients []struct {
				Revocations       *int
				PeopleRevocations *int `json:"people_revocations"`
			}
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil || status != http.StatusOK || len(got.Clients) != 1 {
			t.Fatalf("%s: got %d %s (%v)", when, status, text, err)
		}
		c := got.Clients[0]
		if c.Revocations == nil || c.PeopleRevocations == nil || *c.Revocations != sessions || *c.PeopleRevocations != people {
			t.Errorf("%s: want %d sessions and %d records of people: %s", when, sessions, people, text)
		}
		wantSeries(t, admin.Series(t), map[string]string{
			`caddy_proconnect_revocations{client="default"}`:        strconv.Itoa(sessions),
			`caddy_proconnect_people_revocations{client="default"}`: strconv.Itoa(people),
		})
	}
	want("at first", 0, 0)
	b := entered(s, "ministry")
	b.Request(http.MethodPost, "/.proconnect/logout", nil)
	want("after a logout", 1, 0)
	for _, value := range []string{"130025265", "219200235"} {
		if status, text := admin.Ask(t, "POST", "/proconnect/revoke", `{"field":"siren","value":"`+value+`"}`); status != http.StatusOK {
			t.Fatalf("revoke: got %d %s", status, text)
		}
	}
	want("after two records", 1, 2)
	if status, text := admin.Ask(t, "POST", "/proconnect/rotate", `{}`); status != http.StatusOK {
		t.Fatalf("rotate: got %d %s", status, text)
	}
	want("after one of everybody", 1, 3)
}
