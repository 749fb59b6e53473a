package proconnect

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// urisCommand prints what must be registered.
func urisCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "uris [--config <file>] [--json]",
		Short: "Lists the addresses to register at ProConnect",
		Long: `
Prints, for each client and site, the addresses that must be registered at
ProConnect: redirect_uri is where a login comes back to, and
post_logout_redirect_uri where a logout does. ProConnect compares them letter by
letter: copy them as they are, without a slash more or less.

Register both kinds. Without the second one, people who log out end on an error
page of ProConnect's. "caddy proconnect doctor" then asks ProConnect whether it
knows them.`,
		Example: "  caddy proconnect uris --config /etc/caddy/Caddyfile",
	}
	configFlags(c)
	return runs(c, func(c *cobra.Command) (int, error) {
		config, err := readConfiguration(c)
		if err != nil {
			return exitFailed, err
		}
		d, err := loadDry(config)
		if err != nil {
			return exitFailed, err
		}
		registrations := d.registrations()
		if wantsJSON(c) {
			return exitFine, printJSON(c.OutOrStdout(), map[string]any{"clients": registrations})
		}
		for i, r := range registrations {
			if i > 0 {
				fmt.Fprintln(c.OutOrStdout())
			}
			r.print(c.OutOrStdout())
		}
		return exitFine, nil
	})
}

// registration is what must be registered of one client.
type registration struct {
	Client      string             `json:"client"`
	Environment string             `json:"environment,omitempty"`
	Issuer      string             `json:"issuer"`
	ClientID    string             `json:"client_id,omitempty"`
	Sites       []siteRegistration `json:"sites"`
}

// siteRegistration is what must be registered of one site.
type siteRegistration struct {
	Site                   string   `json:"site"` // its scheme, host and port
	RedirectURIs           []string `json:"redirect_uris"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"`
	Note                   string   `json:"note,omitempty"`
}

func (d *dryRun) registrations() (all []registration) {
	for _, client := range d.clients() {
		all = append(all, client.registration())
	}
	return all
}

// registration lists the sites by their addresses.
func (c *Client) registration() registration {
	r := registration{Client: c.name, Environment: c.Environment, Issuer: c.Issuer, ClientID: c.ClientID, Sites: []siteRegistration{}}
	if y := c.relay; y != nil && y.routes != nil { // its host answers for all sites
		r.add(y.origin, y.routes.Gate.CallbackPath, y.routes.Gate.LoggedOutPath)
		return r
	}
	for _, h := range c.gates {
		for _, o := range h.origins() {
			r.add(o, h.CallbackPath, h.LoggedOutPath)
		}
	}
	slices.SortFunc(r.Sites, func(a, b siteRegistration) int { return cmp.Compare(a.Site, b.Site) })
	return r
}

// behindProxy is what to know of an address that the configuration alone does not tell.
const behindProxy = "Caddy serves it over plain http: this holds if a proxy in front ends TLS and trusted_proxies names it; otherwise set origin"

func (r *registration) add(o origin.Origin, callback, loggedOut string) {
	note := ""
	if !o.Usable() {
		o, note = origin.Of(o.Host, true), behindProxy
	}
	site := o.URL("")
	i := slices.IndexFunc(r.Sites, func(s siteRegistration) bool { return s.Site == site })
	if i < 0 {
		i = len(r.Sites)
		r.Sites = append(r.Sites, siteRegistration{Site: site})
	}
	s := &r.Sites[i]
	s.Note = note
	s.RedirectURIs = appendNew(s.RedirectURIs, o.URL(callback))
	s.PostLogoutRedirectURIs = appendNew(s.PostLogoutRedirectURIs, o.URL(loggedOut))
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
