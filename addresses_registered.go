package proconnect

import (
	"cmp"
	"slices"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

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

// registration lists the sites by their addresses.
func (c *Client) registration() registration {
	r := registration{Client: c.name, Environment: c.Environment, Issuer: c.Issuer, ClientID: c.ClientID, Sites: []siteRegistration{}}
	if y := c.relay; y != nil && y.routes != nil { // its host answers for all sites
		r.add(y.origin, "", y.routes.Gate.CallbackPath, y.routes.Gate.LoggedOutPath)
		return r
	}
	for _, h := range c.gates {
		for _, o := range h.origins() {
			note := ""
			switch {
			case !o.Usable():
				o, note = origin.Of(o.Host, true), behindProxy
			case h.origin == nil && h.around.plain:
				note = behindLocalProxy
			}
			r.add(o, note, h.CallbackPath, h.LoggedOutPath)
		}
	}
	slices.SortFunc(r.Sites, func(a, b siteRegistration) int { return cmp.Compare(a.Site, b.Site) })
	return r
}

func (r *registration) add(o origin.Origin, note, callback, loggedOut string) {
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

// What to know of an address that the configuration alone does not tell.
const (
	behindProxy      = "Caddy serves it over plain http: this holds if a proxy in front ends TLS at port 443 and trusted_proxies names it; otherwise set origin"
	behindLocalProxy = "where a proxy in front ends TLS, people come to an https address at its port: set origin"
)
