package seal

import (
	"errors"
	"io/fs"
)

// ErrUnread says that a value may be ours: the storage, which has the keys, did not
// answer since the process began.
var ErrUnread = errors.New("seal: the keys were not read yet")

// noteRead records whether the storage has told which keys there are.
func (k *Keyring) noteRead(err error) {
	k.unread.Store(err != nil && !errors.Is(err, fs.ErrNotExist))
}

// invalid is what to say of a value that no key opens.
func (k *Keyring) invalid() error {
	if k.unread.Load() && k.current.Load() == nil {
		return ErrUnread
	}
	return ErrInvalid
}
