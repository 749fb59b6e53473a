package proconnect

import (
	"net/http"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/pages"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
)

// Whose fault an error is decides the status: what another server answered is a
// bad gateway, whoever has to act on it.
func TestFaultsOfLogins(t *testing.T) {
	for name, c := range map[string]struct {
		err    rp.Error
		status int
		page   string
	}{
		"discovery of another issuer": {rp.Error{Stage: rp.StageDiscovery, Kind: rp.Misconfigured, Reason: rp.ReasonDiscoveryIss}, http.StatusBadGateway, pages.Misconfigured},
		"discovery unsafe":            {rp.Error{Stage: rp.StageDiscovery, Kind: rp.Invalid, Reason: rp.ReasonEndpoint}, http.StatusBadGateway, pages.LoginFailed},
		"discovery down":              {rp.Error{Stage: rp.StageDiscovery, Kind: rp.Unavailable, Reason: rp.ReasonConnect}, http.StatusServiceUnavailable, pages.ProviderUnavailable},
		"wrong secret":                {rp.Error{Stage: rp.StageToken, Kind: rp.Misconfigured, Reason: rp.ReasonInvalidClient}, http.StatusInternalServerError, pages.Misconfigured},
		"wrong issuer at callback":    {rp.Error{Stage: rp.StageCallback, Kind: rp.Invalid, Reason: rp.ReasonResponseIss}, http.StatusBadRequest, pages.LoginFailed},
	} {
		t.Run(name, func(t *testing.T) {
			if f := new(Client).loginFaultOf(&c.err, false); f.status != c.status || f.code != c.page {
				t.Errorf("got %d %s, want %d %s", f.status, f.code, c.status, c.page)
			}
		})
	}
}
