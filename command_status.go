package proconnect

import (
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/spf13/cobra"
)

// statusCommand tells how the Caddy that runs is.
func statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "status [--config <file>] [--address <address>] [--json]",
		Short: "Tells how clients, gates and lists of the Caddy that runs are",
		Long: `
Asks the Caddy that runs: when ProConnect last answered, whether the storage
works, what each gate decided, how many entries and faulty lines lists have.

It exits with 0 if all is well, with 1 if the storage fails or a list has faulty
lines, and with 2 if no Caddy answers.`,
		Example: `  caddy proconnect status --config /etc/caddy/Caddyfile
  caddy proconnect status --address unix//run/caddy/admin.sock --json`,
	}
	adminFlags(c)
	return runs(c, func(c *cobra.Command) (int, error) {
		var s status
		answer, err := askAdmin(c, http.MethodGet, "/proconnect/status", nil, &s)
		if err != nil {
			return exitFailed, err
		}
		if wantsJSON(c) {
			_, err := c.OutOrStdout().Write(answer)
			return s.exitCode(), err
		}
		s.print(c.OutOrStdout())
		return s.exitCode(), nil
	})
}

func (s *status) exitCode() int {
	if slices.ContainsFunc(s.Clients, func(c clientStatus) bool { return c.StorageFails }) ||
		slices.ContainsFunc(s.Lists, func(l listStatus) bool { return l.FaultyLines > 0 || l.Rejected }) {
		return exitFinding
	}
	return exitFine
}

func (s *status) print(w io.Writer) {
	for _, c := range s.Clients {
		answered := "not since Caddy began"
		if c.LastAnswer != nil {
			answered = c.LastAnswer.Format("2006-01-02 15:04:05 MST")
		}
		printWrapped(w, fmt.Sprintf("client %s: ProConnect answered %s, storage %s, %s", c.Name, answered, works(!c.StorageFails), c.revoked()), "  ")
		for _, g := range c.Gates {
			line := fmt.Sprintf("  %s, gate %s:", g.Site, g.Gate)
			for _, outcome := range outcomes {
				line += fmt.Sprintf(" %s %d", outcome, g.Requests[outcome.String()])
			}
			printWrapped(w, line, "    ")
		}
	}
	for _, l := range s.Lists {
		line := fmt.Sprintf("list %s (%s): %s, %s", l.File, l.Field, plural(l.Entries, "entry"), plural(l.FaultyLines, "faulty line"))
		if l.Rejected {
			line += ", a newer version is not taken"
		}
		printWrapped(w, line, "  ")
	}
}

// revoked tells what was ended before its time and is remembered: sessions one by one, by
// logouts and whatever replaces them, and people, each of whom may have had several.
func (c *clientStatus) revoked() string {
	records := plural(c.People, "record")
	return "revoked: " + plural(c.Revocations, "session") + ", " + records + " of people"
}

func works(well bool) string {
	if well {
		return "works"
	}
	return "FAILS"
}
