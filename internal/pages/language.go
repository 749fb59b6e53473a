package pages

import "golang.org/x/text/language"

// IsLanguage says whether there are pages in a language.
func IsLanguage(lang string) bool { return catalogs[lang] != nil }

// maxAcceptLanguage bounds the work that an Accept-Language header can cause:
// browsers send under a hundred bytes.
const maxAcceptLanguage = 512

// Language chooses the language of a page from an Accept-Language header (RFC
// 9110 section 12.5.4): that of French and English which weighs more, the first of
// two that weigh the same, French if neither is named.
func Language(acceptLanguage string) string {
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage[:min(len(acceptLanguage), maxAcceptLanguage)])
	if err != nil {
		return "fr"
	}
	for _, tag := range wanted { // the heaviest first
		if base, _ := tag.Base(); base.String() == "fr" || base.String() == "en" {
			return base.String()
		}
	}
	return "fr"
}
