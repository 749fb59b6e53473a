package proconnect

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// checkRelayed refuses a site at which nobody could log in, because callback_origin of
// its client would not send them back there.
func checkRelayed(h *Handler, site site) error {
	y := h.client.relay
	if y == nil || !site.known {
		return nil
	}
	if len(site.hosts) == 0 {
		return errors.New("this site answers any host, and callback_origin sends people back to names that are known alone: say its names in the site's address")
	}
	for _, host := range site.hosts {
		if err := y.checkHost(host, h.Origin != ""); err != nil {
			return err
		}
	}
	if h.origin != nil {
		return y.note(*h.origin, h)
	}
	return nil
}

// checkHost refuses a host of a site that callback_origin can never serve.
func (y *relay) checkHost(host string, origin bool) error {
	_, notAddress := netip.ParseAddr(host)
	switch {
	case strings.Contains(host, "{"):
		return fmt.Errorf("this site answers %s, and callback_origin sends people back to names that are known alone: write the name, or {$NAME}", host)
	case notAddress == nil:
		return fmt.Errorf("this site answers %s, and callback_origin sends people back to names alone, not to addresses: give the site a name", host)
	case !strings.Contains(host, "*"):
		return y.checkListed(host)
	case origin:
		return fmt.Errorf("this site answers %s, and `origin` would be the address of one of its names: with callback_origin it needs none: remove it", host)
	case y.listed:
		return nil
	case !layout.Narrow(host):
		return fmt.Errorf("this site answers %s, which is too wide for callback_origin to send people back to any such name: want three labels at least after the *, or say the names with callback_hosts", host)
	case !y.routes.Vouches(host):
		return fmt.Errorf("which names of %s meet this gate cannot be told from the matchers around it and before it, so callback_origin cannot send people back there: say the names with callback_hosts", host)
	}
	return nil
}

// checkListed refuses a name that callback_hosts leaves out. What stands in a file may
// change.
func (y *relay) checkListed(host string) error {
	if y.allows(host) || len(y.lists) > 0 || host == y.origin.Host {
		return nil
	}
	return fmt.Errorf("callback_hosts does not name %s, so nobody could log in there: add it, or give the site another client", host)
}

// note keeps what a gate says of its origin, where another server stands in front.
func (y *relay) note(o origin.Origin, h *Handler) error {
	if name, _, ok := o.Split(); !ok {
		return fmt.Errorf("origin %q: callback_origin sends people back to names alone", h.Origin)
	} else if err := y.checkListed(name); err != nil {
		return err
	}
	if y.said == nil {
		y.said = make(map[string]layout.Gate)
	}
	if _, said := y.said[o.URL("")]; !said {
		y.said[o.URL("")] = layout.Gate{CallbackPath: h.CallbackPath, LoggedOutPath: h.LoggedOutPath}
	}
	return nil
}
