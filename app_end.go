package proconnect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/revocation"
)

// ended is the answer to what ended sessions: of which clients.
type ended struct {
	Clients []string `json:"clients"`
}

// revoke ends the sessions of everybody of whom a field has a value. Whoever asks, it
// refuses the same: an error that is not the storage's says what was wrong with the request.
func (a *App) revoke(req adminRequest, by string) (done ended, err error) {
	clients, err := a.meant(req.Client)
	if err != nil {
		return done, err
	}
	for _, c := range clients {
		if !c.asks(req.Field) {
			return done, badRequest("field %q: client %s does not ask ProConnect for it, so it would end the sessions of everybody: name a client that does, or rotate", req.Field, c.name)
		}
	}
	done, err = end(clients, func(ctx context.Context, c *Client) error {
		err := c.keeper.EndPeople(ctx, req.Field, req.Value)
		if err == nil || errors.Is(err, revocation.ErrNotStored) {
			c.reportRevoked(by, req.Field, req.Value, err)
		}
		return err
	})
	if err != nil && !errors.Is(err, revocation.ErrNotStored) {
		return done, badRequest("%w", err) // the value is none of the field
	}
	return done, err
}

// rotate ends the sessions of everybody, and replaces the keys where they are ours.
func (a *App) rotate(req adminRequest, by string) (done ended, err error) {
	if req.Field != "" || req.Value != "" {
		return done, badRequest("rotate ends the sessions of everybody: for some, revoke")
	}
	clients, err := a.meant(req.Client)
	if err != nil {
		return done, err
	}
	return end(clients, func(ctx context.Context, c *Client) error {
		c.reportKeyRotated() // of before
		err := c.keeper.Rotate(ctx)
		c.reportRevoked(by, revokedAll, "", err)
		c.reportKeyRotated()
		return err
	})
}

// badRequest is the error of a request that nobody can grant.
func badRequest(format string, args ...any) error {
	return adminError(http.StatusBadRequest, fmt.Errorf(format, args...))
}

// meant are the clients that a request is for.
func (a *App) meant(name string) ([]*Client, error) {
	if name != "" {
		c, ok := a.Clients[name]
		if !ok {
			return nil, badRequest("client %q: want one of %s", name, strings.Join(slices.Sorted(maps.Keys(a.Clients)), ", "))
		}
		return []*Client{c}, nil
	}
	return a.inOrder(), nil
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
