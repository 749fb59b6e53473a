package proconnect

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/caddyserver/certmagic"

	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// sharedBy returns what the process knows of a client's sessions: the very objects of the
// configuration that runs, where issuer, client_id and storage may be the same, so that
// nobody who is logged in notices a reload, and nobody who logged out gets in by one,
// whatever the storage does at that moment.
func (a *App) sharedBy(c *Client) *session.Shared {
	under := c.storagePath()
	if s, known := a.shared[under]; known {
		return s
	}
	var before *session.Shared
	running := runningApp()
	if running != nil {
		before = running.shared[under]
	}
	if before == nil || areTwo(running.storage, a.storage) {
		s := session.NewShared(a.storage, under, c.log)
		if before != nil {
			s.Inherit(before)
		}
		before = s
	}
	a.shared[under] = before
	return before
}

// areTwo says whether two storages differ in what an operator can set: Caddy makes an
// object for each configuration. Many show nothing of it, only that they are of one kind;
// whether such two are one, the first listing tells.
func areTwo(one, other certmagic.Storage) bool {
	if reflect.TypeOf(one) != reflect.TypeOf(other) {
		return true
	}
	a, errA := json.Marshal(one)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && !bytes.Equal(a, b)
}
