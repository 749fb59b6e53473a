package upstream

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// beginnings are what the patterns of a path matcher begin with, up to what matches
// more than itself: they spare nearly all addresses the search for lookalikes.
type beginnings []string

func newBeginnings(patterns caddyhttp.MatchPath) (all beginnings) {
	for _, pattern := range patterns {
		if i := strings.IndexAny(pattern, `*?[{%\`); i >= 0 {
			pattern = pattern[:i]
		}
		all = append(all, strings.Trim(mergeSlashes(pattern), "/"))
	}
	return all
}

// maySpell says whether an address may be a spelling of a pattern: no server drops
// its first letter or digit, but in what looks like a tag.
func (all beginnings) maySpell(address string) bool {
	return slices.ContainsFunc(all, func(beginning string) bool {
		want, said := firstWord(beginning)
		is, plain := firstWord(address)
		return !said || !plain || is == want
	})
}

// firstWord returns the first letter or digit, in lower case, if nothing comes before
// it but what has no meaning there.
func firstWord(s string) (c byte, ok bool) {
	for i := 0; i < len(s); i++ {
		if isWord(s[i]) {
			return Lower(s[i]), true
		}
		if strings.IndexByte("/-~", s[i]) < 0 {
			return 0, false
		}
	}
	return 0, false
}

// have says whether an address begins as a pattern does.
func (all beginnings) have(address string) bool {
	address = strings.TrimLeft(mergeSlashes(address), "/")
	return slices.ContainsFunc(all, func(beginning string) bool {
		return len(address) >= len(beginning) && strings.EqualFold(address[:len(beginning)], beginning) || !isASCII(beginning)
	})
}
