package session

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// A session of the first format is one that ProConnect confirmed at its first login, and
// is read whatever is configured since.
func TestSessionOfTheFirstFormat(t *testing.T) {
	s := testSession(t)
	b := append([]byte{1}, s.Family[:]...)
	b = binary.AppendUvarint(b, uint64(clockStart.Unix()))
	b = binary.AppendUvarint(b, 12*3600)
	b = claims.AppendStrings(b, []string{"eidas2"})
	b = s.AppendTo(b)
	for name, c := range map[string]struct {
		cfg     Config
		at      time.Duration
		alive   bool
		renewal Renewal
	}{
		"no option":      {Config{}, time.Hour, true, NotDue},
		"renew":          {Config{Renew: 50 * time.Minute}, time.Hour, true, RenewalDue},
		"idle, in time":  {Config{Idle: 2 * time.Hour}, time.Hour, true, NotDue},
		"idle, too late": {Config{Idle: 50 * time.Minute}, time.Hour, false, NotDue},
	} {
		t.Run(name, func(t *testing.T) {
			k := newClockKeeper(t, c.cfg)
			value, err := k.sessions.Seal(t.Context(), b, k.site.Host)
			if err != nil {
				t.Fatal(err)
			}
			k.jar["__Host-proconnect"] = value
			k.after(c.at)
			got := k.open()
			if !got.IsZero() != c.alive || got.Renewal() != c.renewal {
				t.Fatalf("alive %t, renewal %d", !got.IsZero(), got.Renewal())
			}
			if c.alive && (got.First(claims.Sub) != s.First(claims.Sub) || len(got.RequestedACR) != 1) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// Where nothing depends on the last confirmation, a session is written as nodes of before
// read it, also after a further login.
func TestSessionFormatThatIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		want byte
	}{
		"no option":  {Config{}, sessionVersion},
		"persistent": {Config{Persistent: true}, sessionVersion},
		"idle":       {Config{Idle: 2 * time.Hour}, confirmedVersion},
		"renew":      {Config{Renew: time.Hour}, confirmedVersion},
	} {
		t.Run(name, func(t *testing.T) {
			k := newClockKeeper(t, c.cfg)
			if first := k.login().encode()[0]; first != sessionVersion {
				t.Errorf("the first login has format %d", first)
			}
			k.after(time.Hour)
			if got := k.login().encode()[0]; got != c.want {
				t.Errorf("a further login has format %d, want %d", got, c.want)
			}
		})
	}
}

// A confirmation from the future was made by a clock that nobody can trust: it would
// put off renewal and idleness.
func TestConfirmationFromTheFuture(t *testing.T) {
	for ahead, alive := range map[time.Duration]bool{4 * time.Minute: true, 6 * time.Minute: false} {
		k := newClockKeeper(t, Config{Renew: time.Hour, Idle: time.Hour})
		k.login()
		k.after(10*time.Minute + ahead)
		k.login()
		k.after(10 * time.Minute)
		if got := !k.open().IsZero(); got != alive {
			t.Errorf("%s ahead: alive is %t", ahead, got)
		}
	}
}
