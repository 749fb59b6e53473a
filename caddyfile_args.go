package proconnect

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// oneArg reads an option's only argument, in which no placeholder would be
// replaced.
func oneArg(d *caddyfile.Dispenser, option string, into *string) error {
	const unexpected = "%s: unexpected argument %q: it takes one value; put a text with spaces in quotes"
	if err := onlyArg(d, option, into, unexpected); err != nil {
		return err
	}
	if rules.HoldsPlaceholder(*into) {
		return d.Errf("%s %q: %w", option, *into, errLiteral)
	}
	return nil
}

// secretArg reads the only argument of an option whose placeholders are
// resolved when the configuration loads. What else is there is not repeated: in
// `client_secret = …` it is the secret, and errors are logged.
func secretArg(d *caddyfile.Dispenser, option string, into *string) error {
	return onlyArg(d, option, into, "%[1]s: more than one value: it takes one, with no = before it; put one with spaces in quotes")
}

func onlyArg(d *caddyfile.Dispenser, option string, into *string, unexpected string) error {
	if !d.NextArg() || d.Val() == "" {
		return noValue(d, option)
	}
	*into = d.Val()
	return lineEnds(d, option, unexpected)
}

// someArgs reads an option's arguments, one at least.
func someArgs(d *caddyfile.Dispenser, option string) ([]string, error) {
	args := d.RemainingArgs()
	if len(args) == 0 {
		return nil, noValue(d, option)
	}
	if isWord(d, "}") {
		return nil, braceErr(d, option)
	}
	return args, noBlock(d, option)
}

func noValue(d *caddyfile.Dispenser, option string) error {
	return d.Errf("%s: no value after it; an unset {$VARIABLE} leaves none", option)
}

// lineEnds refuses a further argument of an option, and a block, which Caddy would skip.
func lineEnds(d *caddyfile.Dispenser, option, unexpected string) error {
	if !d.NextArg() {
		return noBlock(d, option)
	}
	if isWord(d, "}") {
		return braceErr(d, option)
	}
	return d.Errf(unexpected, option, d.Val())
}

// flag refuses anything after an option that takes no value.
func flag(d *caddyfile.Dispenser, option string) error {
	return lineEnds(d, option, "%s: it takes no value, got %q")
}

// braceErr reports a closing brace that is not on a line of its own.
func braceErr(d *caddyfile.Dispenser, option string) error {
	return d.Errf("%s: a closing brace belongs on a line of its own", option)
}

func noBlock(d *caddyfile.Dispenser, option string) error {
	if opensBlock(d) {
		return d.Errf("%s: it takes no block", option)
	}
	return nil
}

// duration reads an option's only argument as a time span.
func duration(d *caddyfile.Dispenser, option string, into *caddy.Duration) error {
	var text string
	if err := oneArg(d, option, &text); err != nil {
		return err
	}
	span, err := caddy.ParseDuration(text)
	if err != nil || span <= 0 {
		return d.WrapErr(fmt.Errorf("%s %q: want a time span such as 12h", option, text))
	}
	*into = caddy.Duration(span)
	return nil
}
