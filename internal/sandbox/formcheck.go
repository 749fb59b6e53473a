package sandbox

import (
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
func checkNoOthers(form url.Values) error {
	for name := range form {
		if !slices.Contains(formFields, name) {
			return fmt.Errorf("claim %.40q: unknown to ProConnect: want some of %s", name, strings.Join(formFields, ", "))
		}
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
	for _, check := range []func() error{
		func() error { return checkNumber("siret", form.Get("siret"), siret.IsSIRET, "14 digits") },
		func() error { return checkNumber("siren", form.Get("siren"), siret.IsSIREN, "9 digits") },
		func() error { return checkKnown("acr", form["acr"], acrValues) },
		func() error { return checkKnown("amr", words(form["amr"]), amrValues) },
		func() error { return checkKnown("roles", words(form["roles"]), roleValues) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
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
