package proconnect

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// Exit codes of the commands.
const (
	exitFine    = 0
	exitFinding = 1
	exitFailed  = 2
)

// runs has a command do its work. It takes no arguments, only flags: what is not one was
// meant for something, and must not be passed over.
func runs(c *cobra.Command, run func(*cobra.Command) (code int, err error)) *cobra.Command {
	return runsOn(c, 0, func(c *cobra.Command, _ []string) (int, error) { return run(c) })
}

// runsOn is runs for a command that takes some arguments.
func runsOn(c *cobra.Command, most int, run func(c *cobra.Command, args []string) (code int, err error)) *cobra.Command {
	c.SilenceErrors, c.SilenceUsage, c.DisableFlagsInUseLine = true, true, true
	c.Args, c.ValidArgsFunction = cobra.ArbitraryArgs, cobra.NoFileCompletions
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > most {
			return finish(c, exitFailed, fmt.Errorf("unexpected argument %q: see --help", args[most]))
		}
		code, err := run(c, args)
		return finish(c, code, err)
	}
	return c
}

// finish ends a command with an exit code. Caddy's main takes a code above 1 from an
// error of its own kind alone, which nothing but Caddy's wrapper makes.
func finish(c *cobra.Command, code int, err error) error {
	if err != nil {
		printWrapped(c.ErrOrStderr(), c.CommandPath()+": "+err.Error(), "  ")
	}
	switch code {
	case exitFine:
		return nil
	case exitFinding:
		return errFinding
	}
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return code, nil })(c, nil)
}

// errFinding has Caddy exit with 1. What was found is printed already.
var errFinding = errors.New("something was found")

// lineWidth is that of a terminal, in characters.
const lineWidth = 80

// printWrapped prints a text in lines of a terminal's width; further lines have the
// indent. A word that is longer stays whole: it may be an address to copy.
func printWrapped(w io.Writer, text, indent string) {
	text = visible(text)
	rest := strings.TrimLeft(text, " ")
	line := text[:len(text)-len(rest)]
	for i, word := range strings.Split(rest, " ") {
		switch {
		case i == 0:
			line += word
		case columns(line)+1+columns(word) > lineWidth:
			fmt.Fprintln(w, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	fmt.Fprintln(w, line)
}

// visible writes out what a terminal would act on: a file, an answer of the admin
// endpoint or a claim that holds an escape sequence could rewrite what stands above it.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// columns is how many characters a text takes on a line.
func columns(s string) int { return len([]rune(s)) }
