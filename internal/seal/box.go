// Package seal keeps small things that travel through browsers secret and
// unforgeable: authenticated encryption with keys that rotate, given by the
// operator or kept in Caddy's storage for all nodes that share it.
package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrInvalid says that a value was not sealed by one of our keys for this
// purpose and place, or was changed on its way.
var ErrInvalid = errors.New("seal: not a value of ours")

const (
	idSize   = 4
	overhead = idSize + 12 + 16 // key id, nonce, tag
)

// Box seals and opens values for one purpose. A value of one purpose never
// opens for another: each has keys of its own, derived by HKDF (RFC 5869).
type Box struct {
	ring    *Keyring
	purpose string
	mu      sync.Mutex
	opened  atomic.Pointer[derivation]
}

// derivation is what a Box made of one state of its keyring.
type derivation struct {
	from  *keys
	aeads []cipher.AEAD // of from.list, in order
}

// Seal encrypts plaintext and binds it to place, which Open must be given again.
// It fails only if the keyring has no key and cannot make one.
func (b *Box) Seal(ctx context.Context, plaintext []byte, place string) (string, error) {
	keys, err := b.ring.sealing(ctx)
	if err != nil {
		return "", err
	}
	d := b.derive(keys)
	sealed := make([]byte, idSize, len(plaintext)+overhead)
	binary.BigEndian.PutUint32(sealed, keys.list[0].id)
	sealed = d.aeads[0].Seal(sealed, nil, plaintext, []byte(place))
	return encoding.EncodeToString(sealed), nil
}

// Open returns what Seal was given for the same place. A key id that is not
// known makes the keyring look into the storage, at most every few seconds. ErrUnread says
// that it never answered.
func (b *Box) Open(ctx context.Context, value, place string) (string, error) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	s.sealed = slices.Grow(s.sealed[:0], encoding.DecodedLen(len(value)))
	n, err := encoding.Decode(s.sealed[:cap(s.sealed)], []byte(value))
	if err != nil || n < overhead || encoding.EncodedLen(n) != len(value) { // the decoder skips newlines
		return "", ErrInvalid
	}
	sealed := s.sealed[:n]
	aead := b.find(ctx, binary.BigEndian.Uint32(sealed))
	if aead == nil {
		return "", b.ring.invalid()
	}
	s.place = append(s.place[:0], place...)
	s.plain, err = aead.Open(s.plain[:0], nil, sealed[idSize:], s.place)
	if err != nil {
		return "", ErrInvalid
	}
	return string(s.plain), nil
}

// encoding is strict: a sealed value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

// scratch holds the parts of a value while it is opened.
type scratch struct{ sealed, plain, place []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// find returns the cipher of the key with this id, if there is one.
func (b *Box) find(ctx context.Context, id uint32) cipher.AEAD {
	for _, reload := range [...]bool{false, true} {
		keys := b.ring.opening(ctx, reload)
		if keys == nil {
			continue
		}
		if i := keys.index(id); i >= 0 {
			return b.derive(keys).aeads[i]
		}
	}
	return nil
}

// derive makes the ciphers for a state of the keyring, once per state.
func (b *Box) derive(k *keys) *derivation {
	if d := b.opened.Load(); d != nil && d.from == k {
		return d
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if d := b.opened.Load(); d != nil && d.from == k {
		return d
	}
	d := &derivation{from: k, aeads: make([]cipher.AEAD, len(k.list))}
	for i, key := range k.list {
		d.aeads[i] = newAEAD(key.secret, b.purpose)
	}
	b.opened.Store(d)
	return d
}

func newAEAD(secret []byte, purpose string) cipher.AEAD {
	block, err := aes.NewCipher(expand(secret, purpose, 32))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has GCM's block size
	}
	return aead
}

// expand derives size bytes of a secret for one purpose.
func expand(secret []byte, purpose string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret, nil, purpose, size)
	if err != nil {
		panic(err) // size is far below HKDF's limit
	}
	return out
}
