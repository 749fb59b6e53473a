package proconnect

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// readable turns one value that came from outside into the one that is kept; ok
// is false for a value that is empty or cannot be trusted to mean what it says.
//
// Text is handed on to templates, headers and logs, which execute or interpret
// some of it: ProConnect passes {{env "SECRET"}} and <img onerror=…> on verbatim.
func readable(kind claimKind, s string) (value string, ok bool) {
	if !utf8.ValidString(s) || len(s) > 4*maxValueChars*4 {
		return "", false
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	stripped := strings.TrimSpace(norm.NFC.String(strings.Map(harmless, s)))
	switch kind {
	case textClaim:
		s = stripped
	case digitsClaim:
		s = siret.Strip(s)
		if !siret.IsSIRET(s) && !siret.IsSIREN(s) {
			return "", false
		}
	case emailClaim:
		if s != stripped || !validEmail(s) {
			return "", false
		}
	case idClaim:
		if s != stripped {
			return "", false
		}
	}
	return s, s != "" && utf8.RuneCountInString(s) <= maxValueChars
}

// harmless drops the characters that a placeholder's reader could act on:
// control and formatting ones (a right-to-left override among them), and the
// brackets of templates, placeholders and HTML.
func harmless(r rune) rune {
	switch {
	case r == '{' || r == '}' || r == '<' || r == '>':
		return -1
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

// validEmail says whether s has the one shape that rules compare: a local part,
// one @, and a domain of ASCII letters, digits, dots and hyphens. Quoted local
// parts, a second @, a trailing dot and look-alike letters are what bypassed
// the domain checks of others.
func validEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") {
		return false
	}
	if strings.ContainsAny(local, "\"\\(),:; ") {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}

// claimValues reads a claim's raw JSON value: a string, a number, a boolean, or a
// list of those. A list with an element that cannot be read is unreadable as a
// whole: without it, `not roles prestataire` would hold of somebody who has it.
func claimValues(kind claimKind, raw any) []string {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	if len(list) > maxValues {
		return nil
	}
	values := make([]string, 0, len(list))
	for _, element := range list {
		text, ok := scalarText(element)
		if !ok {
			return nil
		}
		if strings.TrimSpace(text) == "" {
			continue // an empty string says nothing
		}
		value, ok := readable(kind, text)
		if !ok {
			return nil
		}
		values = append(values, value)
	}
	return values
}

// toldValues is claimValues, but for what is there and cannot be read: an empty
// value, which no condition takes for one, and which is not absent.
func toldValues(kind claimKind, raw any) []string {
	values := claimValues(kind, raw)
	if values == nil && raw != nil {
		return []string{""}
	}
	return values
}

func scalarText(raw any) (text string, ok bool) {
	switch v := raw.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// customValue finds a dotted path below the custom claim.
func customValue(custom any, path string) any {
	for word := range strings.SplitSeq(path, ".") {
		m, ok := custom.(map[string]any)
		if !ok {
			return nil
		}
		custom = m[word]
	}
	return custom
}
