package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/siret"
)

// Values that ProConnect knows, of claims that are no free text.
var (
	roleValues = []string{"agent_public", "agent_public_etat", "agent_public_territorial", "agent_public_hospitalier", "dirigeant"}
	amrValues  = []string{"pwd", "mail", "otp", "pin", "pop", "hwk", "swk", "mfa"}
)

// repeatable are the fields that may be in the form several times.
var repeatable = []string{"roles", "belonging_population", "amr"}

// checkNoOthers refuses what is no field of the form: a claim that ProConnect does
// not have, or one with a slip of the pen, which would quietly leave the person as
// they were.
func checkNoOthers(others url.Values) error {
	for name := range others {
		return fmt.Errorf("claim %.40q: unknown to ProConnect: want some of %s", name, strings.Join(formFields, ", "))
	}
	return nil
}

// checkForm refuses values that ProConnect would never tell. The real server puts
// its own in the place of some of them without a word: a rule that is tried here
// would then be tried on somebody else.
func checkForm(form url.Values) error {
	for name, values := range form {
		if len(values) > 1 && !slices.Contains(repeatable, name) {
			return fmt.Errorf("%s: given %d times", name, len(values))
		}
	}
	return cmp.Or(
		checkNumber("siret", form.Get("siret"), siret.IsSIRET, "14 digits"),
		checkNumber("siren", form.Get("siren"), siret.IsSIREN, "9 digits"),
		checkKnown("acr", form["acr"], acrValues),
		checkKnown("amr", words(form["amr"]), amrValues),
		checkKnown("roles", words(form["roles"]), roleValues),
	)
}

// checkNumber refuses an organisation's number that cannot be one. None at all is
// what some identity providers send.
func checkNumber(name, number string, whole func(string) bool, want string) error {
	number = siret.Strip(number)
	switch {
	case number == "" || whole(number) && siret.Valid(number):
		return nil
	case whole(number):
		return errors.New(name + ": no organisation has this number: its checksum fails, a digit is mistyped")
	}
	return fmt.Errorf("%s: want %s, got %d characters", name, want, len(number))
}

func checkKnown(name string, values, known []string) error {
	for _, v := range values {
		if v != "" && !slices.Contains(known, v) {
			return fmt.Errorf("%s: %.60q is none of ProConnect's: want %s", name, v, strings.Join(known, ", "))
		}
	}
	return nil
}
