package rp

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	maxDocument    = 1 << 20 // bytes of a discovery document or a key set
	maxEndpoint    = 2048    // bytes of an endpoint's URL
	discoveryFresh = time.Hour
	backoffFloor   = time.Second
	backoffCeiling = 30 * time.Second
)

// metadata is what is used of OpenID Connect Discovery section 3.
type metadata struct {
	authorization string
	token         string
	userinfo      string
	jwks          string
	endSession    string // may be empty
	issAdvertised bool   // RFC 9207 section 3
}

// discovery keeps the provider's metadata. During an outage, what was known
// goes on serving, and requests fail at once rather than each by its own timeout.
type discovery struct {
	mu       sync.Mutex
	known    *metadata
	until    time.Time // when known is to be asked for again
	failures int
	failed   error     // the last attempt's, while failures > 0
	retryAt  time.Time // no attempt before
	pending  *flight
	again    *time.Timer // asks again during an outage
	closed   bool
	answered time.Time // when any call was, last
}

// get returns the metadata, asking for it if need be.
func (d *discovery) get(ctx context.Context, p *Provider) (*metadata, error) {
	known, pending, err := d.start(p)
	if pending == nil {
		return known, err
	}
	if known != nil {
		var cancel context.CancelFunc
		ctx, cancel = p.briefly(ctx)
		defer cancel()
	}
	err = pending.wait(ctx, StageDiscovery)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known != nil {
		return d.known, nil
	}
	return nil, err
}

// reachable returns the metadata for sending a browser to the provider: not while
// the provider is known to be down, from where nobody would come back. Once something
// is known, no request waits here for it to be asked for again.
func (d *discovery) reachable(ctx context.Context, p *Provider) (*metadata, error) {
	d.mu.Lock()
	if d.known == nil {
		d.mu.Unlock()
		return d.get(ctx, p)
	}
	defer d.mu.Unlock()
	if now := p.cfg.Now(); !d.closed && (!now.Before(d.until) || now.Sub(d.answered) >= p.fresh) {
		d.ask(p) // for whoever comes next: nobody comes back from a server that is down
	}
	if d.failures > 0 && outage(d.failed) {
		return nil, d.failed
	}
	return d.known, nil
}

// start returns what is known, and the flight to wait for unless that must do: what
// verifies an answer should not be old, a moved jwks_uri least of all.
func (d *discovery) start(p *Provider) (*metadata, *flight, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known != nil && p.cfg.Now().Before(d.until) {
		return d.known, nil, nil
	}
	if d.ask(p); d.pending != nil {
		return d.known, d.pending, nil
	}
	if d.known != nil {
		return d.known, nil, nil
	}
	return nil, nil, d.failed
}

// ask has the metadata asked for, unless that is under way or was in vain a moment
// ago. The lock is held.
func (d *discovery) ask(p *Provider) {
	if d.pending == nil && !p.cfg.Now().Before(d.retryAt) {
		d.pending = launch(func() error { return d.refresh(p) })
	}
}

// doubt has the metadata asked for in the background, after a call to the provider
// failed: the next person is not sent to a server that is down.
func (d *discovery) doubt(p *Provider) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known != nil && !d.closed {
		d.ask(p)
	}
}

// close ends what asks again by itself.
func (d *discovery) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.again != nil {
		d.again.Stop()
	}
}

func (d *discovery) refresh(p *Provider) error {
	md, err := p.discover()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending, d.failed = nil, err
	if err != nil {
		wait := min(backoffFloor<<min(d.failures, 5), backoffCeiling)
		d.retryAt = p.cfg.Now().Add(wait)
		d.failures++
		if d.known != nil && outage(err) && !d.closed {
			// No request asks, and none may be turned away when it is over.
			d.again = p.after(wait, func() { d.doubt(p) })
		}
		return err
	}
	now := p.cfg.Now()
	d.known, d.until, d.failures, d.retryAt, d.answered = md, now.Add(discoveryFresh), 0, time.Time{}, now
	return nil
}

// discover fetches and checks the document (OpenID Connect Discovery section 4).
func (p *Provider) discover() (*metadata, error) {
	if why := p.cfg.Fault(); why != "" {
		return nil, fail(StageDiscovery, Misconfigured, why)
	}
	a, err := p.fetch(strings.TrimSuffix(p.cfg.Issuer, "/")+"/.well-known/openid-configuration", StageDiscovery)
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusNotFound {
		// The usual cause: an issuer without its path.
		return nil, fail(StageDiscovery, Misconfigured, ReasonNotFound)
	}
	if err := a.succeeded(StageDiscovery); err != nil {
		return nil, err
	}
	if a.mediaType != "application/json" {
		return nil, fail(StageDiscovery, Unavailable, ReasonContentType)
	}
	return parseMetadata(a.body, p.cfg.Issuer)
}

// parseMetadata reads a discovery document.
func parseMetadata(body []byte, issuer string) (*metadata, error) {
	doc, err := parseObject(body)
	if err != nil {
		return nil, fail(StageDiscovery, Unavailable, ReasonJSON)
	}
	// Section 4.3: exactly the issuer, a slash more or less is another one.
	if iss, _ := doc["issuer"].(string); iss != issuer {
		return nil, fail(StageDiscovery, Misconfigured, ReasonDiscoveryIss)
	}
	md := new(metadata)
	for name, endpoint := range map[string]*string{
		"authorization_endpoint": &md.authorization,
		"token_endpoint":         &md.token,
		"userinfo_endpoint":      &md.userinfo,
		"jwks_uri":               &md.jwks,
		"end_session_endpoint":   &md.endSession,
	} {
		raw, present := doc[name]
		if !present && name == "end_session_endpoint" {
			continue
		}
		s, _ := raw.(string)
		if !safeURL(s, isLoopback(issuer)) {
			return nil, fail(StageDiscovery, Invalid, ReasonEndpoint)
		}
		*endpoint = s
	}
	md.issAdvertised, _ = doc["authorization_response_iss_parameter_supported"].(bool)
	return md, nil
}

// safeURL says whether secrets may be sent to a URL: absolute, https, without
// user or fragment. Plain http is for a provider on this very machine.
func safeURL(s string, plain bool) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxEndpoint || u.Hostname() == "" || u.User != nil || u.Opaque != "" || strings.Contains(s, "#") {
		return false
	}
	switch u.Scheme {
	case "https":
		return true
	case "http":
		return plain && loopbackHost(u.Hostname())
	}
	return false
}

// isLoopback says whether an issuer is plain http on this machine.
func isLoopback(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && u.Scheme == "http" && loopbackHost(u.Hostname())
}

func loopbackHost(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
