package session

import (
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"
)

const seenCookie = "__Host-proconnect_seen"

// A step of a person's day: when it happens, and what a request finds then.
type step struct {
	at      time.Duration
	login   bool
	took    time.Duration // the answer
	alive   bool
	renewal Renewal
	stamped bool // the answer sets the cookie of when somebody was last seen
}

// Every combination of lifetime, idle and renew, over a day.
func TestSessionOverTheDay(t *testing.T) {
	const m, h = time.Minute, time.Hour
	tests := []struct {
		name  string
		cfg   Config
		steps []step
	}{
		{"no option", Config{}, []step{
			{at: 0, login: true, alive: true},
			{at: 11 * h, alive: true},
			{at: 12*h - time.Second, alive: true},
			{at: 12 * h},
		}},
		{"idle: somebody goes home", Config{Idle: 30 * m}, []step{
			{at: 0, login: true, alive: true},
			{at: 2 * m, alive: true},
			{at: 29 * m, alive: true, stamped: true},
			{at: 58 * m, alive: true, stamped: true},
			{at: 88 * m},
		}},
		{"idle: nothing after the login", Config{Idle: 30 * m}, []step{
			{at: 0, login: true, alive: true},
			{at: 30*m - time.Second, alive: true, stamped: true},
			{at: 60 * m},
		}},
		{"idle: written once a tenth", Config{Idle: 30 * m}, []step{
			{at: 0, login: true, alive: true},
			{at: 3*m - time.Second, alive: true},
			{at: 3 * m, alive: true, stamped: true},
			{at: 4 * m, alive: true},
			{at: 6*m - time.Second, alive: true},
			{at: 6 * m, alive: true, stamped: true},
		}},
		{"idle: a slow answer writes nothing", Config{Idle: 30 * m}, []step{
			{at: 0, login: true, alive: true},
			{at: 10 * m, took: 3*m + time.Second, alive: true},
			{at: 20 * m, took: 3 * m, alive: true, stamped: true},
			{at: 49 * m, alive: true, stamped: true}, // seen at 20, when the request came
		}},
		{"idle: a slow answer is of when it was asked for", Config{Idle: 30 * m}, []step{
			{at: 0, login: true, alive: true},
			{at: 20 * m, took: 3 * m, alive: true, stamped: true},
			{at: 50 * m},
		}},
		{"idle: the lifetime ends all the same", Config{Idle: 30 * m, Lifetime: h}, []step{
			{at: 0, login: true, alive: true},
			{at: 20 * m, alive: true, stamped: true},
			{at: 40 * m, alive: true, stamped: true},
			{at: 60 * m},
		}},
		{"idle: a login is a sign of life", Config{Idle: 30 * m}, []step{
			{at: 0, login: true, alive: true},
			{at: 29 * m, login: true, alive: true},
			{at: 58 * m, alive: true, stamped: true},
		}},
		{"idle: a login afterwards is of a new family", Config{Idle: 30 * m}, []step{
			{at: 0, login: true, alive: true},
			{at: 40 * m, login: true, alive: true},
			{at: 12*h + 39*m}, // idle again
		}},
		{"renew: due, overdue, over", Config{Renew: h}, []step{
			{at: 0, login: true, alive: true},
			{at: h - time.Second, alive: true},
			{at: h, alive: true, renewal: RenewalDue},
			{at: 2*h - time.Second, alive: true, renewal: RenewalDue},
			{at: 2 * h, alive: true, renewal: RenewalOverdue},
			{at: 12*h - time.Second, alive: true, renewal: RenewalOverdue},
			{at: 12 * h},
		}},
		{"renew: again and again, and the lifetime counts from the first login", Config{Renew: 5 * h}, []step{
			{at: 0, login: true, alive: true},
			{at: 5 * h, login: true, alive: true},
			{at: 10*h - time.Second, alive: true},
			{at: 10 * h, login: true, alive: true},
			{at: 12*h - time.Second, alive: true},
			{at: 12 * h},
		}},
		{"renew: overdue, then renewed", Config{Renew: h}, []step{
			{at: 0, login: true, alive: true},
			{at: 3 * h, login: true, alive: true},
			{at: 4*h - time.Second, alive: true},
		}},
		{"idle and renew: requests are no confirmation", Config{Idle: 30 * m, Renew: h}, []step{
			{at: 0, login: true, alive: true},
			{at: 29 * m, alive: true, stamped: true},
			{at: 58 * m, alive: true, stamped: true},
			{at: 87 * m, alive: true, stamped: true, renewal: RenewalDue},
			{at: 116 * m, alive: true, stamped: true, renewal: RenewalDue},
			{at: 145 * m, alive: true, stamped: true, renewal: RenewalOverdue},
		}},
		{"idle and renew: idle ends what waits for a renewal", Config{Idle: 30 * m, Renew: h}, []step{
			{at: 0, login: true, alive: true},
			{at: 29 * m, alive: true, stamped: true},
			{at: 60 * m},
		}},
		{"idle longer than renew", Config{Idle: 3 * h, Renew: h}, []step{
			{at: 0, login: true, alive: true},
			{at: 2 * h, alive: true, stamped: true, renewal: RenewalOverdue},
			{at: 5 * h},
		}},
		{"persistent changes no time", Config{Idle: 30 * m, Renew: h, Persistent: true}, []step{
			{at: 0, login: true, alive: true},
			{at: 29 * m, alive: true, stamped: true},
			{at: 60 * m},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClockKeeper(t, tt.cfg)
			for _, step := range tt.steps {
				c.after(step.at)
				if step.login {
					c.login()
				}
				s := c.visit(step.took)
				if got := !s.IsZero(); got != step.alive {
					t.Fatalf("after %s: alive is %t", step.at, got)
				}
				if got := s.Renewal(); got != step.renewal {
					t.Errorf("after %s: renewal is %d, want %d", step.at, got, step.renewal)
				}
				if got := c.sentCookie(seenCookie) != nil; got != step.stamped {
					t.Errorf("after %s: stamped is %t", step.at, got)
				}
			}
		})
	}
}

