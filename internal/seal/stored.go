package seal

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// storedKey is the form of a key in the storage.
type storedKey struct {
	Secret  []byte    `json:"secret"`
	Created time.Time `json:"created"`
}

// load reads the keys from the storage; fs.ErrNotExist if there are none.
func (k *Keyring) load(ctx context.Context) (*keys, error) {
	data, err := k.storage.Load(ctx, k.path)
	if err != nil {
		return nil, err
	}
	var stored []storedKey
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, errors.New("seal: the keys in the storage cannot be read")
	}
	loaded := new(keys)
	for _, s := range stored {
		if len(s.Secret) != keySize {
			return nil, errors.New("seal: the keys in the storage cannot be read")
		}
		loaded.list = append(loaded.list, newKey(s.Secret, s.Created))
	}
	if len(loaded.list) == 0 {
		return nil, errors.New("seal: the storage holds an empty list of keys")
	}
	return loaded, nil
}

func (k *Keyring) store(ctx context.Context, next *keys) error {
	stored := make([]storedKey, len(next.list))
	for i, key := range next.list {
		stored[i] = storedKey{key.secret, key.created}
	}
	data, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	return k.storage.Store(ctx, k.path, data)
}
