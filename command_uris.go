package proconnect

import (
	"cmp"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// urisCommand prints what must be registered.
func urisCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "uris [--config <file>] [--envfile <file>] [--json]",
		Short: "Lists the addresses to register at ProConnect",
		Long: `
Prints, for each client and site, the addresses that must be registered at
ProConnect: redirect_uri is where a login comes back to, and
post_logout_redirect_uri where a logout does. ProConnect compares them letter by
letter: copy them as they are, without a slash more or less.

Register both kinds. Without the second one, people who log out end on an error
page of ProConnect's. "caddy proconnect doctor" then asks ProConnect whether it
knows them.

It exits with 0, or with 2 if the configuration does not load.`,
		Example: "  caddy proconnect uris --config /etc/caddy/Caddyfile",
	}
	configFlags(c)
	return runs(c, func(c *cobra.Command) (int, error) {
		d, err := loadDry(c)
		if err != nil {
			return exitFailed, err
		}
		registrations := d.registrations()
		return tell(c, exitFine, map[string]any{"clients": registrations}, func(w io.Writer) {
			for i, r := range registrations {
				if i > 0 {
					fmt.Fprintln(w)
				}
				r.print(w)
			}
		})
	})
}

func (d *dryRun) registrations() (all []registration) {
	for _, client := range d.app.inOrder() {
		all = append(all, client.registration())
	}
	return all
}

// print writes the addresses for people. They stand alone on their lines, to be copied.
func (r *registration) print(w io.Writer) {
	printWrapped(w, fmt.Sprintf("client %s: %s, client_id %s", r.Client, cmp.Or(r.Environment, r.Issuer), cmp.Or(r.ClientID, "(none)")), "  ")
	if r.Environment == sandboxEnvironment {
		printWrapped(w, "  ProConnect is simulated: there is nothing to register.", "  ")
		return
	}
	if len(r.Sites) == 0 {
		printWrapped(w, "  no gate uses this client: there is nothing to register.", "  ")
	}
	for _, s := range r.Sites {
		fmt.Fprintf(w, "\n  %s\n", s.Site)
		if s.Note != "" {
			printWrapped(w, "    ("+s.Note+")", "    ")
		}
		printList(w, "redirect_uri", s.RedirectURIs)
		printList(w, "post_logout_redirect_uri", s.PostLogoutRedirectURIs)
	}
}

func printList(w io.Writer, name string, values []string) {
	fmt.Fprintf(w, "    %s\n", name)
	for _, v := range values {
		fmt.Fprintf(w, "      %s\n", v)
	}
}
