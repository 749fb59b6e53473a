package session

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// maxHead is what the cookies of one answer may weigh together with where it leads,
// in bytes, if the ID token is among them: nginx in front gives all headers of an
// answer 4 kB by default. Over it, the logout goes without the ID token, and names
// the client instead.
const maxHead = 3500

const (
	logoutTime     = 10 * time.Minute // how long a browser may stay at ProConnect during a logout
	logoutFormTime = 10 * time.Minute // how long the form of the confirmation page may be sent
)

// Logout is a logout under way, sealed into a cookie.
type Logout struct {
	State   string `json:"s"`
	Login   bool   `json:"l,omitempty"` // go on to a login: another account or organisation
	Target  string `json:"t,omitempty"`
	Started int64  `json:"d"`

	// What that login asks for.
	ACR  []string `json:"a,omitempty"`
	Gate string   `json:"g,omitempty"`
}

// SaveLogout keeps a logout for the browser's return.
func (k *Keeper) SaveLogout(ctx context.Context, w http.ResponseWriter, o origin.Origin, l Logout) error {
	plain, err := json.Marshal(l)
	if err != nil {
		return err
	}
	value, err := k.logouts.Seal(ctx, plain, binding(o))
	if err != nil {
		return err
	}
	setCookie(w, k.names(o).logout, value, "/", int(logoutTime/time.Second))
	return nil
}

// FindLogout returns the logout of this browser that a returned state belongs to, and
// forgets it.
func (k *Keeper) FindLogout(ctx context.Context, w http.ResponseWriter, o origin.Origin, cookies, states []string) (l Logout, ok bool) {
	value, found := findCookie(cookies, k.names(o).logout)
	if !found {
		return l, false
	}
	plain, err := k.logouts.Open(ctx, value, binding(o))
	if err != nil || json.Unmarshal([]byte(plain), &l) != nil {
		return Logout{}, false
	}
	if !LogoutUnderWay(time.Unix(l.Started, 0), k.now()) {
		return Logout{}, false
	}
	if len(states) != 1 || subtle.ConstantTimeCompare([]byte(states[0]), []byte(l.State)) != 1 {
		return Logout{}, false
	}
	setCookie(w, k.names(o).logout, "", "/", -1)
	return l, true
}

// SaveIDToken keeps the ID token for the logout, where alone the browser sends it. It
// is bound to the family: another session's token is no hint for this one. Where it
// would not fit beside the answer's Location, it is not kept.
func (k *Keeper) SaveIDToken(ctx context.Context, w http.ResponseWriter, o origin.Origin, s *Session, idToken, logoutPath, location string) {
	name := k.names(o).idToken
	value, err := k.idTokens.Seal(ctx, append(s.Family[:len(s.Family):len(s.Family)], idToken...), binding(o))
	if err != nil || headSize(w, location)+len(name)+len(value)+len(logoutPath)+cookieAttributes > maxHead {
		setCookie(w, name, "", logoutPath, -1)
		return
	}
	setCookie(w, name, value, logoutPath, k.maxAge(s))
}

// IDToken returns the ID token that was kept for a session; empty if there is none.
func (k *Keeper) IDToken(ctx context.Context, o origin.Origin, cookies []string, s *Session) string {
	value, ok := findCookie(cookies, k.names(o).idToken)
	if !ok || s.IsZero() {
		return ""
	}
	plain, err := k.idTokens.Open(ctx, value, binding(o))
	idToken, mine := strings.CutPrefix(plain, string(s.Family[:]))
	if err != nil || !mine {
		return ""
	}
	return idToken
}

// HeadFits says whether the cookies of an answer and where it leads fit through a proxy
// in front.
func HeadFits(w http.ResponseWriter, location string) bool {
	return headSize(w, location) <= maxHead
}

// cookieAttributes is what a cookie weighs beside its name, its value and its path.
const cookieAttributes = len("Set-Cookie: =; Path=; HttpOnly; Secure; SameSite=Lax\r\n")

// headSize is what the cookies of an answer weigh, and where it leads.
func headSize(w http.ResponseWriter, location string) int {
	n := len("Location: \r\n") + len(location)
	for _, cookie := range w.Header()["Set-Cookie"] {
		n += len("Set-Cookie: \r\n") + len(cookie)
	}
	return n
}

// RandomText returns 32 random bytes in base64url: 43 characters, which satisfies
// the 32 that ProConnect's documentation asks of a state.
func RandomText() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails, by its documentation
	return strict.EncodeToString(b)
}

// LogoutToken seals who may log out where, and when they were asked, for the form of
// the page that asks. It is empty where nothing can be sealed: a click on the page
// still logs out.
func (k *Keeper) LogoutToken(ctx context.Context, o origin.Origin, f Family, now time.Time) string {
	plain := binary.BigEndian.AppendUint64(append([]byte(nil), f[:]...), uint64(now.Unix()))
	token, err := k.forms.Seal(ctx, plain, originText(o))
	if err != nil {
		return ""
	}
	return token
}

// IsLogoutToken says whether a token was made for this family at this origin, less
// than ten minutes ago.
func (k *Keeper) IsLogoutToken(ctx context.Context, o origin.Origin, f Family, token string, now time.Time) bool {
	plain, err := k.forms.Open(ctx, token, originText(o))
	asked, ok := strings.CutPrefix(plain, string(f[:]))
	if err != nil || !ok || len(asked) != 8 {
		return false
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64([]byte(asked))), 0))
	return age <= logoutFormTime && age >= -clockSkew
}
