package upstream

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// checkPatterns refuses patterns by which the site would be open and look as if it
// were not: such as match no address where they say what is gated, or every address
// where they say, alone, what is not. A variable that is not set makes either.
func checkPatterns(m any, exempts bool) error {
	if name, empty := isEmpty(m); empty {
		return fmt.Errorf("%s: %w", name, errEmpty)
	}
	switch m := m.(type) {
	case *caddyhttp.MatchPath:
		for _, pattern := range *m {
			if err := checkPattern(pattern, exempts); err != nil {
				return fmt.Errorf("path %q: %w", pattern, err)
			}
		}
	case *caddyhttp.MatchPathRE:
		if relativeRegexp.MatchString(m.Pattern) {
			return fmt.Errorf("path_regexp %q: %w", m.Pattern, errNoSlash)
		}
	}
	return nil
}

// isEmpty says whether a matcher has no value: Caddy takes that for one that matches
// nothing, or every query that is not there.
func isEmpty(m any) (name string, empty bool) {
	switch m := m.(type) {
	case *caddyhttp.MatchPath:
		return "path", len(*m) == 0
	case *caddyhttp.MatchHost:
		return "host", len(*m) == 0
	case *caddyhttp.MatchMethod:
		return "method", len(*m) == 0
	case *caddyhttp.MatchQuery:
		return "query", len(*m) == 0
	case *caddyhttp.MatchRemoteIP:
		return "remote_ip", len(m.Ranges) == 0
	case *caddyhttp.MatchClientIP:
		return "client_ip", len(m.Ranges) == 0
	}
	return "", false
}

var (
	errNoSlash    = errors.New("it matches nothing, because addresses begin with a slash: say /admin /admin/*")
	errEmpty      = errors.New("nothing is left of it: is a variable not set?")
	errQuery      = errors.New("a path has no query, and ? matches any one character: name the parameter with `query`")
	errDots       = errors.New("it matches nothing, because addresses with dot segments are refused: leave them out")
	errExemptsAll = errors.New("inside a not, it exempts every address, and the gate would keep nobody out: is a variable not set? say which directories are open, as in not path /public/*")
)

var relativeRegexp = regexp.MustCompile(`^(?:\(\?[a-z]+\))?\^[\w-]`)

// patternStarts are what a pattern that matches an address may begin with.
const patternStarts = `/*{[?\`

// MayMatchAddress says whether a path pattern can match anything, as far as its
// beginning tells.
func MayMatchAddress(pattern string) bool {
	return pattern != "" && strings.ContainsRune(patternStarts, rune(pattern[0]))
}

func checkPattern(pattern string, exempts bool) error {
	pattern = caddy.NewReplacer().ReplaceKnown(pattern, "")
	switch {
	case pattern == "":
		return errEmpty
	case !MayMatchAddress(pattern):
		return errNoSlash
	case strings.Contains(pattern, "?") && strings.Contains(pattern, "="):
		return errQuery
	case hasDotSegment(pattern):
		return errDots
	case exempts && strings.Contains(pattern, "*") && strings.Trim(pattern, "/*") == "":
		return errExemptsAll
	}
	return nil
}
