package proconnect

import (
	"fmt"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-proconnect/caddy-proconnect/internal/near"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "proconnect",
		Usage: "<command>",
		Short: "Checks and explains sites gated by ProConnect",
		Long: `
Says what a configuration does with people who log in with ProConnect, before
it runs and beside a Caddy that runs: check, uris, explain and doctor change
nothing. They write no file, make no key, open no log and load no certificate;
only doctor uses the network, to ask ProConnect. status, revoke and rotate ask
the Caddy that runs, by its admin endpoint; revoke and rotate can do without,
with --storage.

Each exits with 0 if all is well, 1 if it found something, and 2 if it could
not run. With --json they print one JSON document, whose fields stay.

Begin with what is open to whom, and what must be registered at ProConnect:

  caddy proconnect check --config /etc/caddy/Caddyfile
  caddy proconnect uris --config /etc/caddy/Caddyfile`,
		CobraFunc: buildCommands,
	})
}

// buildCommands adds the sub-commands.
func buildCommands(parent *cobra.Command) {
	parent.AddCommand(secretCommand(), urisCommand(), checkCommand(), explainCommand(), doctorCommand(),
		revokeCommand(), rotateCommand(), statusCommand())
	parent.SilenceErrors, parent.Args = true, cobra.ArbitraryArgs
	parent.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return finish(c, exitFailed, err) })
	parent.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		names := subcommands(c)
		return finish(c, exitFailed, fmt.Errorf("unknown command %q: %swant one of %s", args[0], near.DidYouMean(args[0], names), strings.Join(names, ", ")))
	}
}

// subcommands are the names of what a command can do.
func subcommands(parent *cobra.Command) (names []string) {
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}
