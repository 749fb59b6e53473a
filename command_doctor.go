package proconnect

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/caddy-proconnect/caddy-proconnect/internal/doctor"
)

// doctorCommand proves the clients at ProConnect.
func doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor [--config <file>] [--envfile <file>] [--client <name>]",
		Short: "Proves the client at ProConnect, without a person",
		Long: `
Asks ProConnect, from this machine, whether a login would work, and tells for
each thing that would not what to do:

  ✓ right   ✗ wrong   ? only a login proves it, or it could not be asked

It looks at discovery and TLS, the clock, the signing algorithms, the client ID
and secret (by a token call for a code that nobody has), each redirect_uri and
scope (by a login that no browser follows) and each post_logout_redirect_uri. It
sends no person's data, logs nobody out, and takes less than 15 seconds.

Run it where Caddy runs, with the variables that Caddy has: the firewall, the
proxy, the clock and the secret are those of that machine.

It exits with 0 if nothing is wrong, with 1 if something is, and with 2 if the
configuration does not load.`,
		Example: "  caddy proconnect doctor --config /etc/caddy/Caddyfile",
	}
	configFlags(c)
	c.Flags().String("client", "", "Examine this client alone")
	return runs(c, runDoctor)
}

func runDoctor(c *cobra.Command) (code int, err error) {
	d, err := loadDry(c)
	if err != nil {
		return exitFailed, err
	}
	all, err := d.examine(c)
	if err != nil {
		return exitFailed, err
	}
	code = exitFine
	if slices.ContainsFunc(all, (*examined).failed) {
		code = exitFinding
	}
	return tell(c, code, map[string]any{"clients": all}, func(w io.Writer) {
		for _, e := range all {
			e.print(w)
		}
	})
}

// examined is what was asked of one client.
type examined struct {
	Client      string         `json:"client"`
	Environment string         `json:"environment,omitempty"`
	Issuer      string         `json:"issuer"`
	Checks      []doctor.Check `json:"checks"`
}

func (e *examined) failed() bool {
	return slices.ContainsFunc(e.Checks, func(c doctor.Check) bool { return c.Status == doctor.Failed })
}

// examine asks about each client, or about the one that is named. They share one budget
// of time by being asked side by side.
func (d *dryRun) examine(c *cobra.Command) ([]*examined, error) {
	clients := d.app.inOrder()
	if name, _ := c.Flags().GetString("client"); name != "" {
		client, err := d.app.client(name)
		if err != nil {
			return nil, err
		}
		clients = []*Client{client}
	}
	all := make([]*examined, len(clients))
	var asking sync.WaitGroup
	for i, client := range clients {
		all[i] = &examined{Client: client.name, Environment: client.Environment, Issuer: client.Issuer, Checks: []doctor.Check{}}
		if client.sandbox == nil {
			asking.Go(func() { all[i].Checks = doctor.Examine(c.Context(), client.examination()) })
		}
	}
	asking.Wait()
	return all, nil
}

// examination is what there is to ask about a client.
func (c *Client) examination() doctor.Case {
	e := doctor.Case{
		Provider: c.provider, Issuer: c.Issuer, SigningAlg: c.SigningAlg, UserinfoAlg: c.UserinfoSigningAlg,
		Scopes: c.asking().Scopes, Proxy: proxied(c.Issuer), Notes: make(map[string]string),
	}
	for _, s := range c.registration().Sites {
		for _, uri := range slices.Concat(s.RedirectURIs, s.PostLogoutRedirectURIs) {
			e.Notes[uri] = s.Note
		}
		e.RedirectURIs = append(e.RedirectURIs, s.RedirectURIs...)
		e.PostLogoutRedirectURIs = append(e.PostLogoutRedirectURIs, s.PostLogoutRedirectURIs...)
	}
	return e
}

// proxied says whether calls to an address go by a proxy, as HTTPS_PROXY has it.
func proxied(address string) bool {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	proxy, err := http.ProxyFromEnvironment(r)
	return err == nil && proxy != nil
}

var checkMarks = map[doctor.Status]string{doctor.OK: "✓", doctor.Failed: "✗", doctor.Unknown: "?"}

// print writes the checks for people.
func (e *examined) print(w io.Writer) {
	printWrapped(w, fmt.Sprintf("client %s: %s", e.Client, cmp.Or(e.Environment, e.Issuer)), "  ")
	if e.Environment == sandboxEnvironment {
		printWrapped(w, "  ProConnect is simulated: there is nothing to prove.", "  ")
	}
	for _, check := range e.Checks {
		printCheck(w, check)
	}
	fmt.Fprintln(w)
}

func printCheck(w io.Writer, check doctor.Check) {
	line := "  " + checkMarks[check.Status] + " " + check.Name
	if check.Value != "" {
		line += " " + check.Value
	}
	indent := strings.Repeat(" ", 6)
	if check.Status == doctor.OK {
		printWrapped(w, line+": "+check.Detail, indent)
		return
	}
	printWrapped(w, line, indent)
	printWrapped(w, indent+check.Detail, indent)
	if check.Remedy != "" {
		printWrapped(w, indent+"→ "+check.Remedy, indent+"  ")
	}
}
