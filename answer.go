package proconnect

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
)

// filesPath is where the files of our pages are, under a gate's path.
const filesPath = "/assets/"

// callbackLost answers where a login would end outside of the gate.
func (x *exchange) callbackLost() error {
	callback := x.origin.URL(x.gate.CallbackPath)
	return x.problem(faultCallbackLost, pages.Problem{Detail: []string{"callback: " + callback}}, zap.String("callback", callback))
}

// formLost tells what became of a form. One that another site sent comes without
// the session, which may well be alive: browsers withhold a Lax cookie from it. The
// page leads on by GET alone. A form that it sent again would carry the cookie and
// our Origin, past what the site has against forged requests.
func (q *request) formLost(r *http.Request) pages.View {
	if q.session.IsZero() && q.fromAnotherSite(r) {
		return pages.FormWithheld{PageURL: q.returnTo(q.target())}
	}
	return pages.FormLost{LoginURL: q.loginTo(q.pageAsking(r)), LoggedIn: !q.session.IsZero()}
}

// toErrorChain leaves an answer to the site's handle_errors. What it shows may
// name the person: nobody stores it.
func (q *request) toErrorChain(w http.ResponseWriter, r *http.Request, status int, err error) error {
	q.gate.client.app.bodies.drop(w, r)
	w.Header().Set("Cache-Control", "no-store")
	if q.url.Path == q.gate.CallbackPath { // it may hold a code that nobody redeemed
		w.Header().Set("Referrer-Policy", "no-referrer")
	}
	return caddyhttp.Error(status, err)
}

var errRefused = errors.New("the rules of this site do not admit this person")

// problem answers what went wrong, with what to do next. The details are the operator's,
// with the cause.
func (x *exchange) problem(f fault, p pages.Problem, details ...zap.Field) error {
	noteRehearsed(x.r, f)
	x.reportNoLogin(f)
	if f.cause != "" {
		x.gate.reportOnce(f, details...)
	}
	fields := []zap.Field{zap.String("reference", x.ensureReference()), zap.String("code", f.code), zap.Int("status", f.status)}
	if f.remedy != "" {
		fields = append(fields, zap.String("remedy", f.remedy))
	}
	x.gate.log.Info("problem", fields...)
	if f.status == http.StatusServiceUnavailable {
		x.w.Header().Set("Retry-After", "30")
	}
	if x.gate.Errors == errorsCaddy {
		return x.toErrorChain(x.w, x.r, f.status, errors.New(f.code))
	}
	if audienceOf(x.r) == programmatic {
		return x.document(problemDocument{Type: problemTypes + f.code, Status: f.status})
	}
	if p.Code = f.code; x.url.Path == p.HomeURL { // it would be this page again
		p.HomeURL = ""
	}
	return x.page(f.status, p)
}

// page writes a page of ours.
func (x *exchange) page(status int, view pages.View) error {
	x.gate.client.app.bodies.drop(x.w, x.r)
	var body bytes.Buffer
	view = x.fit(x.r, view)
	lang := pages.Language(x.r.Header.Get("Accept-Language"))
	site := x.gate.Texts.or(x.gate.client.Texts).site(lang, x.origin.Host, x.gate.client.banner())
	site.Files, site.Logo = x.gate.Path+filesPath, cmp.Or(x.gate.logo, x.gate.client.logo)
	if err := pages.Render(&body, lang, site, x.reference, view); err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, err)
	}
	head := x.w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", lang)
	head.Set("Content-Security-Policy", pages.CSP(view))
	if !pages.Frameable(view) { // for when the site's own policy takes the place of ours
		head.Set("X-Frame-Options", "DENY")
	}
	if next := pages.NextOf(view); next.URL != "" && !next.InPage {
		head.Set("Refresh", strconv.Itoa(next.Seconds)+"; url="+next.URL)
	}
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
	return send(x.w, x.r, status, body.Bytes())
}

// banner names an environment in which an identity proves nothing.
func (c *Client) banner() string {
	switch c.Environment {
	case sandboxEnvironment:
		return pages.BannerSandbox
	case "integration", "integration-rie":
		return pages.BannerIntegration
	}
	return ""
}

// send writes an answer of ours, which nobody stores, sniffs or indexes.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	w.Header().Set("Cache-Control", "no-store")
	return write(w, r, status, body)
}

// write writes an answer that browsers take for what it says it is, and robots for nothing.
func write(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	head := w.Header()
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
