package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// world is a real Caddy whose sites stand behind a provider that misbehaves.
type world struct {
	*caddytest.Server
	p       *misbehaving
	admin   string           // the port of Caddy's admin API
	session string           // the key of the sessions, in hex
	echo    *httptest.Server // an upstream that tells what it was sent

	mu    sync.Mutex
	fresh []*registeredClient // clients of which nobody has made use yet
}

// worldGlobals stands in front of the sites, behind the filter that users are
// shown. Without it on both, the access log holds the codes, states and hints of
// addresses and redirects, and the default log the code of every callback that
// failed where the site answers errors itself (`errors caddy`).
const worldGlobals = `
{
	admin 127.0.0.1:{$ADMIN}
	persist_config off
	storage file_system {$DIR}/storage
	skip_install_trust
	auto_https disable_redirects
	default_bind {$LOOPBACK}
	http_port {$PORT}
	https_port {$TLS_PORT}
	log {
		output file {$DIR}/log.json
		level DEBUG
		import no_secrets
	}
	servers {
		trusted_proxies static 127.0.0.1/32
	}
	{$CLIENTS}
}

(gated) {
	log {
		output file {$DIR}/access.json
		import no_secrets
	}
	handle_errors {
		respond "error {err.status_code}"
	}
	handle /echo* {
		reverse_proxy {$ECHO}
	}
	handle {
		respond "PROTECTED id={http.auth.user.id} name={http.auth.user.name} unit={http.auth.user.custom.unit}"
	}
}
`

// freshClients is how many clients there are that know nothing of their provider.
const freshClients = 120

// newWorld starts the provider and Caddy. register adds the clients that a test needs
// beside those that know nothing yet.
func newWorld(t *testing.T, fresh int, register func(*misbehaving)) *world {
	t.Helper()
	caddytest.Shorten(t, &waits.Fresh, 24*time.Hour) // calls are counted: nobody asks again whether it is there
	p := caddytest.NewProvider(t)
	h := &world{
		Server: caddytest.New(t),
		p:      p, admin: caddytest.FreePort(t), session: caddytest.NewSessionKey(), echo: newEcho(t),
	}
	p.Hide(h.session, "the session secret")
	t.Setenv("HOSTILE_CLIENT_SECRET", clientSecret)
	t.Setenv("HOSTILE_SESSION_SECRET", h.session)
	for i := range fresh {
		h.fresh = append(h.fresh, p.Register("fresh"+strconv.Itoa(i), "RS256", "RS256"))
	}
	register(p)
	h.reload()
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// reload loads the configuration anew: every client forgets its provider.
func (h *world) reload() {
	h.T.Helper()
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(h.caddyfile()), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		h.T.Fatal(err)
	}
	if err := h.LoadJSON(config); err != nil {
		h.T.Fatal(err)
	}
}

func (h *world) caddyfile() string {
	var clients, sites strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h.p.Clients)) {
		l := h.p.Clients[name]
		fmt.Fprintf(&clients, `
	proconnect %s {
		issuer %s
		client_id %s
		client_secret {env.HOSTILE_CLIENT_SECRET}
		signing_alg %s
		userinfo_signing_alg %s
		claims custom.unit
		session {
			secret {env.HOSTILE_SESSION_SECRET}
		}
	}`, name, l.Issuer, clientID, l.Alg, l.UserinfoAlg)
		fmt.Fprintf(&sites, `
%s {
	proconnect {
		client %s
		allow any
		headers
		%s
	}
	proconnect /level/* {
		client %[2]s
		allow acr eidas2
		allow acr eidas2 eidas3
	}
	import gated
}
`, namesOf(l), name, l.Options)
	}
	text := strings.NewReplacer("{$ADMIN}", h.admin, "{$CLIENTS}", clients.String(), "{$ECHO}", h.echo.Listener.Addr().String()).Replace(worldGlobals)
	return h.Fill(caddytest.DocumentedFilter(h.T) + text + sites.String())
}

// namesOf are the addresses of a client's site: one over https has a sibling.
func namesOf(l *registeredClient) string {
	if strings.HasPrefix(l.Site, "https") {
		return l.Site + ", " + siblingSite
	}
	return l.Site
}

// unused returns a client that has not asked its provider for anything.
func (h *world) unused(t *testing.T) *registeredClient {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.fresh) == 0 {
		t.Fatal("no client is left that knows nothing of its provider")
	}
	l := h.fresh[0]
	h.fresh = h.fresh[1:]
	return l
}

// newEcho is an upstream that answers with the header lines it was sent.
func newEcho(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			for _, value := range r.Header[name] {
				fmt.Fprintf(w, "%s: %q\n", name, value)
			}
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// visitor opens a new browser at the site of a client.
func (h *world) visitor(t *testing.T, l *registeredClient) *caddytest.Browser {
	t.Helper()
	b := h.Browser(l.Site)
	b.T = t
	t.Cleanup(b.CloseIdleConnections)
	b.Transport = cookieRecorder{b.Transport, h.p}
	return b
}

// cookieRecorder notes every cookie that a browser was given: none may stand in
// a log.
type cookieRecorder struct {
	http.RoundTripper
	p *misbehaving
}

func (rec cookieRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := rec.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for _, c := range resp.Cookies() {
		if len(c.Value) > 16 {
			rec.p.Hide(c.Value, "cookie "+c.Name)
		}
	}
	return resp, nil
}

// logged returns the lines of the log that hold a text.
func (h *world) logged(text string) string {
	var found []string
	for line := range strings.Lines(h.Logs()) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// accessLog returns the access log.
func (h *world) accessLog(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(h.Dir, "access.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
