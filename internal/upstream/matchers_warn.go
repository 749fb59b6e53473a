package upstream

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"go.uber.org/zap"
)

// warnMatcher tells what a matcher of the gate may not mean. alone is a matcher
// that has no other beside it.
func (w *matcherWalk) warnMatcher(m any, negated, alone bool) {
	text := matcherText(m)
	if reads := clientChooses(m); reads != "" {
		w.warn("the gate's matcher reads what the client chooses, so a stranger may choose that there is no gate: gate by `path`, or everything",
			zap.String("matcher", text), zap.String("reads", reads))
	}
	switch m := m.(type) {
	case *caddyhttp.MatchPath:
		if !negated && alone {
			w.warnPaths(*m)
		}
		if negated {
			w.warnExtensions(*m, "not "+text)
		}
	case *caddyhttp.MatchPathRE:
		if negated && strings.HasSuffix(m.Pattern, "$") && !strings.HasPrefix(m.Pattern, "^") {
			w.warnExemption("not " + text)
		}
	case *caddyhttp.MatchExpression:
		w.warnExpression(m.Expr, text)
	case *caddyhttp.MatchHost, *caddyhttp.MatchTLS, *caddyhttp.MatchRemoteIP, *caddyhttp.MatchClientIP, *caddyhttp.MatchHeader, *caddyhttp.MatchHeaderRE,
		*caddyhttp.MatchProtocol, *caddyhttp.MatchMethod, *caddyhttp.MatchQuery, *caddyhttp.MatchURLPattern, *caddyhttp.MatchVarsRE, *caddyhttp.VarsMatcher,
		*fileserver.MatchFile:
	default:
		if w.neutral(m) {
			return
		}
		w.warn("the gate does not know this matcher, and cannot see whether it reads an address as servers do: gate by `path`, or everything",
			zap.String("matcher", text))
	}
}

// warnPaths tells of a path that looks like a directory, of which nothing but its own
// address is gated, or everything but that.
func (w *matcherWalk) warnPaths(patterns []string) {
	for _, p := range patterns {
		under := slices.Contains(patterns, p+"*") || slices.ContainsFunc(patterns, func(other string) bool { return strings.HasPrefix(other, p+"/") })
		if p != "/" && !under && !strings.ContainsAny(path.Base(p), "*.") {
			w.warn("the matcher gates this one address and nothing under it: name both", zap.String("path", p), zap.String("under", p+"/*"))
		}
		directory, ok := strings.CutSuffix(p, "/*")
		covered := slices.ContainsFunc(patterns, func(other string) bool {
			return other == directory || strings.HasSuffix(other, "*") && strings.HasPrefix(directory, strings.TrimSuffix(other, "*"))
		})
		if ok && directory != "" && !covered && !strings.Contains(directory, "*") {
			w.warn("the matcher gates what is under this address and not the address itself: name both", zap.String("path", directory), zap.String("under", p))
		}
	}
}

// warnExtensions tells of exemptions by the end of an address: /secret.php/x.css
// ends in .css.
func (w *matcherWalk) warnExtensions(patterns []string, text string) {
	for _, p := range patterns {
		if strings.HasPrefix(p, "*") && p != "*" || strings.Contains(p, "/*.") {
			w.warnExemption(text)
			return
		}
	}
}

func (w *matcherWalk) warnExemption(text string) {
	w.warn("the gate's matcher exempts addresses by how they end, and a server may serve anything under such an address: exempt a directory, such as /assets/*",
		zap.String("matcher", text))
}

// warnExpression looks at the text of an expression: Caddy gives no access to its parts.
func (w *matcherWalk) warnExpression(expr, text string) {
	if strings.Contains(expr, "path_regexp") && !strings.Contains(expr, "(?i") {
		w.warn("path_regexp minds the case inside an expression, and file systems may not: begin the pattern with (?i), or use `path`", zap.String("matcher", text))
	}
	if strings.Contains(expr, "!") && strings.Contains(expr, "*.") {
		w.warnExemption(text)
	}
}

// clientChooses names what a matcher reads that the client can choose without
// changing what it asks for, such as a header; empty if there is nothing.
func clientChooses(m any) string {
	switch m := m.(type) {
	case *caddyhttp.MatchHeader, *caddyhttp.MatchHeaderRE:
		return "header"
	case *caddyhttp.MatchProtocol:
		return "protocol"
	case *caddyhttp.MatchQuery:
		return "query"
	case *caddyhttp.VarsMatcher:
		for name := range *m {
			if !strings.HasPrefix(name, "{") {
				return "vars"
			}
		}
	case *caddyhttp.MatchVarsRE:
		for name := range *m {
			if !strings.HasPrefix(name, "{") {
				return "vars"
			}
		}
	case *caddyhttp.MatchExpression:
		for _, function := range []string{"header", "header_regexp", "protocol", "query", "vars", "vars_regexp"} {
			if strings.Contains(m.Expr, function+"(") {
				return function
			}
		}
	}
	for _, name := range matcherPlaceholders(m) {
		if chosen := !slices.ContainsFunc(trustedPlaceholders, func(prefix string) bool { return strings.HasPrefix(name, prefix) }); chosen {
			return "{" + name + "}"
		}
	}
	return ""
}

// trustedPlaceholders are those that tell where a request goes, from where it
// comes, or what the operator or a gate said. The query is the client's.
var trustedPlaceholders = []string{
	"http.request.uri", "http.request.host", "http.request.port", "http.request.scheme", "http.request.local", "http.request.remote", "http.request.tls.client",
	"http.auth.", "http.proconnect.", "http.vars.client_ip", "http.vars.root", "http.vars.fs", "env.", "file.", "system.", "time.",
}

// matcherText shows a matcher as the configuration has it, cut short. The value of
// a header may be a secret.
func matcherText(m any) string {
	const most = 200
	switch m := m.(type) {
	case *caddyhttp.MatchHeader:
		return "header " + strings.Join(slices.Sorted(maps.Keys(*m)), " ")
	case *caddyhttp.MatchHeaderRE:
		return "header_regexp " + strings.Join(slices.Sorted(maps.Keys(*m)), " ")
	case *caddyhttp.MatchPath:
		return "path " + strings.Join(*m, " ")
	case *caddyhttp.MatchPathRE:
		return "path_regexp " + m.Pattern
	case *caddyhttp.MatchExpression:
		return "expression " + m.Expr
	}
	text := strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", m), "*caddyhttp.Match"), "*caddyhttp.")
	if b, err := json.Marshal(m); err == nil {
		text += " " + string(b)
	}
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}
