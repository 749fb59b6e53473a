package session

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// clockKeeper is a keeper whose clock a test sets, with the browser of one person.
type clockKeeper struct {
	*Keeper
	t    *testing.T
	at   time.Time
	site origin.Origin
	jar  map[string]string
	sent []*http.Cookie // by the last answer
}

var clockStart = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// newClockKeeper makes one of a configuration, of which keys, storage and clock are the
// test's.
func newClockKeeper(t *testing.T, cfg Config) *clockKeeper {
	t.Helper()
	c := &clockKeeper{t: t, at: clockStart, site: origin.Of("docs.example.gouv.fr", true), jar: map[string]string{}}
	if cfg.Lifetime == 0 {
		cfg.Lifetime = 12 * time.Hour
	}
	cfg.Name, cfg.Issuer, cfg.ClientID, cfg.Log = "proconnect", "https://issuer.example", "client", zap.NewNop()
	cfg.Keys = seal.NewKeyring(make([]byte, 32))
	cfg.Storage, cfg.AcceptUnread = &certmagic.FileStorage{Path: t.TempDir()}, true
	cfg.Now = func() time.Time { return c.at }
	c.Keeper = New(cfg)
	return c
}

// after sets the clock to so long after the first login.
func (c *clockKeeper) after(d time.Duration) { c.at = clockStart.Add(d) }

func (c *clockKeeper) cookies() (lines []string) {
	for name, value := range c.jar {
		lines = append(lines, name+"="+value)
	}
	return lines
}

// answer takes over what an answer sets.
func (c *clockKeeper) answer(set func(w http.ResponseWriter)) {
	w := httptest.NewRecorder()
	set(w)
	c.sent = w.Result().Cookies()
	for _, cookie := range c.sent {
		if c.jar[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(c.jar, cookie.Name)
		}
	}
}

// login has ProConnect say who the person is: of the family of a session that is there.
func (c *clockKeeper) login() *Session {
	c.t.Helper()
	earlier := c.open()
	if earlier.IsZero() {
		earlier = nil
	}
	s := c.New(&testSession(c.t).Set, nil, earlier, c.at)
	c.answer(func(w http.ResponseWriter) {
		if err := c.Save(c.t.Context(), w, c.site, s); err != nil {
			c.t.Fatal(err)
		}
	})
	return s
}

// open is what a request at this time finds.
func (c *clockKeeper) open() *Session {
	s := new(Session)
	if err := c.Open(c.t.Context(), c.site, c.cookies(), s); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// visit is a request that is answered after a while.
func (c *clockKeeper) visit(took time.Duration) *Session {
	s := c.open()
	c.at = c.at.Add(took)
	c.answer(func(w http.ResponseWriter) { c.SaveSeen(c.t.Context(), w, c.site, s) })
	return s
}

// sentCookie is what the last answer set of a name; nil if it did not.
func (c *clockKeeper) sentCookie(name string) *http.Cookie {
	for _, cookie := range c.sent {
		if cookie.Name == name {
			return cookie
		}
	}
	return nil
}
