package proconnect

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

// attempt is a login under way, sealed into a cookie of its own, so that several
// tabs can log in side by side and answer in any order.
type attempt struct {
	State       string   `json:"s"`
	Nonce       string   `json:"n"`
	Verifier    string   `json:"v"`
	RedirectURI string   `json:"r"`
	Target      string   `json:"t"` // where to go when it is done
	ACR         []string `json:"a,omitempty"`
	Scopes      []string `json:"c"`           // what was asked: the configuration may change meanwhile
	Started     int64    `json:"d"`           // Unix seconds
	Unasked     bool     `json:"u,omitempty"` // begun without a click
	Family      []byte   `json:"f,omitempty"` // of the session that it began with
	Gate        string   `json:"g,omitempty"` // the key of the hints of the gate that asked
}

// randomText returns 32 random bytes in base64url: 43 characters, which satisfies
// the 32 that ProConnect's documentation asks of state and nonce.
func randomText() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(b)
}

// begin gives the attempt what ProConnect will be asked with, and answer with.
func (a *attempt) begin(redirectURI, own string, now time.Time) {
	a.State, a.Nonce, a.Verifier = randomText(), randomText(), oauth2.GenerateVerifier()
	a.RedirectURI, a.Target, a.Started = redirectURI, origin.ReturnTarget(a.Target, own), now.Unix()
}

// family is that of the session that the attempt began with, if there was one.
func (a *attempt) family() (f familyID) {
	copy(f[:], a.Family)
	return f
}

// ledBack says whether the login was hinted to the identity provider of the session
// that it began with.
func (a *attempt) ledBack() bool { return len(a.Family) > 0 && len(a.ACR) > 0 }

// keep seals the attempt into a cookie, and drops the oldest of the browser's
// others when they are too many, or too large.
func (c *Client) keep(ctx context.Context, w http.ResponseWriter, p origin.Origin, cookies []string, a *attempt) error {
	value, err := c.sealAttempt(ctx, p, a)
	if err == nil && len(value) > maxAttemptCookie {
		short := *a
		short.Target = "/" // JSON makes six bytes of an & or of a byte that is no text
		value, err = c.sealAttempt(ctx, p, &short)
	}
	if err != nil {
		return err
	}
	name := c.names(p.Secure).login + a.State[:attemptIDLen]
	if left := c.makeRoom(ctx, w, p, cookies, len(name)+len(value)); left < 0 && a.Target != "/" {
		short := *a
		short.Target = "/" // a login that leads home is better than a site that is shut
		if value, err = c.sealAttempt(ctx, p, &short); err != nil {
			return err
		}
	}
	setCookie(w, name, value, "/", int(attemptTime/time.Second))
	return nil
}

func (c *Client) sealAttempt(ctx context.Context, p origin.Origin, a *attempt) (string, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	return c.attempts.Seal(ctx, plain, p.Host)
}

// openAttempt reads an attempt's cookie; nil if it is not ours or over.
func (c *Client) openAttempt(ctx context.Context, p origin.Origin, value string) *attempt {
	plain, err := c.attempts.Open(ctx, value, p.Host)
	if err != nil {
		return nil
	}
	a := new(attempt)
	if json.Unmarshal([]byte(plain), a) != nil {
		return nil
	}
	started := time.Unix(a.Started, 0)
	if now := time.Now(); now.Sub(started) > attemptTime || started.Sub(now) > clockSkew {
		return nil
	}
	return a
}

// findAttempt finds the attempt of this browser that a state belongs to.
func (c *Client) findAttempt(ctx context.Context, p origin.Origin, cookies []string, state string) *attempt {
	if len(state) < attemptIDLen {
		return nil
	}
	value, ok := findCookie(cookies, c.names(p.Secure).login+state[:attemptIDLen])
	if !ok {
		return nil
	}
	a := c.openAttempt(ctx, p, value)
	if a == nil || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return nil
	}
	return a
}

const (
	maxRounds = 3           // logins in a row that may end without a session
	roundTime = time.Minute // how long a login counts as one of those
)

// rounds is how many logins without a click this browser ended in the last
// minute. It is told
// by a cookie that anybody may change in their own browser: it protects nobody
// but them.
func (v *visit) rounds() int {
	value, _ := findCookie(v.cookies, v.gate.client.names(v.origin.Secure).rounds)
	if len(value) != 1 || value[0] < '0' || value[0] > '9' {
		return 0
	}
	return int(value[0] - '0')
}

// countRound counts a login that ended.
func (v *visit) countRound(w http.ResponseWriter) {
	n := min(v.rounds()+1, 9)
	setCookie(w, v.gate.client.names(v.origin.Secure).rounds, strconv.Itoa(n), "/", int(roundTime/time.Second))
}

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
