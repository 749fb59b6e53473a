package session

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

// lister is a storage of which only the list of names is looked at.
type lister struct {
	certmagic.Storage
	names []string
	err   error
}

func (l lister) List(context.Context, string, bool) ([]string, error) { return l.names, l.err }

// Keys that the operator gave are in no storage. One in which nothing at all is, or that
// nobody may read, is none that a Caddy runs with: what is written there ends no session.
func TestStorageOfNobodyIsRefused(t *testing.T) {
	strange := errors.New("this storage lists nothing")
	for name, tt := range map[string]struct {
		storage lister
		want    error
	}{
		"used":             {lister{names: []string{"last_clean.json"}}, nil},
		"empty":            {lister{}, ErrStrange},
		"not there":        {lister{err: fs.ErrNotExist}, ErrStrange},
		"not to be read":   {lister{err: fs.ErrPermission}, fs.ErrPermission},
		"without any list": {lister{err: strange}, nil},
	} {
		keys := seal.NewKeyring(make([]byte, 32))
		k := New(Config{
			Name: "proconnect", Lifetime: time.Hour, Keys: keys, Issuer: "https://idp.example.fr", ClientID: "client",
			Storage: tt.storage, Log: zap.NewNop(), Shared: NewShared(tt.storage, "proconnect", zap.NewNop()),
		})
		if err := k.CheckStorage(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}
