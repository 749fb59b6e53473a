package session

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
)

// envelopeVersion opens every envelope, and is part of what its key is derived from.
const envelopeVersion = 1

// MaxTarget is how long a target in an envelope may be, in bytes.
const MaxTarget = 512

var errEnvelope = errors.New("session: not an envelope of this version")

// automatic marks, beside the kind, an attempt that began without a click.
const automatic = 0x80

// encode writes what is sealed: the version, the kind, the round, what is as long in
// every attempt, then levels and scopes by number, the site and the target.
//
// Everything that a login may ask for has a number. One that this version does not know
// makes an envelope of another version of it, which is not understood.
func (a *Attempt) encode() []byte {
	b := make([]byte, 0, 160+len(a.Site)+len(a.Target))
	kind := byte(a.Kind)
	if a.Automatic {
		kind |= automatic
	}
	b = append(b, envelopeVersion, kind, byte(a.Round))
	b = append(b, a.id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(a.startedAt))
	b = append(b, a.bind[:]...)
	b = append(b, a.origin[:]...)
	b = append(b, a.Family[:]...)
	b = append(b, gateBytes(a.Gate)...)
	b = binary.AppendUvarint(b, numbers(claims.Levels, a.ACR))
	b = binary.AppendUvarint(b, numbers(claims.Scopes, a.Scopes))
	b = claims.AppendStrings(b, []string{a.Site})
	return append(b, a.Target...)
}

// fixedSize is what stands before the levels.
const fixedSize = 3 + 16 + 8 + 16 + 16 + 16 + 4

// decode reads what encode wrote. The texts share the memory of the envelope's.
func (a *Attempt) decode(text string) error {
	if len(text) < fixedSize || text[0] != envelopeVersion {
		return errEnvelope
	}
	r := claims.Reader{Text: text}
	r.String(1)
	kind := r.String(1)[0]
	a.Kind, a.Automatic, a.Round = Kind(kind&^automatic), kind&automatic != 0, int(r.String(1)[0])
	copy(a.id[:], r.String(len(a.id)))
	a.startedAt = int64(binary.BigEndian.Uint64([]byte(r.String(8))))
	copy(a.bind[:], r.String(len(a.bind)))
	copy(a.origin[:], r.String(len(a.origin)))
	copy(a.Family[:], r.String(len(a.Family)))
	a.Gate = gateText(r.String(4))
	var known [2]bool
	a.ACR, known[0] = named(claims.Levels, r.Uvarint())
	a.Scopes, known[1] = named(claims.Scopes, r.Uvarint())
	sites := r.Count()
	a.Site = r.String(r.Count())
	a.Target = r.Rest()
	if !r.Finished() || sites != 1 || !known[0] || !known[1] || a.Kind >= kinds {
		return errEnvelope
	}
	return nil
}

// numbers writes names of a list as bits, by their places there.
func numbers(list, names []string) (bits uint64) {
	for _, name := range names {
		if i := slices.Index(list, name); i >= 0 {
			bits |= 1 << i
		}
	}
	return bits
}

// named reads them; not ok if some are of a later version.
func named(list []string, bits uint64) (names []string, ok bool) {
	for i, name := range list {
		if bits&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names, bits>>len(list) == 0
}

// gateBytes is the key of a gate's hints, of which an address holds the hex.
func gateBytes(key string) []byte {
	b, err := hex.DecodeString(key)
	if err != nil || len(b) != 4 {
		return make([]byte, 4)
	}
	return b
}

func gateText(b string) string {
	if b == "\x00\x00\x00\x00" {
		return ""
	}
	return hex.EncodeToString([]byte(b))
}

// shorterTargets are a target, the same without its fragment, its path, and the site's
// first page: the first that fits is taken.
func shorterTargets(target string) iter.Seq[string] {
	return func(yield func(string) bool) {
		whole, _, _ := strings.Cut(target, "#")
		path, _, _ := strings.Cut(whole, "?")
		for _, t := range []string{target, whole, path, "/"} {
			if len(t) <= MaxTarget && !yield(t) {
				return
			}
		}
	}
}
