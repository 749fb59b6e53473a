package proconnect

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

var validCookieName = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

const defaultLifetime = 12 * time.Hour

// storageDownAccept lets people in before anybody knows who of them logged out.
const storageDownAccept = "accept"

// check refuses values that cannot work.
func (s *Session) check() error {
	for _, span := range s.spans() {
		if d := time.Duration(span.of); d != 0 && (d < time.Minute || d > 30*24*time.Hour) {
			return fmt.Errorf("session: %s %s: want from 1m to 720h", span.name, d)
		}
	}
	switch {
	case s.StorageDown != "" && s.StorageDown != storageDownAccept:
		return fmt.Errorf("session: storage_down %q: want %s, or leave it out", s.StorageDown, storageDownAccept)
	case s.CookieName != "" && !validCookieName.MatchString(s.CookieName):
		return fmt.Errorf("session: cookie_name %q: want letters, digits and hyphens; the __Host- prefix is put in front by itself", s.CookieName)
	}
	return nil
}

// provisionSession checks how sessions are kept, and makes their keeper.
func (c *Client) provisionSession(caddy.Context) error {
	if c.Session == nil {
		c.Session = new(Session)
	}
	if err := cmp.Or(c.Session.check(), c.Session.checkSpans()); err != nil {
		return err
	}
	lifetime := c.Session.lifetime()
	switch c.cookieBase = c.Session.CookieName; {
	case c.cookieBase != "":
	case c.name == defaultClient:
		c.cookieBase = "proconnect"
	default:
		c.cookieBase = "proconnect-" + c.name
	}
	shared := c.app.sharedBy(c)
	keys, err := c.keyring(shared, lifetime)
	if err != nil {
		return err
	}
	c.keeper = session.New(session.Config{
		Name: c.cookieBase, Lifetime: lifetime, Idle: time.Duration(c.Session.Idle), Renew: time.Duration(c.Session.Renew),
		Persistent: c.Session.Persistent, Keys: keys, Issuer: c.Issuer, ClientID: c.ClientID,
		Shared: shared, Storage: c.app.storage, Log: c.log, AcceptUnread: c.Session.StorageDown == storageDownAccept,
		Learned: func(field, value string) { c.reportRevoked(byStorage, cmp.Or(field, revokedAll), value, nil) },
	})
	if c.Session.StorageDown == storageDownAccept {
		c.log.Warn("storage_down accept: after a restart, until the storage is read, sessions count again that were logged out or ended before it")
	}
	c.tokenCalls = newTokenCalls()
	return nil
}

// keyring takes the operator's keys, or those of the storage.
func (c *Client) keyring(shared *session.Shared, lifetime time.Duration) (*seal.Keyring, error) {
	if len(c.Session.Secrets) == 0 {
		return shared.Keys(lifetime), nil
	}
	var keys [][]byte
	for i, s := range c.Session.Secrets {
		if s == "" {
			return nil, fmt.Errorf("session: secret %d is empty: make one with `openssl rand -base64 32`", i+1)
		}
		resolved, err := resolve("session: secret", s)
		if err != nil {
			return nil, err
		}
		if c.secret != "" && resolved == c.secret {
			return nil, errors.New("session: secret is the client_secret: make a key of its own with `openssl rand -base64 32`")
		}
		key, err := seal.ParseSecret(resolved)
		if err != nil {
			return nil, fmt.Errorf("session: secret %d: %w: make one with `openssl rand -base64 32`", i+1, err)
		}
		if slices.ContainsFunc(keys, func(other []byte) bool { return bytes.Equal(other, key) }) {
			return nil, fmt.Errorf("session: secret %d is the same key as one before it: remove it, or make another with `openssl rand -base64 32`", i+1)
		}
		if literal(s) {
			c.log.Warn("session secret is written out in the configuration, which Caddy's admin API shows: use {env.NAME} or {file./path}")
		}
		keys = append(keys, key)
	}
	return seal.NewKeyring(keys...), nil
}

// storagePath is where the client keeps things in Caddy's storage. All that have the
// same issuer and client_id share it, on whatever node.
func (c *Client) storagePath() string {
	sum := sha256.Sum256([]byte(c.Issuer + "\x00" + c.ClientID))
	return "proconnect/" + hex.EncodeToString(sum[:8])
}
