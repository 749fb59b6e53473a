package session

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// testSession is a session with the claims that are asked for by default.
func testSession(t testing.TB) *Session {
	t.Helper()
	asked := claims.NewRequest(nil, nil).Claims
	s := &Session{Family: Family{1, 2, 3}, startedAt: time.Now().Unix(), confirmedAt: time.Now().Unix(), lifetime: 12 * 3600}
	s.Set = *claims.New(asked, map[string]any{
		"sub": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "given_name": "Jean-Christophe", "usual_name": "Dupont-Durand",
		"email": "jean-christophe.dupont-durand@developpement-durable.gouv.fr", "uid": "b3e1f0a2-5a4f-4b0e-8c2d-90c1d7a1e3f4",
		"siret": "13002526500013", "idp_id": "71144ab3-ee1a-4401-b7b3-79b44f7daeeb",
		"roles":              []any{"agent_public", "agent_public_etat"},
		"organization_label": "Direction interministérielle du numérique", "acr": "eidas1-mfa", "amr": []any{"pwd", "otp"},
	})
	return s
}

func TestSessionSurvivesItsCookie(t *testing.T) {
	s, got := testSession(t), new(Session)
	s.RequestedACR = []string{"eidas1-mfa", "eidas2"}
	s.Set.Put(mustClaim(t, "custom.grade"), []string{"A+", "B"})
	if err := got.decode(string(s.encode())); err != nil {
		t.Fatal(err)
	}
	if got.Family != s.Family || got.startedAt != s.startedAt || got.lifetime != s.lifetime || !reflect.DeepEqual(got.RequestedACR, s.RequestedACR) {
		t.Errorf("got %+v", got)
	}
	for _, name := range []string{"sub", "email", "siret", "siren", "roles", "organization_label", "acr", "amr", "custom.grade"} {
		if got, want := got.Text(name), s.Text(name); got != want || want == "" {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// What was sealed cannot be forged, but it may have been sealed by another
// version: whatever is not wholly understood is no session.
func TestSessionThatIsNotUnderstood(t *testing.T) {
	good := string(testSession(t).encode())
	for i := range len(good) {
		if new(Session).decode(good[:i]) == nil {
			t.Fatalf("a session cut after %d bytes is taken", i)
		}
	}
	for name, text := range map[string]string{
		"another version": "\x03" + good[1:],
		"trailing bytes":  good + "x",
		"no family":       good[:1] + strings.Repeat("\x00", 16) + good[17:],
	} {
		if new(Session).decode(text) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestSessionLifetime(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		first time.Time
		alive bool
	}{
		"fresh":               {now, true},
		"at its end":          {now.Add(-time.Hour + 2*time.Second), true},
		"over":                {now.Add(-time.Hour - time.Second), false},
		"a clock 2 min ahead": {now.Add(2 * time.Minute), true},
		"behind a record":     {now.Add(clockSkew + 3*time.Minute), true},
		"from the future":     {now.Add(familyAhead + time.Minute), false},
		"from the far future": {now.Add(100 * 365 * 24 * time.Hour), false},
		"from the beginning":  {time.Unix(0, 0), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Session{Family: Family{1}, startedAt: c.first.Unix(), lifetime: 3600}
			if got := s.alive(now, time.Hour); got != c.alive {
				t.Errorf("alive is %v", got)
			}
		})
	}
}

// A longer lifetime that is configured later must not outlast the record of a
// logout, which ends with the session: what was logged out would live again.
func TestSessionKeepsItsLifetime(t *testing.T) {
	first := time.Now().Add(-30 * time.Minute)
	s := &Session{Family: Family{1}, startedAt: first.Unix(), lifetime: 3600}
	for name, c := range map[string]struct {
		configured time.Duration
		want       time.Duration
	}{
		"as it was": {time.Hour, time.Hour},
		"shorter":   {10 * time.Minute, 10 * time.Minute},
		"longer":    {24 * time.Hour, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			end := s.expiresAt(c.configured)
			if got := end.Sub(time.Unix(s.startedAt, 0)); got != c.want {
				t.Errorf("it lasts %s, want %s", got, c.want)
			}
			if end.After(s.EndsAt()) {
				t.Error("it outlasts the record of its logout")
			}
		})
	}
}

func FuzzSessionDecode(f *testing.F) {
	f.Add(testSession(f).encode())
	f.Add([]byte{sessionVersion})
	f.Add([]byte{confirmedVersion})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := new(Session)
		if s.decode(string(data)) != nil {
			return
		}
		again := new(Session)
		if err := again.decode(string(s.encode())); err != nil {
			t.Fatalf("what was read cannot be written and read again: %v", err)
		}
	})
}