// What an attacker, an old answer or another node's clock puts into the cookie of when
// somebody was last seen makes no session live longer.
func TestSeenThatIsNotBelieved(t *testing.T) {
	idle := Config{Idle: 30 * time.Minute}
	stamp := func(c *clockKeeper, f Family, at time.Time) string {
		plain := binary.BigEndian.AppendUint32(append([]byte(nil), f[:]...), uint32(at.Unix()))
		value, err := c.seen.Seal(t.Context(), plain, c.site.Host)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	tests := []struct {
		name  string
		value func(c *clockKeeper, s *Session) string
		alive bool
	}{
		{"control: of now", func(c *clockKeeper, s *Session) string { return stamp(c, s.Family, c.at) }, true},
		{"control: 29 minutes ago", func(c *clockKeeper, s *Session) string { return stamp(c, s.Family, c.at.Add(-29*time.Minute)) }, true},
		{"control: by a clock 4 minutes ahead", func(c *clockKeeper, s *Session) string { return stamp(c, s.Family, c.at.Add(4*time.Minute)) }, true},
		{"none", func(*clockKeeper, *Session) string { return "" }, false},
		{"put back: 30 minutes ago", func(c *clockKeeper, s *Session) string { return stamp(c, s.Family, c.at.Add(-30*time.Minute)) }, false},
		{"from the future", func(c *clockKeeper, s *Session) string { return stamp(c, s.Family, c.at.Add(6*time.Minute)) }, false},
		{"of another family", func(c *clockKeeper, _ *Session) string { return stamp(c, Family{9}, c.at) }, false},
		{"the session itself", func(c *clockKeeper, _ *Session) string { return c.jar["__Host-proconnect"] }, false},
		{"too short", func(c *clockKeeper, s *Session) string {
			value, _ := c.seen.Seal(t.Context(), append(s.Family[:], 1, 2, 3), c.site.Host)
			return value
		}, false},
		{"of another site", func(c *clockKeeper, s *Session) string {
			plain := binary.BigEndian.AppendUint32(append([]byte(nil), s.Family[:]...), uint32(c.at.Unix()))
			value, _ := c.seen.Seal(t.Context(), plain, "other.example.gouv.fr")
			return value
		}, false},
		{"twice", func(c *clockKeeper, s *Session) string {
			value := stamp(c, s.Family, c.at)
			return value + "; " + seenCookie + "=" + value
		}, false},
		{"large", func(*clockKeeper, *Session) string { return strings.Repeat("A", 8000) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClockKeeper(t, idle)
			s := c.login()
			c.after(40 * time.Minute)
			c.jar[seenCookie] = tt.value(c, s)
			if got := !c.open().IsZero(); got != tt.alive {
				t.Errorf("alive is %t", got)
			}
		})
	}
}

// A request of before a login as somebody else is answered after it: what it writes
// belongs to the family of before, and makes neither of the two live longer.
func TestSeenOfAnOlderAnswer(t *testing.T) {
	c := newClockKeeper(t, Config{Idle: 30 * time.Minute})
	c.login()
	c.after(10 * time.Minute)
	old := c.open()
	delete(c.jar, "__Host-proconnect")
	c.login() // a new family
	c.at = c.at.Add(time.Minute)
	c.answer(func(w http.ResponseWriter) { c.SaveSeen(t.Context(), w, c.site, old) })
	if c.sentCookie(seenCookie) == nil {
		t.Fatal("the old answer writes nothing: nothing is tested")
	}
	c.after(39 * time.Minute)
	if c.open().IsZero() {
		t.Error("the login of 29 minutes ago counts for nothing")
	}
	c.after(40*time.Minute + time.Second)
	if !c.open().IsZero() {
		t.Error("the answer to somebody else keeps the session alive")
	}
}

// No option: no further cookie is read or written.
func TestSeenIsOff(t *testing.T) {
	c := newClockKeeper(t, Config{Renew: time.Hour})
	c.login()
	c.after(11 * time.Hour)
	if c.visit(0).SeenDue() || c.sentCookie(seenCookie) != nil {
		t.Error("without idle somebody is remembered as seen")
	}
}
