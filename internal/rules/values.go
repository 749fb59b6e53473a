package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// comparison is how the values of a field are compared.
type comparison uint8

const (
	compareText  comparison = iota // ASCII letters folded, * is a pattern
	compareEmail                   // as text, but a pattern never crosses the @
	compareExact                   // byte by byte: acr
	compareSIRET
	compareSIREN
)

// The formats of values that are neither numbers nor texts, in lists and in rules
// alike.
var (
	formatEmail = listfile.Format{
		Name: "email", Claim: "email", Aliases: emailNames, Parse: parseEmail,
		Other: otherThan("email"), Heading: emailHeading, Resembles: func(text string) bool { return strings.Contains(text, "@") },
	}
	formatACR = listfile.Format{
		Name: "acr", Claim: "acr", Aliases: []string{"niveau", "level"}, Parse: ParseACR, Other: otherThan("acr"),
		Heading: func(_ string, columns int) bool { return columns > 1 },
	}
	formatAMR = listfile.Format{Name: "amr", Claim: "amr", Parse: parseAMR, Other: otherThan("amr")}
)

// emailNames are what people call a column of addresses.
var emailNames = []string{
	"e-mail", "mail", "mél", "courriel", "adresse", "email address", "adresse email", "adresse e-mail", "adresse mail", "adresse mél", "adresse courriel",
	"adresse électronique", "adresse de courriel", "adresse de messagerie",
}

// textNames are what people call columns of texts.
var textNames = map[string][]string{
	"organizational_unit":  {"service", "unité", "bureau", "direction", "département", "unit", "department"},
	"organization_label":   {"organisation", "organization", "structure", "raison sociale", "dénomination", "libellé"},
	"belonging_population": {"population"},
	"roles":                {"role", "rôle", "rôles"},
	"uid":                  {"identifiant", "login"},
}

// formatText is the format of a claim that is a text. Any text may be meant as a value,
// so that in a table the column that counts must be named.
func formatText(claim string) listfile.Format {
	return listfile.Format{
		Name: "text " + claim, Claim: claim, Aliases: textNames[claim], Parse: parseText, Other: otherThan(claim),
	}
}

// otherThan knows the names of the other claims.
func otherThan(claim string) func(string, int) bool {
	return func(name string, _ int) bool {
		_, known := claims.Lookup(strings.ReplaceAll(name, " ", "_"))
		return known && name != claim
	}
}

// compared says how a field compares, and how its values are written.
func compared(field claims.Ref) (comparison, listfile.Format) {
	switch field.Index {
	case claims.SIRET:
		return compareSIRET, listfile.SIRET
	case claims.SIREN:
		return compareSIREN, listfile.SIREN
	case claims.Email:
		return compareEmail, formatEmail
	case claims.ACR:
		return compareExact, formatACR
	case claims.AMR:
		return compareText, formatAMR
	}
	return compareText, formatText(field.Name)
}

var errPlaceholder = errors.New("no placeholders in rules, which are read once: say {$VAR} to take a variable of the environment")

// HoldsPlaceholder says whether a text has a placeholder, {…}, in it.
func HoldsPlaceholder(s string) bool {
	_, after, ok := strings.Cut(s, "{")
	return ok && strings.Contains(after, "}")
}

// checkValue says what is wrong with a value of a rule, and returns
// it in the form in which it is compared.
func checkValue(field claims.Ref, value string) (string, error) {
	if strings.TrimSpace(value) == "" {
		return "", errors.New("an empty value: leave it out, or say absent to mean that there is none")
	}
	if HoldsPlaceholder(value) {
		return "", errPlaceholder
	}
	number := siret.Strip(value)
	switch {
	case separated(field, value):
		return "", errors.New("values are separated by spaces, not by commas or semicolons")
	case (field.Kind() == claims.KindDigits || field.Index == claims.Email) && namesFile(value):
		return "", errors.New("a file is named after from, by its whole path: say " + field.Name + " from " + wholePath(value))
	case field.Kind() == claims.KindDigits && value == WordFrom:
		return "", errors.New("from belongs right after the field, before the files")
	case field.Index == claims.SIRET && siret.IsSIREN(number):
		return "", errors.New("nine digits are a SIREN: say siren")
	case field.Index == claims.SIREN && siret.IsSIRET(number):
		return "", errors.New("14 digits are a SIRET: say siret, or keep the first nine")
	case field.Kind() == claims.KindDigits && strings.Contains(number, "*"):
		return "", errors.New("no * in numbers: say siren for all establishments of an organisation")
	case field.Kind() == claims.KindDigits && len(number) < 8 && siret.IsSIREN("000000000"[len(number):]+number):
		return "", fmt.Errorf("%w; put quotes around a number that is written in groups", siret.Check(number))
	}
	_, format := compared(field)
	normal, err := format.Parse(value)
	if err != nil && field.Kind() != claims.KindDigits && regularExpression.MatchString(strings.TrimSuffix(value, ".*")) {
		return "", errors.New("rules take no regular expressions: * matches any run of characters (*@example.gouv.fr), and everything else for itself")
	}
	return normal, err
}

