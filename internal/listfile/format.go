package listfile

import (
	"regexp"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// Format says how the values of a list are written.
type Format struct {
	// Name tells formats apart.
	Name string
	// Parse returns a value in the form in which it is compared, or says what is
	// wrong with it, without repeating it: some values are people's addresses.
	Parse func(value string) (string, error)
	// Claim is the name of what is compared: the column of a table that is named so
	// counts, and the first one if none is.
	Claim string
	// Aliases are further names that people give to such a column.
	Aliases []string
	// Other says whether the name of a first column is that of another claim, so that
	// the table is none of these values.
	Other func(name string, columns int) bool
	// Heading says whether a first row in which nothing resembles a value is a heading,
	// from the text in the first of its columns and how many there are; nil: it
	// never is.
	Heading func(first string, columns int) bool
	// Resembles says whether the text in a column that does not count may be meant
	// as a value; nil: what Parse takes.
	Resembles func(text string) bool

	numbers bool // SIRETs and SIRENs
	short   bool // SIRENs alone
}

// SIRET is the format of a list of SIRETs, in which a SIREN stands for all
// establishments of its organisation.
var SIRET = Format{
	Name: "siret", Claim: "siret", Parse: parseSIRET, Heading: digitless, Resembles: likeNumber, numbers: true,
	Other: func(name string, columns int) bool { return name == "siren" && columns > 1 },
}

// SIREN is the format of a list of SIRENs.
var SIREN = Format{
	Name: "siren", Claim: "siren", Parse: parseSIREN, Heading: digitless, Resembles: likeNumber, numbers: true, short: true,
	Other: func(name string, _ int) bool { return name == "siret" },
}

// rounded is what a spreadsheet leaves of such a number, or of its decimals.
var rounded = regexp.MustCompile(`^(?:[0-9][.,])?[0-9]+[eE]\+?(?:08|8|09|9|1[0-4])$`)

// likeNumber says whether a text may be meant as a SIRET or a SIREN, mistyped or not.
func likeNumber(text string) bool {
	text = siret.Strip(text)
	return siret.IsSIREN(text) || siret.IsSIRET(text) || len(text) == 13 && siret.LostZero(text) || rounded.MatchString(text)
}

func parseSIRET(value string) (string, error) {
	value = siret.Strip(value)
	return value, siret.Check(value)
}

func parseSIREN(value string) (string, error) {
	value = siret.Strip(value)
	if siret.IsSIRET(value) {
		return "", errLongSIREN
	}
	return value, siret.Check(value)
}

// digitless tells a heading from a number with a fault: what has a digit is
// never taken for a heading, or a mistyped first line would vanish silently.
func digitless(value string, _ int) bool {
	return value != "" && !strings.ContainsAny(value, "0123456789")
}
