package claims

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// Readable turns one value that came from outside into the one that is kept; ok
// is false for a value that is empty or cannot be trusted to mean what it says.
//
// Text is handed on to templates, headers and logs, which execute or interpret
// some of it: ProConnect passes {{env "SECRET"}} and <img onerror=…> on verbatim.
func Readable(kind Kind, s string) (value string, ok bool) {
	if !utf8.ValidString(s) || len(s) > 4*MaxValueChars*4 {
		return "", false
	}
	if composed := norm.NFC.String(s); kind != KindText && ascii(composed) > ascii(s) {
		return "", false // the Kelvin sign, say, composed to a K: one who looks like somebody else
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	stripped := strings.TrimSpace(norm.NFC.String(strings.Map(Harmless, s)))
	switch kind {
	case KindText:
		s = stripped
	case KindDigits:
		s = siret.Strip(s)
		if !siret.IsSIRET(s) && !siret.IsSIREN(s) {
			return "", false
		}
	case KindEmail:
		if s != stripped || !ValidEmail(s) {
			return "", false
		}
	case KindID:
		if s != stripped {
			return "", false
		}
	}
	return s, s != "" && utf8.RuneCountInString(s) <= MaxValueChars
}

// ascii counts the ASCII characters of a text.
func ascii(s string) (n int) {
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			n++
		}
	}
	return n
}

// Harmless drops the characters that a placeholder's reader could act on:
// control and formatting ones (a right-to-left override among them), and the
// brackets of templates, placeholders and HTML.
func Harmless(r rune) rune {
	switch {
	case r == '{' || r == '}' || r == '<' || r == '>':
		return -1
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

// ValidEmail says whether s has the one shape that rules compare: a local part,
// one @, and a domain of ASCII letters, digits, dots and hyphens. Quoted local
// parts, a second @, a trailing dot and look-alike letters are what bypassed
// the domain checks of others.
func ValidEmail(s string) bool {
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

// readValues reads a claim's raw JSON value: a string, a number, a boolean, or a
// list of those. A list with an element that cannot be read is unreadable as a
// whole: without it, `not roles prestataire` would hold of somebody who has it.
func readValues(kind Kind, raw any) []string {
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
		value, ok := Readable(kind, text)
		if !ok {
			return nil
		}
		values = append(values, value)
	}
	return values
}

// Read is readValues, but for what is there and cannot be read: an empty
// value, which no condition takes for one, and which is not absent.
func Read(kind Kind, raw any) []string {
	values := readValues(kind, raw)
	if values == nil && raw != nil {
		return []string{""}
	}
	return values
}

// read is Read for a claim. An element of a list has no blank in it: what is handed on
// separates elements by one, and "agent_public agent_public_etat" would be two roles there.
func (c Ref) read(raw any) []string {
	values := Read(c.Kind(), raw)
	if c.IsList() && slices.ContainsFunc(values, func(v string) bool { return strings.ContainsFunc(v, unicode.IsSpace) }) {
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

// customAt finds a dotted path under the custom claim.
func customAt(custom any, path string) any {
	for word := range strings.SplitSeq(path, ".") {
		m, ok := custom.(map[string]any)
		switch {
		case custom == nil:
			return nil
		case !ok:
			return struct{}{} // told, and not so that anybody could find the claim in it
		}
		custom = m[word]
	}
	return custom
}
