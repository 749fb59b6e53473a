package proconnect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/revocation"
)

func init() {
	caddy.RegisterModule(adminAPI{})
}

// adminAPI is what Caddy's admin endpoint answers for the gates:
//
//	GET  /proconnect/status  how clients, gates, lists and the storage are
//	POST /proconnect/revoke  {"client": "…", "field": "siret", "value": "…"}
//	POST /proconnect/rotate  {"client": "…"}
//
// Without a client, all are meant. Values travel in the body, because Caddy logs the
// addresses of its admin endpoint.
//
// It has no Provision: after a load that failed, the endpoint belongs to the configuration
// that failed, and what it holds is a corpse. Each request asks for the app that runs.
type adminAPI struct{}

// CaddyModule returns the Caddy module information.
func (adminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.proconnect",
		New: func() caddy.Module { return new(adminAPI) },
	}
}

// Routes returns what it answers.
func (a adminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: "/proconnect/status", Handler: answering(http.MethodGet, a.status)},
		{Pattern: "/proconnect/revoke", Handler: answering(http.MethodPost, ending((*App).revoke))},
		{Pattern: "/proconnect/rotate", Handler: answering(http.MethodPost, ending((*App).rotate))},
	}
}

// answering answers one method by the app that runs, in JSON.
func answering(method string, serve func(*App, *http.Request) (any, error)) caddy.AdminHandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != method {
			w.Header().Set("Allow", method)
			return adminError(http.StatusMethodNotAllowed, fmt.Errorf("method %s: want %s", r.Method, method))
		}
		app := runningApp()
		if app == nil {
			return adminError(http.StatusNotFound, errors.New("the configuration that runs has no ProConnect client"))
		}
		answer, err := serve(app, r)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(answer)
	}
}

func adminError(status int, err error) error { return caddy.APIError{HTTPStatus: status, Err: err} }

// adminRequest is the body of what changes something.
type adminRequest struct {
	Client string `json:"client,omitempty"`
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
}

// maxAdminBody bounds the body.
const maxAdminBody = 16 << 10

// readAdminRequest reads a body of JSON, and nothing that a form of a web page could send.
func readAdminRequest(r *http.Request) (req adminRequest, err error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		return req, adminError(http.StatusUnsupportedMediaType, errors.New("Content-Type: want application/json"))
	}
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAdminBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil {
		return req, adminError(http.StatusBadRequest, fmt.Errorf("body: %w", err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return req, adminError(http.StatusBadRequest, errors.New("body: want one JSON object"))
	}
	return req, nil
}

// ending is how sessions are ended, as a request asks for it.
func ending(act func(*App, adminRequest, string) (ended, error)) func(*App, *http.Request) (any, error) {
	return func(a *App, r *http.Request) (any, error) {
		req, err := readAdminRequest(r)
		if err != nil {
			return nil, err
		}
		done, err := act(a, req, asker(r))
		return done, onThisNodeOnly(err)
	}
}

// asker is who sent a request: the name of a certificate, where there is one, and an
// address. On a unix socket nobody has one: Go says "@" for it.
func asker(r *http.Request) string {
	if on, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && strings.HasPrefix(on.Network(), "unix") {
		return "unix socket"
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		return r.TLS.PeerCertificates[0].Subject.String() + " at " + r.RemoteAddr
	}
	return r.RemoteAddr
}

// onThisNodeOnly has an error of the storage say what holds all the same.
func onThisNodeOnly(err error) error {
	if !errors.Is(err, revocation.ErrNotStored) {
		return err
	}
	return adminError(http.StatusInternalServerError, fmt.Errorf("%w: it holds on this node only, until the storage takes it", err))
}

// Interface guards
var _ caddy.AdminRouter = (*adminAPI)(nil)
