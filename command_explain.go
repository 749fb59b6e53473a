package proconnect

import (
	"errors"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

// explainCommand tells whether somebody would get in.
func explainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "explain --url <url> [--envfile <file>] [--claim <name>=…]",
		Short: "Says whether a person would get in, and why",
		Long: `
Sends a request through the configuration, in this process alone, as if a person
with these claims had just logged in, and tells what each gate decides: rule by
rule and condition by condition, with what the person has.

  ✓ true   ✗ false   ? unknown: ProConnect does not tell the claim, or what it
                       tells, or a line of the list, cannot be read

An allow needs true; a deny refuses for true and for unknown.

--claims takes a file with what /.proconnect/session prints (- is stdin);
--claim adds a claim, and is repeated for a list:

  --claim siret=13002526500013 --claim roles=agent_public

A claim that is not stated is one that ProConnect does not tell; one that is
null in the file it tells in a form that cannot be read. Without any claim,
nobody is logged in. A claim that ProConnect does not have, or a SIRET that
cannot be, is an error.

Where several servers answer one address, each on an interface of its own
(bind), it tells of each.

It exits with 0 if the person gets in at every URL, with 1 if not, and with 2 if
it could not be told.`,
		Example: `  caddy proconnect explain --url https://docs.example.gouv.fr/admin \
      --claim siret=13002526500013 --claim acr=eidas1`,
	}
	configFlags(c)
	c.Flags().StringArray("url", nil, "Address to ask for; repeatable")
	c.Flags().String("method", "GET", "Method of the request")
	c.Flags().String("claims", "", "JSON file with the person's claims (- is stdin)")
	c.Flags().StringArray("claim", nil, "A claim, as name=value; repeatable")
	c.Flags().String("remote-ip", "", "Address that the request comes from")
	_ = c.MarkFlagFilename("claims", "json")
	return runs(c, runExplain)
}

func runExplain(c *cobra.Command) (int, error) {
	urls, _ := c.Flags().GetStringArray("url")
	if len(urls) == 0 {
		return exitFailed, errors.New("say which address, with --url")
	}
	stated, err := statedClaims(c)
	if err != nil {
		return exitFailed, err
	}
	d, err := loadDry(c)
	if err != nil {
		return exitFailed, err
	}
	code := exitFine
	explanations := []*explanation{}
	for _, u := range urls {
		r, err := newRehearsalRequest(c, u)
		if err != nil {
			return exitFailed, err
		}
		at, err := d.explain(r, stated)
		if err != nil {
			return exitFailed, err
		}
		if slices.ContainsFunc(at, func(e *explanation) bool { return !e.getsIn() }) {
			code = exitFinding
		}
		explanations = append(explanations, at...)
	}
	return tell(c, code, map[string]any{"explanations": explanations}, func(w io.Writer) {
		for _, e := range explanations {
			e.print(w)
		}
	})
}
