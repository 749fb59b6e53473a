package proconnect

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// block is the grammar of a block of options that configure a T.
type block[T any] struct {
	name    string      // of the option that it is the block of; empty: proconnect itself
	options []option[T] // in the order in which messages list them
	check   func(*T) error
	unknown func(d *caddyfile.Dispenser, word string) error
}

type option[T any] struct {
	name       string
	read       read[T]
	repeatable bool
}

// read reads an option, whose name is the current token, and all of its line.
type read[T any] func(*T, *caddyfile.Dispenser) error

// unmarshal reads the options up to the end of the block. What is wrong is reported on
// its line: check is called after each option.
func (b block[T]) unmarshal(d *caddyfile.Dispenser, into *T) error {
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		i := slices.IndexFunc(b.options, func(o option[T]) bool { return o.name == word })
		switch {
		case i < 0:
			return b.unread(d, word)
		case seen[word] && !b.options[i].repeatable:
			return d.Errf("%sduplicate option %q: remove one", b.prefix(), word)
		}
		seen[word] = true
		if err := b.options[i].read(into, d); err != nil {
			return err
		}
		if err := b.check(into); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

// unread says what is wrong with a word that is no option. What stands behind an = in it
// may be a secret, and errors are logged.
func (b block[T]) unread(d *caddyfile.Dispenser, word string) error {
	name, _, assigned := strings.Cut(word, "=")
	if assigned && slices.Contains(b.names(), name) {
		return d.Errf("%s%s: no = belongs after it: say %[2]s, a space, and the value", b.prefix(), name)
	}
	return b.unknown(d, name)
}

// prefix is how messages begin.
func (b block[T]) prefix() string { return strings.TrimPrefix(b.name+": ", ": ") }

func (b block[T]) names() []string {
	names := make([]string, len(b.options))
	for i, o := range b.options {
		names[i] = o.name
	}
	return names
}

// text reads an option with one value, in which no placeholder would be replaced.
func text[T any](field func(*T) *string) read[T] {
	return func(into *T, d *caddyfile.Dispenser) error { return oneArg(d, d.Val(), field(into)) }
}

// secret reads an option with one value, whose placeholders are resolved when the
// configuration loads.
func secret[T any](field func(*T) *string) read[T] {
	return func(into *T, d *caddyfile.Dispenser) error { return secretArg(d, d.Val(), field(into)) }
}

// list reads an option with one value or more.
func list[T any](field func(*T) *[]string) read[T] {
	return func(into *T, d *caddyfile.Dispenser) (err error) {
		*field(into), err = someArgs(d, d.Val())
		return err
	}
}

// checked reads an option, and refuses a value that cannot work.
func checked[T any](read read[T], check func(*T) error) read[T] {
	return func(into *T, d *caddyfile.Dispenser) error {
		if err := read(into, d); err != nil {
			return err
		}
		if err := check(into); err != nil {
			return d.WrapErr(err)
		}
		return nil
	}
}
