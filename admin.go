package proconnect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
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
		{Pattern: "/proconnect/revoke", Handler: answering(http.MethodPost, a.revoke)},
		{Pattern: "/proconnect/rotate", Handler: answering(http.MethodPost, a.rotate)},
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
	Client string `json:"client"`
	Field  string `json:"field"`
	Value  string `json:"value"`
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

// meant are the clients that a request is for.
func (a *App) meant(name string) ([]*Client, error) {
	if name != "" {
		c, ok := a.Clients[name]
		if !ok {
			return nil, adminError(http.StatusBadRequest, fmt.Errorf("client %q: want one of %s", name, strings.Join(slices.Sorted(maps.Keys(a.Clients)), ", ")))
		}
		return []*Client{c}, nil
	}
	var all []*Client
	for _, name := range slices.Sorted(maps.Keys(a.Clients)) {
		all = append(all, a.Clients[name])
	}
	return all, nil
}

// ended is the answer to what ended sessions: of which clients.
type ended struct {
	Clients []string `json:"clients"`
}

// revoke ends the sessions of everybody of whom a field has a value.
func (adminAPI) revoke(a *App, r *http.Request) (any, error) {
	req, err := readAdminRequest(r)
	if err != nil {
		return nil, err
	}
	clients, err := a.meant(req.Client)
	if err != nil {
		return nil, err
	}
	for _, c := range clients {
		if !c.asks(req.Field) {
			return nil, adminError(http.StatusBadRequest, fmt.Errorf("field %q: client %s does not ask ProConnect for it, so it would end the sessions of everybody: name a client that does, or rotate", req.Field, c.name))
		}
	}
	done, err := end(clients, func(ctx context.Context, c *Client) error {
		err := c.keeper.EndPeople(ctx, req.Field, req.Value)
		if err == nil || errors.Is(err, revocation.ErrNotStored) {
			c.reportRevoked(r, req.Field, req.Value, err)
		}
		return err
	})
	if err != nil && !errors.Is(err, revocation.ErrNotStored) {
		return nil, adminError(http.StatusBadRequest, err) // the value is none of the field
	}
	return done, failedToStore(err)
}

// rotate ends the sessions of everybody, and replaces the keys where they are ours.
func (adminAPI) rotate(a *App, r *http.Request) (any, error) {
	req, err := readAdminRequest(r)
	if err != nil {
		return nil, err
	}
	if req.Field != "" || req.Value != "" {
		return nil, adminError(http.StatusBadRequest, errors.New("rotate ends the sessions of everybody: for some, revoke"))
	}
	clients, err := a.meant(req.Client)
	if err != nil {
		return nil, err
	}
	done, err := end(clients, func(ctx context.Context, c *Client) error {
		c.reportKeyRotated() // of before
		err := c.keeper.Rotate(ctx)
		c.reportRevoked(r, revokedAll, "", err)
		c.reportKeyRotated()
		return err
	})
	return done, failedToStore(err)
}

func failedToStore(err error) error {
	if err == nil {
		return nil
	}
	return adminError(http.StatusInternalServerError, err)
}

// end ends sessions of each client, also where another one's storage fails. It does not
// stop halfway because whoever asked has gone.
func end(clients []*Client, of func(context.Context, *Client) error) (done ended, err error) {
	var failed []error
	for _, c := range clients {
		if err := of(context.Background(), c); err != nil {
			failed = append(failed, fmt.Errorf("client %s: %w", c.name, err))
			continue
		}
		done.Clients = append(done.Clients, c.name)
	}
	return done, errors.Join(failed...)
}

// asks says whether sessions of the client tell a field's value. Where they do not,
// nobody knows whom a record names, and it would end all.
func (c *Client) asks(field string) bool {
	ref, known := claims.Lookup(field)
	if known && ref.Index == claims.SIREN {
		ref = claims.RefOf(claims.SIRET)
	}
	return known && slices.Contains(c.asking().Claims, ref)
}

// Interface guards
var _ caddy.AdminRouter = (*adminAPI)(nil)
