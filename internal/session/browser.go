package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// Browser is the secret of one browser, to which its logins are bound.
type Browser [32]byte

// strict encodings have one spelling.
var strict = base64.RawURLEncoding.Strict()

// Browser returns the secret that a browser sends. One that is there twice or malformed
// is none: somebody planted it.
func (k *Keeper) Browser(o origin.Origin, cookies []string) (b Browser, ok bool) {
	value, ok := findCookie(cookies, k.names(o).browser)
	if !ok || len(value) != strict.EncodedLen(len(b)) {
		return b, false
	}
	n, err := strict.Decode(b[:], []byte(value))
	if err != nil || n != len(b) { // the decoder skips newlines
		return Browser{}, false
	}
	return b, true
}

// NewBrowser makes a secret.
func NewBrowser() (b Browser) {
	rand.Read(b[:]) // never fails, by its documentation
	return b
}

// SetBrowser gives the browser a secret, in the place of one that it has. It lives as
// long as the browser.
func (k *Keeper) SetBrowser(w http.ResponseWriter, o origin.Origin, b Browser) {
	setCookie(w, k.names(o).browser, strict.EncodeToString(b[:]), "/", 0)
}

// Secrets returns the nonce and the PKCE verifier of a browser's attempt.
func (k *Keeper) Secrets(o origin.Origin, b Browser, a *Attempt) Secrets {
	return Secrets{
		Nonce:    strict.EncodeToString(k.derive(o, b, a, "nonce")),
		Verifier: strict.EncodeToString(k.derive(o, b, a, "verifier")),
	}
}

// bind is what ties an attempt to a browser.
func (k *Keeper) bind(o origin.Origin, b Browser, a *Attempt) [16]byte {
	return [16]byte(k.derive(o, b, a, "browser")[:16])
}

// derive makes of a browser's secret what only this attempt has. Lengths stand before
// values, so that no two attempts are written alike.
func (k *Keeper) derive(o origin.Origin, b Browser, a *Attempt, label string) []byte {
	mac := hmac.New(sha256.New, b[:])
	text := []byte("caddy-proconnect/2\x00" + label + "\x00")
	for _, part := range []string{k.issuer, k.clientID, originText(o)} {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	mac.Write(append(text, a.id[:]...))
	return mac.Sum(nil)
}

// originHash is how an envelope names an origin.
func originHash(o origin.Origin) [16]byte {
	sum := sha256.Sum256([]byte(originText(o)))
	return [16]byte(sum[:16])
}
