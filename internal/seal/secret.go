package seal

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// keySize is the size of a key in bytes.
const keySize = 32

// minDistinct is how many different bytes a random key has at the least. Fewer
// than this come out of 32 random bytes less than once in 10^13 tries.
const minDistinct = 16

// ParseSecret reads a key as an operator writes it: 32 random bytes in hex or in
// base64, of either alphabet, padded or not. It refuses one that cannot have
// come from a source of randomness.
func ParseSecret(s string) ([]byte, error) {
	key, err := hex.DecodeString(s)
	if err != nil || len(s) != 2*keySize {
		s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
		if key, err = base64.RawStdEncoding.DecodeString(s); err != nil {
			return nil, errors.New("want 32 random bytes in base64 or hex")
		}
	}
	if len(key) != keySize {
		return nil, errors.New("want exactly 32 bytes, in base64 or hex")
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(key))); len(distinct) < minDistinct {
		return nil, errors.New("these bytes are not random")
	}
	return key, nil
}
