package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// provider is node oidc-provider, configured as ProConnect is.
type provider struct {
	*process
	issuer string
	env    []string
}

// startProvider starts a provider that knows the sites by their origins.
func startProvider(t *testing.T, origins []string, env ...string) *provider {
	t.Helper()
	if _, err := os.Stat("provider/node_modules"); err != nil {
		t.Fatal("provider/node_modules is missing: run make e2e, or npm ci in e2e/provider")
	}
	p := &provider{env: append(env, "ORIGINS="+strings.Join(origins, ","))}
	p.run(t, "0")
	return p
}

// run starts the provider; a node that says nothing at all is started once more,
// for it is not what these tests are about.
func (p *provider) run(t *testing.T, port string) {
	t.Helper()
	var line string
	for range 2 {
		cmd := exec.Command("node", "provider/server.mjs")
		cmd.Env = append(append(os.Environ(), p.env...), "PORT="+port)
		p.process = start(t, cmd)
		if line = p.listen(t, patience, `{"issuer":`); line != "" {
			break
		}
		p.stop()
	}
	var said struct{ Issuer string }
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("the provider did not start: %v\n%s", err, p.lines)
	}
	p.issuer = said.Issuer
}

// restart starts the provider again where it was; it has forgotten everything,
// its keys too.
func (p *provider) restart(t *testing.T) {
	t.Helper()
	u, err := url.Parse(p.issuer)
	if err != nil {
		t.Fatal(err)
	}
	p.run(t, u.Port())
}

// orders are what POST /control of the provider takes: see provider/standing.mjs.
type orders map[string]any

// control changes what the provider answers while it runs.
func (p *provider) control(t *testing.T, o orders) {
	t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(strings.TrimSuffix(p.issuer, "/api/v2")+"/control", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("control %s: got %d", body, res.StatusCode)
	}
}

// set sets one of the provider's modes.
func (p *provider) set(t *testing.T, mode string, value any) {
	t.Helper()
	p.control(t, orders{"set": map[string]any{mode: value}})
}

// call is one request that the provider got.
type call struct {
	Method, Path string
	Query        map[string]string
}

// journal returns the requests that the provider got for a path.
func (p *provider) journal(t *testing.T, path string) []call {
	t.Helper()
	res, err := http.Get(strings.TrimSuffix(p.issuer, "/api/v2") + "/journal")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var all, some []call
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Path == path {
			some = append(some, c)
		}
	}
	return some
}

// secretOf is the secret of a client of the provider.
func secretOf(client string) string {
	return client + "-secret-0123456789-0123456789-0123456789"
}
