package proconnect

import (
	"context"
	"encoding/binary"
	"net/http"
	"strings"
	"time"
)

// logoutFormTime is how long the form of the confirmation page may be sent.
const logoutFormTime = 10 * time.Minute

// maxLogoutForm bounds, in bytes, what is read of a form that asks for a logout.
const maxLogoutForm = 16 << 10

// wantsLogout says whether the person on this site asks for the logout, and not
// another site through their browser.
//
// A service worker makes a link or a form of another site look like our own: same
// origin, with our cookies. Its destination alone tells. So what was not clicked
// right here needs the token of the confirmation page, which no other site can read.
func (h *Handler) wantsLogout(w http.ResponseWriter, r *http.Request, v *visit) bool {
	switch {
	case r.Method == http.MethodGet:
		return clickedHere(r)
	case !h.fromThisSite(r, v.origin):
		return false
	case clickedHere(r):
		return true
	}
	return h.client.isLogoutToken(r.Context(), formToken(w, r), v, time.Now())
}

// formToken reads the token of a form that asks for a logout. Anybody may send one, a
// byte at a time: it has as long as the other bodies that we read.
func formToken(w http.ResponseWriter, r *http.Request) string {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime)) // every server of Caddy's can
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	r.Body = http.MaxBytesReader(w, r.Body, maxLogoutForm)
	return r.PostFormValue("token")
}

// logoutToken seals who may log out where, and when they were asked. It is empty
// where nothing can be sealed: a click on the page still logs out.
func (c *Client) logoutToken(ctx context.Context, v *visit, now time.Time) string {
	plain := binary.BigEndian.AppendUint64(append([]byte(nil), v.session.family[:]...), uint64(now.Unix()))
	token, err := c.forms.Seal(ctx, plain, v.formOrigin())
	if err != nil {
		return ""
	}
	return token
}

// isLogoutToken says whether a token was made for this person's session at this
// origin, less than ten minutes ago.
func (c *Client) isLogoutToken(ctx context.Context, token string, v *visit, now time.Time) bool {
	plain, err := c.forms.Open(ctx, token, v.formOrigin())
	asked, ok := strings.CutPrefix(plain, string(v.session.family[:]))
	if err != nil || !ok || len(asked) != 8 {
		return false
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64([]byte(asked))), 0))
	return age <= logoutFormTime && age >= -clockSkew
}

// formOrigin is what a form's token is bound to: browsers share cookies between
// the ports of a host, but no page of one port reads a page of another.
func (v *visit) formOrigin() string { return strings.ToLower(v.origin.URL("")) }
