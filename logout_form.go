package proconnect

import (
	"net/http"
	"time"
)

// maxLogoutForm bounds, in bytes, what is read of a form that asks for a logout.
const maxLogoutForm = 16 << 10

// wantsLogout says whether the person on this site asks for the logout, and not
// another site through their browser.
//
// A service worker makes a link or a form of another site look like our own: same
// origin, with our cookies. Its destination alone tells. So what was not clicked
// right here needs the token of the confirmation page, which no other site can read.
func (x *exchange) wantsLogout() bool {
	switch {
	case x.r.Method == http.MethodGet:
		return clickedHere(x.r)
	case !x.gate.fromThisSite(x.r, x.origin):
		return false
	case clickedHere(x.r):
		return true
	}
	return x.keeper().IsLogoutToken(x.r.Context(), x.origin, x.session.Family, formToken(x.w, x.r, x.gate.client.app.bodies.most), x.keeper().Now())
}

// formToken reads the token of a form that asks for a logout. Anybody may send one, a
// byte at a time: it has as long as the other bodies that we read.
func formToken(w http.ResponseWriter, r *http.Request, most time.Duration) string {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(most)) // every server of Caddy's can
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	r.Body = http.MaxBytesReader(w, r.Body, maxLogoutForm)
	return r.PostFormValue("token")
}
