package proconnect

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// refer gives the request a reference, which stands on the page and in the log.
func (v *visit) refer() string {
	if v.reference == "" {
		v.reference = rand.Text()[:10]
	}
	return v.reference
}

// askLogin answers somebody who is not logged in, or not far enough.
func (h *Handler) askLogin(w http.ResponseWriter, r *http.Request, v *visit) error {
	switch who := audienceOf(r); {
	case who == frame:
		return h.page(w, r, v, http.StatusUnauthorized, pages.Framed{URL: v.loginTo(v.pageAsked(r))})
	case who == machines || r.Method == http.MethodHead:
		return h.unauthorized(w, r, v, v.programLoginURL(r))
	case r.Method != http.MethodGet:
		return h.page(w, r, v, http.StatusUnauthorized, v.formLost(r))
	case h.Login == loginAuto || !v.session.IsZero():
		return h.sendOn(w, r, v)
	case !h.callbackComesBack(r, v.origin):
		return h.callbackLost(w, r, v)
	}
	return h.page(w, r, v, http.StatusUnauthorized, pages.Login{LoginURL: v.loginURL()})
}

// callbackLost answers where a login would end outside of the gate.
func (h *Handler) callbackLost(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.problem(w, r, v, http.StatusInternalServerError, pages.Problem{
		Code: pages.CallbackUnreachable, Detail: []string{"callback: " + v.origin.URL(h.CallbackPath)},
	})
}

// askStepUp sends somebody back to ProConnect for a login at another level.
func (h *Handler) askStepUp(w http.ResponseWriter, r *http.Request, v *visit) error {
	if mayStartLogin(r) {
		return h.sendOn(w, r, v)
	}
	return h.askLogin(w, r, v)
}

// maxAutoLogins is how many logins in a row may end without a session.
const maxAutoLogins = 3

// sendOn sends somebody to ProConnect without a click, unless they just came
// back from there several times: a browser that does not keep the session would
// go round for ever.
func (h *Handler) sendOn(w http.ResponseWriter, r *http.Request, v *visit) error {
	if h.client.keeper.AutoLogins(v.origin, v.cookies) < maxAutoLogins {
		options := v.loginOptions()
		return h.startLogin(w, r, v, &session.Attempt{Target: v.target(), ACR: options.acr, Gate: options.gate, Automatic: true})
	}
	code := pages.CookiesRefused
	if !v.session.IsZero() {
		h.complain("logins end, again and again, in sessions that do not satisfy the rules: do all nodes have the same configuration?",
			zap.String("reason", v.reason()))
		code = pages.LoginFailed
	}
	return h.problem(w, r, v, http.StatusUnauthorized, pages.Problem{Code: code, RetryURL: v.loginURL(), HomeURL: "/"})
}

// formLost tells what became of a form. One that another site sent comes without
// the session, which may well be alive: browsers withhold a Lax cookie from it. The
// page leads on by GET alone. A form that it sent again would carry the cookie and
// our Origin, past what the site has against forged requests.
func (v *visit) formLost(r *http.Request) pages.View {
	if v.session.IsZero() && v.fromAnotherSite(r) {
		return pages.FormWithheld{PageURL: origin.ReturnTarget(v.target(), v.gate.Path)}
	}
	return pages.FormLost{LoginURL: v.loginTo(v.pageAsking(r)), LoggedIn: !v.session.IsZero()}
}

// toErrorChain leaves an answer to the site's handle_errors. What it shows may
// name the person: nobody stores it.
func (v *visit) toErrorChain(w http.ResponseWriter, r *http.Request, status int, err error) error {
	v.gate.client.app.bodies.drop(w, r)
	w.Header().Set("Cache-Control", "no-store")
	if v.url.Path == v.gate.CallbackPath { // it may hold a code that nobody redeemed
		w.Header().Set("Referrer-Policy", "no-referrer")
	}
	return caddyhttp.Error(status, err)
}

var errRefused = errors.New("the rules of this site do not admit this person")

// remedies are what the operator can do about problems whose cause is told once for
// all: the line with the reference says it too.
var remedies = map[string]string{
	pages.CallbackUnreachable: "inside `handle /x/*` set `path /x/.proconnect` and register that redirect URI, or put the gate outside of it",
	pages.ClientsMixed:        "give the gates of a path the same `client`",
	pages.OriginRequired:      "set `origin`, the same for all gates of the site",
	pages.ProviderUnavailable: "see the error of this minute, which tells the fault of the link and what to mend",
	pages.SandboxGuard:        "open http://localhost on the machine itself, without a proxy in front",
	pages.StorageUnavailable:  "repair Caddy's `storage`",
}

func remedyOf(code string, r *http.Request) string {
	if code == pages.InsecureOrigin {
		return plainHTTP(r)
	}
	return remedies[code]
}

// problem answers what went wrong, with what to do next.
func (h *Handler) problem(w http.ResponseWriter, r *http.Request, v *visit, status int, p pages.Problem) error {
	fields := []zap.Field{zap.String("reference", v.refer()), zap.String("code", p.Code), zap.Int("status", status)}
	if remedy := remedyOf(p.Code, r); remedy != "" {
		fields = append(fields, zap.String("remedy", remedy))
	}
	h.log.Info("problem", fields...)
	if h.Errors == errorsCaddy {
		return v.toErrorChain(w, r, status, errors.New(p.Code))
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	if audienceOf(r) == machines {
		return h.document(w, r, v, problemDocument{Type: problemTypes + p.Code, Status: status})
	}
	return h.page(w, r, v, status, p)
}

// Page writes a Page of ours.
func (h *Handler) page(w http.ResponseWriter, r *http.Request, v *visit, status int, view pages.View) error {
	h.client.app.bodies.drop(w, r)
	var body bytes.Buffer
	view = v.fit(r, view)
	lang := pages.Language(r.Header.Get("Accept-Language"))
	site := h.Texts.or(h.client.Texts).site(v.origin.Host, h.banner())
	if err := pages.Render(&body, lang, site, v.reference, view); err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, err)
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", lang)
	head.Set("Content-Security-Policy", pages.CSP(view))
	// Whoever opened this page in a window reads nothing of it, nor of the address
	// of a callback that failed.
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	// The address of a page may hold a code that nobody redeemed, and the site
	// would find it in the Referer of the next click.
	head.Set("Referrer-Policy", "no-referrer")
	if _, form := view.(pages.Logout); form {
		head.Set("Referrer-Policy", "same-origin") // the other would make the form's Origin null
	}
	head.Set("Vary", "Accept-Language, Cookie")
	if status == http.StatusUnauthorized {
		head.Set("WWW-Authenticate", "ProConnect") // RFC 9110 §15.5.2: a 401 names a scheme
	}
	return send(w, r, status, body.Bytes())
}

// banner names an environment in which an identity proves nothing.
func (h *Handler) banner() string {
	switch h.client.Environment {
	case sandboxEnvironment:
		return pages.BannerSandbox
	case "integration", "integration-rie":
		return pages.BannerIntegration
	}
	return ""
}

// Send writes an answer of ours, which nobody stores, sniffs or indexes.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Robots-Tag", "noindex")
	head.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(body)
	return err
}

// redirect sends the browser on with a GET. The address it comes from may hold
// a code, and is told to nobody.
func redirect(w http.ResponseWriter, location string) error {
	head := w.Header()
	head.Set("Location", location)
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
