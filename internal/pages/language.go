package pages

import (
	"strconv"
	"strings"
)

// Bounds on the work that an Accept-Language header can cause. Browsers send
// under a hundred bytes and a handful of languages.
const (
	maxAcceptLanguage = 512
	maxLanguageRanges = 32
)

// Language chooses the language of a page from an Accept-Language header (RFC
// 9110 section 12.5.4): "en" if English is preferred over French, else "fr". Of
// two languages of the same weight the first one named is preferred.
func Language(acceptLanguage string) string {
	header := acceptLanguage[:min(len(acceptLanguage), maxAcceptLanguage)]
	fr, en, rest := -1.0, -1.0, 0.0
	firstEN := false
	for range maxLanguageRanges {
		r, more, found := strings.Cut(header, ",")
		tag, q := languageRange(r)
		switch tag {
		case "fr":
			fr = max(fr, q)
		case "en":
			firstEN = firstEN || fr < 0
			en = max(en, q)
		case "*":
			rest = max(rest, q)
		}
		if !found {
			break
		}
		header = more
	}
	return preferred(fr, en, rest, firstEN)
}

// preferred compares the weights. A language that was not named, below zero,
// has the weight of the wildcard.
func preferred(fr, en, rest float64, firstEN bool) string {
	if fr < 0 {
		fr, firstEN = rest, false
	}
	if en < 0 {
		en = rest
	}
	if en > fr || en == fr && en > 0 && firstEN {
		return "en"
	}
	return "fr"
}

// languageRange reads one range, such as "en-GB;q=0.8": its primary subtag in
// lower case and its weight, none if it cannot be read.
func languageRange(r string) (tag string, q float64) {
	tag, params, weighted := strings.Cut(strings.TrimSpace(r), ";")
	tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	if !weighted {
		return tag, 1
	}
	name, value, _ := strings.Cut(strings.TrimSpace(params), "=")
	if strings.TrimSpace(strings.ToLower(name)) != "q" {
		return tag, 0
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(q >= 0 && q <= 1) { // NaN fails every comparison
		return tag, 0
	}
	return tag, q
}