// separated says whether a value is several, between commas or semicolons. A text may
// hold some; none ends in one.
func separated(field claims.Ref, value string) bool {
	switch field.Index {
	case claims.Email, claims.Roles, claims.IDPID, claims.ACR, claims.AMR, claims.SIRET, claims.SIREN:
		return strings.ContainsAny(value, ",;")
	}
	value = strings.TrimSpace(value)
	return strings.HasSuffix(value, ",") || strings.HasSuffix(value, ";")
}

// namesFile says whether a value that has to be a number or an address is the name of a
// file, before which from was forgotten.
func namesFile(value string) bool {
	return !strings.Contains(value, "@") && (strings.Contains(value, "/") || fileName.MatchString(value))
}

// wholePath proposes where a file may lie.
func wholePath(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return "/etc/caddy/" + strings.TrimPrefix(name, "./")
}

// parseText folds a value as those of a person are folded, and refuses one that
// no person's value can equal.
func parseText(value string) (string, error) {
	value = strings.TrimSpace(norm.NFC.String(value))
	switch {
	case value == "":
		return "", errors.New("empty")
	case !utf8.ValidString(value) || strings.Map(claims.Harmless, value) != value:
		return "", errors.New("it can match nobody: { } < > and control characters are taken out of what ProConnect says")
	case utf8.RuneCountInString(value) > claims.MaxValueChars:
		return "", fmt.Errorf("it can match nobody: values are kept up to %d characters", claims.MaxValueChars)
	}
	return string(listfile.AppendFold(nil, oneStar(value))), nil
}

// parseEmail checks an address, or a pattern of addresses. A * that could take in
// the end of a name would let evilgouv.fr pass for gouv.fr.
func parseEmail(value string) (string, error) {
	value, err := parseText(value)
	if err != nil {
		return "", err
	}
	switch at := strings.Count(value, "@"); {
	case at > 1:
		return "", errors.New("an email has exactly one @: write each address as a value of its own")
	case at == 0 && strings.Contains(value, ".") && claims.ValidEmail("x@"+value):
		return "", errors.New("an email has exactly one @: say *@example.gouv.fr for everybody there")
	case at == 0:
		return "", errors.New("an email has exactly one @, and this has none")
	}
	_, domain, _ := strings.Cut(value, "@")
	for i := range len(domain) {
		if domain[i] == '*' && (i+1 == len(domain) || domain[i+1] != '.') {
			return "", errors.New("a * in the domain must be followed by a dot: say *@*.gouv.fr, and *@gouv.fr beside it")
		}
	}
	if !claims.ValidEmail(strings.ReplaceAll(value, "*", "x")) {
		return "", errors.New("not an email address: a name, @, and a domain of ASCII letters, digits, dots and hyphens (xn--… for others)")
	}
	return value, nil
}

// emailHeading knows a heading by having no @. A mistyped address has none either,
// but a dot, or it is in a plain list: it must not vanish silently.
func emailHeading(first string, columns int) bool {
	if columns > 1 {
		return !strings.ContainsAny(first, "@.*")
	}
	return slices.Contains(emailNames, strings.ToLower(first))
}

// ParseACR refuses levels that ProConnect does not know: asked for one, it loops.
func ParseACR(value string) (string, error) {
	if value == WordMFA {
		return "", errors.New("mfa is not a level but several: say mfa, without acr")
	}
	if slices.Contains(KnownACR, value) {
		return value, nil
	}
	known := strings.Join(KnownACR, ", ")
	if strings.HasPrefix(value, "https://proconnect.gouv.fr/assurance/") {
		return "", fmt.Errorf("ProConnect has removed this level: want one of %s", known)
	}
	return "", fmt.Errorf("unknown level: want one of %s; or say mfa", known)
}

func parseAMR(value string) (string, error) {
	if strings.Contains(value, "*") {
		return "", errors.New("amr has no patterns: no *")
	}
	if v, ok := claims.Readable(claims.KindID, value); !ok || v != value {
		return "", errors.New("it can match nobody: want a word such as pwd, mail, otp, mfa")
	}
	return string(listfile.AppendFold(nil, value)), nil
}

// oneStar makes one * of several in a row, which mean the same.
func oneStar(s string) string {
	for strings.Contains(s, "**") {
		s = strings.ReplaceAll(s, "**", "*")
	}
	return s
}
