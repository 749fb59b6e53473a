package session

import (
	"net/http"
	"testing"
	"time"
)

// Without persistent no cookie of a session outlives the browser; with it, all of them
// last for what remains of the lifetime, and not a renewal longer.
func TestPersistentCookies(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		at   time.Duration
		want int // seconds
	}{
		{"not persistent", Config{Idle: time.Hour}, 30 * time.Minute, 0},
		{"at the first login", Config{Idle: time.Hour, Persistent: true}, 0, 12 * 3600},
		{"at a later one", Config{Idle: time.Hour, Persistent: true}, 30 * time.Minute, 12*3600 - 1800},
		{"at its end", Config{Idle: 24 * time.Hour, Persistent: true}, 12*time.Hour - time.Millisecond, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClockKeeper(t, tt.cfg)
			s := c.login()
			c.after(tt.at)
			if tt.at > 0 {
				s = c.login()
			}
			c.answer(func(w http.ResponseWriter) {
				s.seenDue = uint32(c.at.Unix())
				if err := c.Save(t.Context(), w, c.site, s); err != nil {
					t.Fatal(err)
				}
				c.SaveSeen(t.Context(), w, c.site, s)
				c.SaveIDToken(t.Context(), w, c.site, s, "token", "/.proconnect/logout", "/")
			})
			for _, name := range []string{"__Host-proconnect", seenCookie, "__Secure-proconnect_id_token"} {
				switch got := c.sentCookie(name); {
				case got == nil:
					t.Errorf("%s is not set", name)
				case got.MaxAge != tt.want:
					t.Errorf("%s: Max-Age %d, want %d", name, got.MaxAge, tt.want)
				}
			}
		})
	}
}
