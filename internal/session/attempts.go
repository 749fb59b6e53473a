package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

const (
	attemptTime  = time.Hour // creating an account at ProConnect takes a while
	maxAttempts  = 5         // cookies of attempts that one browser keeps
	attemptIDLen = 10        // how much of the state names its cookie

	// maxAttemptCookie is what one may weigh, in bytes.
	maxAttemptCookie = 2400
)

// Attempt is a login under way, sealed into a cookie of its own, so that several
// tabs can log in side by side and answer in any order.
type Attempt struct {
	State       string   `json:"s"`
	Nonce       string   `json:"n"`
	Verifier    string   `json:"v"`
	RedirectURI string   `json:"r"`
	Target      string   `json:"t"` // where to go when it is done
	ACR         []string `json:"a,omitempty"`
	Scopes      []string `json:"c"`           // what was asked: the configuration may change meanwhile
	Started     int64    `json:"d"`           // Unix seconds
	Automatic   bool     `json:"u,omitempty"` // begun without a click
	Family      []byte   `json:"f,omitempty"` // of the session that it began with
	Gate        string   `json:"g,omitempty"` // the key of the hints of the gate that asked
}

// RandomText returns 32 random bytes in base64url: 43 characters, which satisfies
// the 32 that ProConnect's documentation asks of state and nonce.
func RandomText() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(b)
}

// Begin gives the attempt what ProConnect will be asked with, and answer with.
func (a *Attempt) Begin(redirectURI, own string, now time.Time) {
	a.State, a.Nonce, a.Verifier = RandomText(), RandomText(), oauth2.GenerateVerifier()
	a.RedirectURI, a.Target, a.Started = redirectURI, origin.ReturnTarget(a.Target, own), now.Unix()
}

// FamilyID is that of the session that the attempt began with, if there was one.
func (a *Attempt) FamilyID() (f Family) {
	copy(f[:], a.Family)
	return f
}

// LedBack says whether the login was hinted to the identity provider of the session
// that it began with.
func (a *Attempt) LedBack() bool { return len(a.Family) > 0 && len(a.ACR) > 0 }

// BeginAttempt seals the attempt into a cookie, and drops the oldest of the browser's
// others when they are too many, or too large.
func (k *Keeper) BeginAttempt(ctx context.Context, w http.ResponseWriter, o origin.Origin, cookies []string, a *Attempt) error {
	value, err := k.sealAttempt(ctx, o, a)
	if err == nil && len(value) > maxAttemptCookie {
		short := *a
		short.Target = "/" // JSON makes six bytes of an & or of a byte that is no text
		value, err = k.sealAttempt(ctx, o, &short)
	}
	if err != nil {
		return err
	}
	name := k.names(o).login + a.State[:attemptIDLen]
	if left := k.makeRoom(ctx, w, o, cookies, len(name)+len(value)); left < 0 && a.Target != "/" {
		short := *a
		short.Target = "/" // a login that leads home is better than a site that is shut
		if value, err = k.sealAttempt(ctx, o, &short); err != nil {
			return err
		}
	}
	setCookie(w, name, value, "/", int(attemptTime/time.Second))
	return nil
}

func (k *Keeper) sealAttempt(ctx context.Context, o origin.Origin, a *Attempt) (string, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	return k.attempts.Seal(ctx, plain, o.Host)
}

// openAttempt reads an attempt's cookie; nil if it is not ours or over.
func (k *Keeper) openAttempt(ctx context.Context, o origin.Origin, value string) *Attempt {
	plain, err := k.attempts.Open(ctx, value, o.Host)
	if err != nil {
		return nil
	}
	a := new(Attempt)
	if json.Unmarshal([]byte(plain), a) != nil {
		return nil
	}
	started := time.Unix(a.Started, 0)
	if now := time.Now(); now.Sub(started) > attemptTime || started.Sub(now) > clockSkew {
		return nil
	}
	return a
}

// FindAttempt finds the attempt of this browser that a state belongs to.
func (k *Keeper) FindAttempt(ctx context.Context, o origin.Origin, cookies []string, state string) *Attempt {
	if len(state) < attemptIDLen {
		return nil
	}
	value, ok := findCookie(cookies, k.names(o).login+state[:attemptIDLen])
	if !ok {
		return nil
	}
	a := k.openAttempt(ctx, o, value)
	if a == nil || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return nil
	}
	return a
}

// roundTime is how long a login without a click counts as one of those of late.
const roundTime = time.Minute

// AutoLogins is how many logins without a click this browser ended in the last
// minute. A cookie tells it that anybody may change in their own browser: it protects
// nobody but them.
func (k *Keeper) AutoLogins(o origin.Origin, cookies []string) int {
	value, _ := findCookie(cookies, k.names(o).rounds)
	if len(value) != 1 || value[0] < '0' || value[0] > '9' {
		return 0
	}
	return int(value[0] - '0')
}

// CountAutoLogin counts one that ended.
func (k *Keeper) CountAutoLogin(w http.ResponseWriter, o origin.Origin, cookies []string) {
	n := min(k.AutoLogins(o, cookies)+1, 9)
	setCookie(w, k.names(o).rounds, strconv.Itoa(n), "/", int(roundTime/time.Second))
}

// ForgetAttempt drops the attempt's cookie.
func (k *Keeper) ForgetAttempt(w http.ResponseWriter, o origin.Origin, a *Attempt) {
	setCookie(w, k.names(o).login+a.State[:attemptIDLen], "", "/", -1)
}

// ConsumeAttempt says whether the attempt was still unused on this node, and uses it.
func (k *Keeper) ConsumeAttempt(a *Attempt, now time.Time) bool { return k.used.consume(a.State, now) }

// maxUsed bounds how many used attempts are remembered: beyond it, ProConnect's
// one-time code alone decides.
const maxUsed = 100_000

// usedAttempts remembers the attempts that this node consumed, so that a
// callback that comes twice makes no second call.
type usedAttempts struct {
	mu     sync.Mutex
	states map[string]int64 // Unix seconds
	swept  int64
}

// consume says whether the attempt was still unused, and uses it.
func (u *usedAttempts) consume(state string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, used := u.states[state]; used {
		return false
	}
	if u.states == nil {
		u.states = make(map[string]int64)
	}
	if over := now.Add(-attemptTime - clockSkew).Unix(); u.swept < now.Add(-time.Minute).Unix() {
		for s, at := range u.states {
			if at < over {
				delete(u.states, s)
			}
		}
		u.swept = now.Unix()
	}
	if len(u.states) < maxUsed {
		u.states[state] = now.Unix()
	}
	return true
}
